"""``make test-deferrable-airflow``: a hundred mapped deferred tasks in a real Airflow, whose triggerer is killed."""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from tests import cluster as test_cluster
from tests.benchmarks.telling import say
from tests.faults.deployment import Deployment
from tests.integration.manifests import job
from tests.integration.namespace import Namespace

_LIMIT_SECONDS = 1500.0
_PARALLELISM = 4
_DAG = """\
from kubectl_job_operator import KubernetesJobOperator
from tests.airflow_dag import DAG

common = dict(namespace={namespace!r}, deferrable=True, unique_name=True)

with DAG("mapped", schedule=None) as dag:
    KubernetesJobOperator.partial(task_id="job", job_yaml={mapped!r}, **common).expand(
        yaml_template_fields=[{{"number": number}} for number in range({count})]
    )
with DAG("long", schedule=None) as long:
    KubernetesJobOperator(task_id="job", job_yaml={long!r}, **common)
"""


def main() -> int:
    """Run and print; return 1 if anything is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.deferrable_airflow", description=__doc__)
    parser.add_argument("--tasks", type=int, default=100, help="how many are mapped (default: %(default)s)")
    arguments = parser.parse_args()
    cluster = test_cluster.current()
    namespace = Namespace.create(cluster)
    folder = Path(tempfile.mkdtemp(prefix="deferrable-airflow-"))
    airflow = Deployment(folder, cluster.kubeconfig, _PARALLELISM, with_triggerer=True)
    try:
        (airflow.dags / "deferrable.py").write_text(
            _DAG.format(
                namespace=namespace.name,
                mapped=job("echo number-{{ number }}; sleep 15", name="mapped-{{ number }}"),
                long=job("sleep 3600", name="long"),
                count=arguments.tasks,
            )
        )
        airflow.start()
        problems = [*_mapped(airflow, namespace, arguments.tasks), *_ended_by_users(airflow, namespace)]
    finally:
        airflow.stop()
        namespace.delete()
        shutil.rmtree(folder, ignore_errors=True)
    for problem in problems:
        say(f"WRONG: {problem}")
    return 1 if problems else 0


def _mapped(airflow: Deployment, namespace: Namespace, count: int) -> Iterator[str]:
    """Run all of them, kill the triggerer in between, and tell what is wrong."""
    _until(lambda: airflow.knows("mapped"), "Airflow does not know the DAG")
    began = time.monotonic()
    run_id = airflow.trigger("mapped")
    most = _Most(airflow)
    _until(lambda: _number(airflow, run_id, "deferred") >= min(20, count // 2), "hardly any task is deferred")
    airflow.replace_triggerer()
    say(f"The triggerer was killed and replaced while {_number(airflow, run_id, 'deferred')} tasks were deferred.")
    ends = ("success", "failed")
    with contextlib.suppress(TimeoutError):
        _until(lambda: sum(_number(airflow, run_id, state) for state in ends) == count, "the run does not end")
    seconds, watching = time.monotonic() - began, most.stop()
    states = airflow.mapped_states("mapped", run_id)
    succeeded = sum(state == "success" for state in states.values())
    say(
        f"{count} mapped deferred tasks, {_PARALLELISM} at a time on workers: {succeeded} succeeded, {seconds:.0f} s; "
        f"at most {watching} kubectls watched in the triggerer at once"
    )
    if succeeded != count:
        yield f"the states are {sorted(states.items())}"
    if watching > 2:
        yield f"{watching} kubectls watched"
    wrong = [number for number in states if _shown(airflow, run_id, number) != 1]
    if wrong:
        yield f"the line of these tasks is not in their logs once: {wrong}"
    if namespace.living("jobs"):
        yield f"Jobs were left: {namespace.living('jobs')}"


def _ended_by_users(airflow: Deployment, namespace: Namespace) -> Iterator[str]:
    """Mark one task as failed and clear another one while they are deferred, and tell what is wrong."""
    run_id = _waiting(airflow)
    airflow.mark("long", run_id, "job", "failed")
    began = time.monotonic()
    _until(lambda: not namespace.living("jobs"), "the Job of a task that was marked as failed lives on")
    say(f"A deferred task was marked as failed: its Job was deleted {time.monotonic() - began:.1f} s later")
    run_id = _waiting(airflow)
    first = namespace.objects("jobs")[0]["metadata"]["uid"]
    airflow.clear("long", run_id, "job")
    began = time.monotonic()

    def is_anew() -> bool:
        jobs = [one for one in namespace.objects("jobs") if "deletionTimestamp" not in one["metadata"]]
        return len(jobs) == 1 and jobs[0]["metadata"]["uid"] != first

    _until(is_anew, "a Clear has not brought a new Job")
    say(f"A deferred task was cleared: it had a new Job {time.monotonic() - began:.1f} s later")
    time.sleep(10)
    if not is_anew():
        yield "the old trigger has hit the Job of the new try"
    airflow.mark("long", run_id, "job", "success")
    _until(lambda: not namespace.living("jobs"), "the Job of a task that was marked as successful lives on")


def _waiting(airflow: Deployment) -> str:
    """Start the long task, and return its run's id when the triggerer waits for it."""
    run_id = airflow.trigger("long")
    _until(lambda: airflow.states("long", run_id).get("job") == "deferred", "the task is not deferred")
    folder = airflow.task_log("long", run_id, "job", 1).parent
    # Before that nothing of ours runs anywhere that Airflow could tell of a user's action.
    _until(lambda: any("--watch" in file.read_text() for file in folder.glob("*.trigger.*")), "no trigger runs")
    return run_id


class _Most:
    """The most kubectls that watched at once in the triggerer."""

    def __init__(self, airflow: Deployment) -> None:
        self._airflow = airflow
        self._most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Return the number."""
        self._over.set()
        self._thread.join()
        return self._most

    def _look(self) -> None:
        while not self._over.wait(1.0):
            with contextlib.suppress(psutil.Error, KeyError):
                watching = [one for one in self._airflow.triggerer() if "--watch" in one.cmdline()]
                self._most = max(self._most, len(watching))


def _number(airflow: Deployment, run_id: str, state: str) -> int:
    return sum(one == state for one in airflow.mapped_states("mapped", run_id).values())


def _shown(airflow: Deployment, run_id: str, number: int) -> int:
    """Return how often the line of a task's container stands in the log of the task."""
    folder = airflow.task_log("mapped", run_id, "job", 1).parent / f"map_index={number}"
    text = "".join(file.read_text() for file in folder.glob("attempt=*"))
    # What is shown late has its time before it.
    return len(re.findall(rf'"event":"(?:\S+Z )?number-{number}"', text))


def _until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(1.0)


if __name__ == "__main__":
    sys.exit(main())
