"""The way into a cluster out of a connection of Airflow, with arguments that win."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from kubectl_job_operator.airflow import connection
from kubectl_job_operator.airflow.compat.imports import AirflowNotFoundException
from kubectl_job_operator.airflow.connection import Place, find_place
from kubectl_job_operator.errors import AccessError
from kubectl_job_operator.kubectl.access import Access

NO_ARGUMENTS = {"namespace": None, "config_file": None, "cluster_context": None, "in_cluster": None}


def place(monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any], conn_type: str = "kubernetes", **given: Any) -> Place:
    """Find the place of a task that names a connection with these extras."""
    found = {"conn_type": conn_type, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_CLUSTER", json.dumps(found))
    task: Any = SimpleNamespace(**{**NO_ARGUMENTS, "kubernetes_conn_id": "cluster", **given})
    return find_place(task)


TABLE: list[tuple[dict[str, Any], dict[str, Any], Place]] = [
    ({}, {}, Place(Access(), None)),
    ({"kube_config_path": "/c", "namespace": "n"}, {}, Place(Access("/c"), "n")),
    ({"kube_config": "text"}, {}, Place(Access(config_content="text"), None)),
    ({"kube_config": {"kind": "Config"}}, {}, Place(Access(config_content='{"kind": "Config"}'), None)),
    ({"in_cluster": True}, {}, Place(Access(in_cluster=True), None)),
    ({"in_cluster": "true"}, {}, Place(Access(in_cluster=True), None)),
    ({"in_cluster": "false"}, {}, Place(Access(), None)),
    ({"cluster_context": "x", "disable_verify_ssl": True}, {}, Place(Access(context="x", skip_tls_verify=True), None)),
    ({"extra__kubernetes__kube_config_path": "/old"}, {}, Place(Access("/old"), None)),
    ({"kube_config_path": "", "in_cluster": False}, {}, Place(Access(), None)),
    ({"namespace": "n"}, {"namespace": "mine"}, Place(Access(), "mine")),
    ({"kube_config_path": "/c", "cluster_context": "x"}, {"config_file": "/mine"}, Place(Access("/mine", "x"), None)),
    ({"kube_config": "text"}, {"config_file": "/mine"}, Place(Access("/mine"), None)),
    ({"in_cluster": True, "cluster_context": "x"}, {}, Place(Access(in_cluster=True), None)),
    ({"in_cluster": True, "cluster_context": "x"}, {"in_cluster": False}, Place(Access(context="x"), None)),
    ({"kube_config_path": "/c"}, {"cluster_context": "mine"}, Place(Access("/c", "mine"), None)),
    ({"in_cluster": True}, {"cluster_context": "x", "in_cluster": False}, Place(Access(None, "x"), None)),
    ({"in_cluster": True}, {"config_file": "/mine", "cluster_context": "x"}, Place(Access("/mine", "x"), None)),
    ({"kube_config_path": "/c"}, {"in_cluster": True}, Place(Access(in_cluster=True), None)),
    ({"in_cluster": True}, {"in_cluster": False}, Place(Access(), None)),
    ({"as_user": "u", "as_group": "a, b,"}, {}, Place(Access(as_user="u", as_groups=("a", "b")), None)),
    ({"as_user": "u", "as_group": ["a", "b"]}, {}, Place(Access(as_user="u", as_groups=("a", "b")), None)),
    (
        {"tls_server_name": "s", "request_timeout": "2m"},
        {},
        Place(Access(None, tls_server_name="s", request_timeout="2m"), None),
    ),
    ({"request_timeout": 30}, {}, Place(Access(request_timeout="30s"), None)),
    (
        {"kube_config_path": "/c", "as_user": "u"},
        {"in_cluster": True},
        Place(Access(in_cluster=True, as_user="u"), None),
    ),
    ({"kube_config_path": "/c", "as_user": "u"}, {"config_file": "/mine"}, Place(Access("/mine", as_user="u"), None)),
]


@pytest.mark.parametrize(("extra", "given", "expected"), TABLE)
def test_arguments_win_over_the_connection(
    extra: dict[str, Any], given: dict[str, Any], expected: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place(monkeypatch, extra, **given) == expected


@pytest.mark.parametrize(("extra", "given", "expected"), TABLE)
def test_the_own_type_of_connection_is_read_like_the_providers(
    extra: dict[str, Any], given: dict[str, Any], expected: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place(monkeypatch, extra, conn_type="kubectl", **given) == expected


@pytest.mark.parametrize("conn_type", ["generic", ""])
def test_a_connection_without_a_type_that_holds_a_way_into_a_cluster_is_taken_with_a_hint(
    conn_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = place(monkeypatch, {"kube_config_path": "/c"}, conn_type=conn_type, namespace="n")
    assert (found.access, found.namespace) == (Access("/c"), "n")
    assert "The connection 'cluster' is of type" in found.hint
    assert "set it to 'kubectl'" in found.hint
    with pytest.raises(AccessError, match="neither 'kubectl' nor 'kubernetes'"):
        place(monkeypatch, {"a": "b"}, conn_type=conn_type)


def test_a_context_beside_a_connection_that_leads_into_the_pods_own_cluster_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(AccessError, match="says in_cluster, where there is no context") as refusal:
        place(monkeypatch, {"in_cluster": True}, cluster_context="mine")
    assert "give in_cluster=False too" in str(refusal.value)


def test_without_a_connection_the_arguments_are_all_there_is() -> None:
    task: Any = SimpleNamespace(**{**NO_ARGUMENTS, "kubernetes_conn_id": None, "config_file": "/c", "namespace": "n"})
    assert find_place(task) == Place(Access("/c"), "n")


def test_two_ways_into_a_cluster_in_one_connection_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AccessError, match="gives 2 ways into a cluster: in_cluster, kube_config_path"):
        place(monkeypatch, {"in_cluster": True, "kube_config_path": "/c"})


def test_a_connection_of_another_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AccessError, match="is of type 'postgres', neither 'kubectl' nor 'kubernetes'") as refusal:
        place(monkeypatch, {"namespace": "n"}, conn_type="postgres")
    assert "airflow connections add NAME --conn-type kubectl --conn-extra" in str(refusal.value)


def test_the_content_of_a_kubeconfig_is_in_no_text_about_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("kube_config", "secret_kubeconfig"):
        found = place(monkeypatch, {key: "very-secret"})
        assert found.access.config_content == "very-secret"
        assert "very-secret" not in repr(found)


def test_only_the_providers_default_connection_need_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_is_there(conn_id: str) -> Any:
        raise AirflowNotFoundException(conn_id)

    monkeypatch.setattr(connection, "get_connection", none_is_there)
    given = {**NO_ARGUMENTS, "namespace": "n"}
    default: Any = SimpleNamespace(**given, kubernetes_conn_id="kubernetes_default")
    assert find_place(default) == Place(Access(), "n")
    other: Any = SimpleNamespace(**given, kubernetes_conn_id="other")
    with pytest.raises(AirflowNotFoundException, match="other"):
        find_place(other)


@pytest.mark.parametrize("ways", [{}, {"in_cluster": True}, {"config_file": "/mine"}])
def test_the_deployments_kubectl_takes_every_way(ways: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__KUBECTL_JOB_OPERATOR__KUBECTL", "/opt/kubectl")
    assert place(monkeypatch, {"cluster_context": "x"}, **ways).access.kubectl() == "/opt/kubectl"
    task: Any = SimpleNamespace(**{**NO_ARGUMENTS, "kubernetes_conn_id": None, **ways})
    assert find_place(task).access.kubectl() == "/opt/kubectl"
