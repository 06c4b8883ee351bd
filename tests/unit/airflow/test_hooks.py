"""A connection of type kubectl, as Airflow's UI shows and tests it."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow.compat import masking
from kubectl_job_operator.airflow.connection_fields import FIELDS, KUBECONFIG
from kubectl_job_operator.airflow.hooks import KubectlHook
from kubectl_job_operator.airflow.provider_info import get_provider_info
from kubectl_job_operator.kubectl.access import Access
from tests.airflow_dag import DAG
from tests.unit import stage
from tests.unit.airflow.test_operators import execute
from tests.unit.cli import test_doctor
from tests.unit.fake_kubectl import FakeKubectl

NAMES = {field.name for field in FIELDS}


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a function that makes the connection ``cluster``."""

    def make(conn_type: str = "kubectl", **extra: Any) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_CLUSTER", json.dumps({"conn_type": conn_type, "extra": extra}))

    return make


def outcome() -> tuple[bool, str]:
    return KubectlHook("cluster").test_connection()


def test_a_connection_that_works_is_said_so_in_a_sentence(connection: Any, fake_kubectl: FakeKubectl) -> None:
    test_doctor.script(fake_kubectl)
    connection(cluster_context="there")
    assert outcome() == (
        True,
        f"kubectl 1.32.4, {fake_kubectl.program} reaches staging, https://cluster.example:6443; the server is 1.31.2; "
        "the namespace is mine; all 11 rights are granted.",
    )
    assert fake_kubectl.called("--context there -n mine auth can-i")


def test_what_cannot_be_told_is_said_and_is_no_failure(connection: Any, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get namespace/mine", **stage.FORBIDDEN)
    test_doctor.script(fake_kubectl)
    connection()
    works, said = outcome()
    assert works
    assert said.endswith("Not sure: namespace: mine; the account may not look whether it exists.")


@pytest.mark.parametrize(
    ("words", "answer", "said"),
    [
        (test_doctor.SERVER, stage.REFUSED, ("server: ", "was refused", "What to do: ")),
        ("get namespace/mine", {"stdout": ""}, ("namespace: mine does not exist. What to do: create it",)),
        (
            "auth can-i --list",
            {"stdout": test_doctor.LOG_IS_MISSING},
            ("right to get pods/log: missing. What to do: add it to the account's Role",),
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    words: str, answer: dict[str, Any], said: tuple[str, ...], connection: Any, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers(test_doctor.CLIENT, {"clientVersion": test_doctor.VERSIONS["clientVersion"]})
    fake_kubectl.answers(words, **answer)
    test_doctor.script(fake_kubectl)
    connection(namespace="mine")
    works, message = outcome()
    assert not works
    assert [part for part in said if part not in message] == [], message


def test_a_connection_that_contradicts_itself_is_said_so_and_kubectl_is_not_run(
    connection: Any, fake_kubectl: FakeKubectl
) -> None:
    connection(in_cluster=True, kube_config_path="/c")
    works, message = outcome()
    assert not works
    assert "gives 2 ways into a cluster: in_cluster, kube_config_path" in message
    assert fake_kubectl.calls == []


def test_a_kubeconfig_in_the_connection_is_tested_from_a_file_that_does_not_stay(
    connection: Any, fake_kubectl: FakeKubectl, folders: Any
) -> None:
    test_doctor.script(fake_kubectl)
    connection(**{KUBECONFIG: "kind: Config\nsecret: hunter2\n"})
    assert KubectlHook("cluster").get_conn().access == Access(config_content="kind: Config\nsecret: hunter2\n")
    works, message = outcome()
    assert works, message
    assert "hunter2" not in message
    assert folders() == []
    assert [call for call in fake_kubectl.calls if "/kubeconfig" not in " ".join(call) and "version" not in call] == []


def test_the_connections_own_token_is_not_in_the_answer_whoever_repeats_it(
    connection: Any, fake_kubectl: FakeKubectl
) -> None:
    said = "error: You must be logged in to the server: the token of-the-connection is refused (Unauthorized)\n"
    fake_kubectl.answers(test_doctor.CLIENT, {"clientVersion": test_doctor.VERSIONS["clientVersion"]})
    fake_kubectl.answers(test_doctor.SERVER, stderr=said, return_code=1)
    test_doctor.script(fake_kubectl)
    connection(**{KUBECONFIG: "users: [{name: u, user: {token: of-the-connection}}]"})
    works, message = outcome()
    assert not works
    assert "the token *** is refused" in message


def test_airflow_knows_the_type_and_can_test_it() -> None:
    manager = importlib.import_module("airflow.providers_manager").ProvidersManager()
    hook = manager.hooks["kubectl"]
    assert (hook.hook_name, hook.connection_id_attribute_name) == ("kubectl", "kubernetes_conn_id")
    assert hook.connection_testable
    assert hook.package_name == get_provider_info()["package-name"]


def test_airflows_own_test_of_a_connection_answers_with_the_sentence(
    connection: Any, fake_kubectl: FakeKubectl
) -> None:
    test_doctor.script(fake_kubectl)
    connection()
    model = importlib.import_module("airflow.models.connection").Connection(conn_id="cluster", conn_type="kubectl")
    works, said = model.test_connection()
    assert works, said
    assert said.endswith("all 11 rights are granted.")


def test_airflow_shows_the_fields_in_its_form() -> None:
    manager = importlib.import_module("airflow.providers_manager").ProvidersManager()
    if hasattr(manager, "iter_connection_type_hook_ui_metadata"):  # Airflow 3.2
        service = importlib.import_module("airflow.api_fastapi.core_api.services.ui.connections").HookMetaService
        form = next(one for one in service.hook_meta_data() if one.connection_type == "kubectl")
        assert set(form.extra_fields) == NAMES
        assert form.extra_fields["in_cluster"]["schema"]["type"] == ["boolean", "null"]
        assert form.extra_fields[KUBECONFIG]["schema"]["format"] == "multiline"
        assert form.standard_fields.password.hidden
    else:
        _ = manager.hooks["kubectl"]
        ours = {name for name in manager.connection_form_widgets if name.startswith("extra__kubectl__")}
        assert ours == {f"extra__kubectl__{name}" for name in NAMES}
        assert "password" in manager.field_behaviours["kubectl"]["hidden_fields"]


def test_airflow_masks_the_kubeconfig() -> None:
    shown = masking.import_redact()({KUBECONFIG: "kind: Config", "namespace": "n"})
    assert shown == {KUBECONFIG: "***", "namespace": "n"}


def test_a_task_says_the_hint_about_its_connection(connection: Any, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    connection("generic", cluster_context="there")
    heard = stage.Log()

    class Task(KubernetesJobOperator):
        log = heard  # type: ignore[assignment]

    with DAG("dag", schedule=None):
        execute(Task(task_id="task", namespace=stage.NAMESPACE, job_yaml=stage.MANIFEST, kubernetes_conn_id="cluster"))
    assert [line for line in heard.warnings if "set it to 'kubectl'" in line] != []
