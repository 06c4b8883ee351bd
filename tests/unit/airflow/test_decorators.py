"""``@task.kubernetes_job``: what a function returns is what the Job does."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import yaml

from kubectl_job_operator.airflow.compat.imports import AirflowFailException
from kubectl_job_operator.airflow.decorators import KubernetesJobDecoratedOperator, kubernetes_job_task
from kubectl_job_operator.airflow.provider_info import get_provider_info
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit import stage
from tests.unit.fake_kubectl import FakeKubectl

TEMPLATE = stage.MANIFEST.replace("busybox:1.36", "busybox:{{ tag }}")


def decorated(function: Any, *args: Any, **arguments: Any) -> KubernetesJobDecoratedOperator:
    start = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
    with DAG("dag", schedule=None, start_date=start):
        arguments = {"name": "countdown", "namespace": stage.NAMESPACE, **arguments}
        task = kubernetes_job_task(**arguments)(function)(*args).operator
    assert isinstance(task, KubernetesJobDecoratedOperator)
    return task


def container_of(task: KubernetesJobDecoratedOperator) -> dict[str, Any]:
    """Run the task with the stage's kubectl, and return the container of its Job."""
    context = context_for(task, run_id="run")
    task.render_template_fields(context)
    assert task.rendered_yaml is None
    task.execute(context)
    assert task.rendered_yaml is not None
    container: dict[str, Any] = yaml.safe_load(task.rendered_yaml)["spec"]["template"]["spec"]["containers"][0]
    return container


def say(what: str) -> str:
    return f"echo {what} {{{{ run_id }}}}"


def listed() -> list[str]:
    return ["echo", "{{ run_id }}"]


def told(run_id: str) -> dict[str, str]:
    return {"tag": run_id}


def test_a_str_is_a_command_for_a_shell_and_a_template(fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    container = container_of(decorated(say, "hi", image="busybox"))
    assert container["command"] == ["sh", "-c", "echo hi run"]


def test_a_list_is_the_command_itself(fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    assert container_of(decorated(listed, image="busybox"))["command"] == ["echo", "run"]


def test_a_dict_has_variables_for_the_template_and_the_function_sees_the_context(fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    task = decorated(told, job_yaml=TEMPLATE, yaml_template_fields={"tag": "argument", "other": "stays"})
    assert container_of(task)["image"] == "busybox:run"
    assert task.yaml_template_fields == {"tag": "run", "other": "stays"}


@pytest.mark.parametrize(
    ("returned", "arguments"),
    [
        (None, {"image": "busybox"}),
        (" ", {"image": "busybox"}),
        ([], {"image": "busybox"}),
        ({"tag": "1"}, {"image": "busybox"}),
        (3, {"job_yaml": stage.MANIFEST}),
    ],
)
def test_what_is_neither_is_refused_before_kubectl_is_run(
    returned: Any, arguments: dict[str, Any], fake_kubectl: FakeKubectl
) -> None:
    def function() -> Any:
        return returned

    with pytest.raises(AirflowFailException) as refusal:
        container_of(decorated(function, **arguments))
    assert "The function function must return a command" in str(refusal.value)
    assert "What to do:" in str(refusal.value)
    assert fake_kubectl.calls == []


def test_a_secret_that_is_returned_where_it_cannot_be_used_is_not_shown(fake_kubectl: FakeKubectl) -> None:
    def function() -> Any:
        return {"password": "it's a-canary\\"}

    with pytest.raises(AirflowFailException, match="must return a command") as refusal:
        container_of(decorated(function, image="busybox"))
    assert "'password': " in str(refusal.value)
    assert "canary" not in str(refusal.value)
    assert fake_kubectl.calls == []


def test_what_the_function_raises_is_the_tasks_own_failure(fake_kubectl: FakeKubectl) -> None:
    def function() -> str:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        container_of(decorated(function, image="busybox"))
    assert fake_kubectl.calls == []


def test_a_command_beside_the_function_is_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(ValueError, match="cmds cannot be given"):
        decorated(say, "hi", image="busybox", cmds=["echo"])


def test_airflow_knows_the_decorator() -> None:
    (known,) = get_provider_info()["task-decorators"]
    assert known["name"] == "kubernetes_job"
    assert known["class-name"] == f"{kubernetes_job_task.__module__}.{kubernetes_job_task.__name__}"
