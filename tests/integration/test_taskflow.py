"""``@task.kubernetes_job`` in a real Airflow: found by its entry point, mapped, skipped, and fed by other tasks."""

from __future__ import annotations

import re

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow.decorators import KubernetesJobDecoratedOperator
from tests.integration.airflow_task import LOGGER, TaskRun, TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.log_text import without_times

HEAD = """\
import pendulum

from tests.airflow_dag import DAG
from tests.integration.airflow_task import FAILURES
try:
    from airflow.sdk import get_current_context, task
except ImportError:
    from airflow.decorators import task
    from airflow.operators.python import get_current_context

arguments = dict(namespace={namespace!r}, on_failure_callback=lambda context: FAILURES.append(context["exception"]))

with DAG({dag_id!r}, schedule=None, start_date=pendulum.datetime(2024, 1, 1, tz="UTC")) as dag:
"""


@pytest.fixture(autouse=True)
def collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tasks log where the tests look."""
    for operator in (KubernetesJobDecoratedOperator, KubernetesJobOperator):
        monkeypatch.setattr(operator, "log", LOGGER)


def run(task: TaskRunner, namespace: Namespace, body: str) -> TaskRun:
    lines = [f"    {line}\n" for line in body.splitlines()]
    text = HEAD.format(dag_id=task.dag_id, namespace=namespace.name) + "".join(lines)
    return task.run_dag(task.load_file(task.write("dag.py", text)))


def test_a_function_gets_what_another_jobs_result_is_and_sees_the_context(
    task: TaskRunner, namespace: Namespace
) -> None:
    done = run(
        task,
        namespace,
        """\
@task.kubernetes_job(image="busybox:1.36", do_xcom_push=True, **arguments)
def count():
    return ["sh", "-c", "echo 3 > /airflow/xcom/return.json"]

@task.kubernetes_job(image="busybox:1.36", **arguments)
def tell(number, ti):
    return f"echo {number} in {get_current_context()['ti'].task_id} {ti.task_id} of {{{{ dag.dag_id }}}}"

tell(count())
""",
    )
    assert done.state == "success", done.failures
    assert f"3 in tell tell of {task.dag_id}" in done.log.splitlines()
    assert namespace.living("jobs") == []


def test_a_mapped_function_makes_a_job_of_each_value(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("echo {{ word }}", name="say-{{ word }}"))
    done = run(
        task,
        namespace,
        """\
@task.kubernetes_job(yaml_file_name="job.yaml", **arguments)
def say(word):
    return {"word": word}

say.expand(word=["one", "two"])
""",
    )
    assert done.state == "success", done.failures
    assert {"one", "two"} <= set(without_times(done.log).splitlines())


def test_what_a_task_is_mapped_over_is_no_template_where_an_earlier_task_returned_it(
    task: TaskRunner, namespace: Namespace
) -> None:
    done = run(
        task,
        namespace,
        """\
from kubectl_job_operator import KubernetesJobOperator

@task
def commands():
    return [["echo", "{{.Names}}"], ["echo", "{{ dag.dag_id }}"]]

KubernetesJobOperator.partial(task_id="say", image="busybox:1.36", **arguments).expand(cmds=commands())
""",
    )
    assert done.state == "success", done.failures
    assert {"{{.Names}}", "{{ dag.dag_id }}"} <= set(without_times(done.log).splitlines())


def test_a_task_of_a_function_may_be_deferred(task: TaskRunner, namespace: Namespace) -> None:
    done = run(
        task,
        namespace,
        """\
@task.kubernetes_job(image="busybox:1.36", deferrable=True, do_xcom_push=True, **arguments)
def count():
    return ["sh", "-c", "echo said; echo 3 > /airflow/xcom/return.json"]

@task.kubernetes_job(image="busybox:1.36", **arguments)
def tell(number):
    return f"echo there were {number}"

tell(count())
""",
    )
    assert done.state == "success", done.failures
    assert re.search(r"^\S+Z said$", done.log, re.MULTILINE), "with the time at which it was written"
    assert "there were 3" in done.log.splitlines()
    assert namespace.living("jobs") == []


def test_a_function_that_returns_nothing_fails_the_task_before_anything_is_created(
    task: TaskRunner, namespace: Namespace
) -> None:
    done = run(
        task,
        namespace,
        """\
@task.kubernetes_job(image="busybox:1.36", retries=1, **arguments)
def forget():
    pass

forget()
""",
    )
    assert done.state == "failed"
    assert "The function forget must return a command (a str or a list of str), but has returned None." in done.error
    assert done.commands == []
