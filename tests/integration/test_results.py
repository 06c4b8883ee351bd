"""A Job's result, read back by another task through Airflow's XCom."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest

from kubectl_job_operator.status.result import MARKER, PATH
from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace

_DAG = """\
import json
import pathlib

import pendulum

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow.compat.imports import BaseOperator
from tests.airflow_dag import DAG


class Reader(BaseOperator):
    def execute(self, context):
        keys = ("return_value", "job_name", "job_namespace", "job_uid", "pod_names", "rows", "day")
        pulled = {{
            task: {{key: context["ti"].xcom_pull(task_ids=task, key=key) for key in keys}} for task in {tasks!r}
        }}
        pathlib.Path({file!r}).write_text(json.dumps(pulled))


with DAG({dag_id!r}, schedule=None, start_date=pendulum.datetime(2024, 1, 1, tz="UTC")) as dag:
    reader = Reader(task_id="reader", trigger_rule="all_done")
    for task_id, arguments in {tasks!r}.items():
        KubernetesJobOperator(task_id=task_id, namespace={namespace!r}, do_xcom_push=True, **arguments) >> reader
"""
_TEXT = "Grüße, 世界 🚀"
_INDEXED = "completions: 3\nparallelism: 3\ncompletionMode: Indexed\nbackoffLimit: 0"
_FIRST_WITH_INDEXES = 22
_TWO = "completions: 2\nparallelism: 1\nbackoffLimit: 0"


def _filled(size: int) -> str:
    """Return a script that writes a JSON string of so many bytes."""
    return f"""(printf '"'; head -c {size - 2} /dev/zero | tr '\\0' x; printf '"') > {PATH}"""


def _to_logs(script: str) -> str:
    return f"echo before; printf '{MARKER} '; {script}; echo; echo after"


_JOBS: dict[str, dict[str, str]] = {
    "empty": {"script": f": > {PATH}"},
    "unwritten": {"script": "true"},
    "one": {"script": f"printf 7 > {PATH}"},
    "unicode": {"script": f"echo '{json.dumps({'text': _TEXT}, ensure_ascii=False)}' > {PATH}"},
    "full": {"script": _filled(4096)},
    "too-long": {"script": _filled(4097)},
    "no-json": {"script": f"echo '{{rows: 3}}' > {PATH}"},
    "two-pods": {"script": f'echo "\\"$HOSTNAME\\"" > {PATH}', "spec": _TWO},
    "replaced": {
        "script": f"if mkdir /shared/$MARK; then echo 1 > {PATH}; exit 1; fi; rmdir /shared/$MARK; echo 2 > {PATH}",
        "spec": "backoffLimit: 2",
        "pod": "volumes: [{name: shared, hostPath: {path: /tmp}}]",
    },
    "failed": {"script": f"echo 3 > {PATH}; exit 1"},
}
_BY_LOGS: dict[str, dict[str, str]] = {
    "long-line": {"script": _to_logs("printf '\"'; head -c 200000 /dev/zero | tr '\\0' y; printf '\"'")},
    "last-line": {"script": f"echo '{MARKER} 1'; printf '{MARKER} 2'"},
    "no-line": {"script": f"echo '+ {MARKER} 1'"},
    "lamaani": {
        "script": """echo '::kube_api:xcom={"rows": 1}'; echo '::kube_api:xcom={"rows": 3, "day": "monday"}'"""
    },
}


def _run(task: TaskRunner, namespace: Namespace, tasks: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Run them in one DAG, and return what the reader has pulled and the state of each."""
    file = task.folder / "pulled.json"
    path = task.write("dag.py", _DAG.format(dag_id=task.dag_id, tasks=tasks, file=str(file), namespace=namespace.name))
    spec = importlib.util.spec_from_file_location(task.dag_id, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    run = module.dag.test()
    states = {one.task_id: str(one.state) for one in run.get_task_instances()}
    read = json.loads(file.read_text())
    return {name: {**read[name], "state": states[name]} for name in tasks}


def _tasks(jobs: dict[str, dict[str, str]], namespace: Namespace, **arguments: Any) -> dict[str, dict[str, Any]]:
    return {name: {"job_yaml": _manifest(name, namespace, **about), **arguments} for name, about in jobs.items()}


def _manifest(name: str, namespace: Namespace, *, script: str, spec: str = "backoffLimit: 0", pod: str = "") -> str:
    text = job(script.replace("$MARK", f"mark-{namespace.name}"), name=name, spec=spec, pod=pod)
    if pod:
        text += "          volumeMounts: [{name: shared, mountPath: /shared}]\n"
    return text


def test_what_containers_wrote_comes_back_to_other_tasks(task: TaskRunner, namespace: Namespace) -> None:
    read = _run(task, namespace, _tasks(_JOBS, namespace))
    values = {name: one["return_value"] for name, one in read.items()}
    states = {name: one["state"] for name, one in read.items()}

    assert [name for name, state in states.items() if state != "success"] == ["too-long", "no-json", "failed"]
    assert (values["empty"], values["unwritten"], values["one"]) == (None, None, 7)
    assert values["unicode"] == {"text": _TEXT}
    assert values["full"] == "x" * 4094
    assert (values["too-long"], values["no-json"], values["failed"]) == (None, None, None)
    assert values["two-pods"] == read["two-pods"]["pod_names"]
    assert len(set(values["two-pods"])) == 2
    assert values["replaced"] == 2
    assert len(read["replaced"]["pod_names"]) == 2

    for name in ("one", "failed"):
        assert (read[name]["job_name"], read[name]["job_namespace"]) == (name, namespace.name)
        assert len(read[name]["job_uid"]) == 36
    assert read["failed"]["pod_names"] is None
    left = {one.removeprefix("job.batch/") for one in namespace.living("jobs")}
    assert left == {"too-long", "no-json", "failed"}, "a result that cannot be used keeps its Job, for a look"


def test_a_line_of_the_log_comes_back_to_other_tasks(task: TaskRunner, namespace: Namespace) -> None:
    read = _run(task, namespace, _tasks(_BY_LOGS, namespace, xcom_from="logs"))
    assert {one["state"] for one in read.values()} == {"success"}
    assert read["long-line"]["return_value"] == "y" * 200_000
    assert read["last-line"]["return_value"] == 2
    assert read["no-line"]["return_value"] is None
    assert (read["lamaani"]["rows"], read["lamaani"]["day"]) == (3, "monday")
    assert read["lamaani"]["return_value"] == {"rows": 3, "day": "monday"}


def test_a_deferred_task_returns_the_same_results(task: TaskRunner, namespace: Namespace) -> None:
    by_file = {name: _JOBS[name] for name in ("one", "two-pods", "failed")}
    by_logs = _tasks({"last-line": _BY_LOGS["last-line"]}, namespace, xcom_from="logs", deferrable=True)
    tailed = _tasks({"tailed": _JOBS["two-pods"]}, namespace, tail_logs=True, deferrable=True)
    read = _run(task, namespace, {**_tasks(by_file, namespace, deferrable=True), **by_logs, **tailed})
    assert {name: one["state"] for name, one in read.items() if one["state"] != "success"} == {"failed": "failed"}
    assert (read["one"]["return_value"], read["last-line"]["return_value"]) == (7, 2)
    for name in ("two-pods", "tailed"):
        assert read[name]["return_value"] == read[name]["pod_names"]
        assert len(set(read[name]["return_value"])) == 2
    assert read["failed"]["return_value"] is None
    assert read["one"]["job_name"] == "one"
    assert namespace.living("jobs") == ["failed"]


def test_the_line_with_the_result_is_not_shown_and_its_content_nowhere(task: TaskRunner) -> None:
    run = task.run(
        job_yaml=job(_to_logs("""printf '{"word": "confidential"}'""").replace("confidential", "$(echo confi)dential")),
        do_xcom_push=True,
        xcom_from="logs",
    )
    assert run.state == "success", run.failures
    assert "before" in run.log
    assert "after" in run.log
    assert "The Job handed over a result." in run.log
    assert "confidential" not in run.log


def test_a_result_that_is_too_long_says_how_much_came_and_which_way_to_take(task: TaskRunner) -> None:
    run = task.run(job_yaml=job(_filled(4097)), do_xcom_push=True, dag_arguments={"default_args": {"retries": 3}})
    assert run.state == "failed"
    assert "The 4096 bytes that came from container main" in run.told
    assert "What to do: write JSON of at most 4096 bytes" in run.told
    assert type(run.failures[0]).__name__ == "AirflowFailException"


def test_the_pods_of_an_indexed_job_are_in_the_order_of_their_indexes(task: TaskRunner, namespace: Namespace) -> None:
    minor = json.loads(namespace.kubectl("version", "-o", "json"))["serverVersion"]["minor"]
    if int(minor.rstrip("+")) < _FIRST_WITH_INDEXES:
        pytest.skip(
            "this server has no completion indexes; tests/unit/status/test_result.py shows them with a recorded Job"
        )
    script = f"sleep $((2 - JOB_COMPLETION_INDEX)); echo $JOB_COMPLETION_INDEX > {PATH}"
    read = _run(task, namespace, _tasks({"indexed": {"script": script, "spec": _INDEXED}}, namespace))
    assert read["indexed"]["return_value"] == [0, 1, 2]
