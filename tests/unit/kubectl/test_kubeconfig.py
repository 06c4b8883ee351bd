"""The namespace that kubectl uses where none is named, and that nothing secret of a kubeconfig is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.errors import AccessError, ErrorKind, KubectlError
from kubectl_job_operator.kubectl import access as access_module
from kubectl_job_operator.kubectl.access import Access
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.kubectl.desk import Desk


@pytest.mark.parametrize(
    ("config", "namespace"),
    [
        ({"contexts": [{"name": "c", "context": {"cluster": "c", "namespace": "etl"}}]}, "etl"),
        ({"contexts": [{"name": "c", "context": {"cluster": "c"}}]}, "default"),
        ({"contexts": None}, "default"),
    ],
)
def test_the_namespace_of_the_context_is_the_default(
    fake_kubectl: FakeKubectl, config: dict[str, Any], namespace: str
) -> None:
    desk = Desk(Access("/f", "c"), None)
    fake_kubectl.answers("config view", stdout=config)
    assert desk.kubectl.default_namespace() == namespace
    command = ("kubectl", "--kubeconfig", "/f", "--context", "c", "config", "view", "--minify", "-o", "json")
    assert fake_kubectl.called("config") == [command]
    assert any("its namespace: " in line for line in desk.shown)


def test_what_a_kubeconfig_holds_is_not_shown(fake_kubectl: FakeKubectl) -> None:
    desk = Desk(namespace=None)
    fake_kubectl.answers("config view", stdout={"contexts": [], "users": [{"user": {"token": "very-secret"}}]})
    desk.kubectl.default_namespace()
    assert desk.shown
    assert "very-secret" not in "\n".join(desk.shown)


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a pod's service account, still empty."""
    monkeypatch.setattr(access_module, "_SERVICE_ACCOUNT", tmp_path)
    return tmp_path


NO_CONTEXT: dict[str, Any] = {"stderr": "error: current-context must exist in order to minify\n", "return_code": 1}


def test_in_a_pod_without_a_kubeconfig_the_pods_namespace_is_the_default(
    fake_kubectl: FakeKubectl, desk: Desk, pod: Path
) -> None:
    (pod / "namespace").write_text("etl")
    fake_kubectl.answers("config view", **NO_CONTEXT)
    assert desk.kubectl.default_namespace() == "etl"


@pytest.mark.usefixtures("pod")
def test_neither_a_kubeconfig_nor_a_pod_is_an_error_with_advice(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("config view", **NO_CONTEXT)
    with pytest.raises(AccessError, match=r"no current context(?s:.*)What to do: set config_file"):
        desk.kubectl.default_namespace()


def test_with_the_pods_service_account_no_kubeconfig_is_read(fake_kubectl: FakeKubectl, pod: Path) -> None:
    kubectl = Desk(Access(in_cluster=True), None).kubectl
    assert kubectl.default_namespace() == "default"
    (pod / "namespace").write_text("etl")
    assert kubectl.default_namespace() == "etl"
    assert fake_kubectl.calls == []


def test_any_other_failure_of_config_view_is_told_as_it_is(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("config view", stderr='error: context "x" does not exist\n', return_code=1)
    with pytest.raises(KubectlError) as caught:
        desk.kubectl.default_namespace()
    assert caught.value.kind is ErrorKind.CONFIGURATION
