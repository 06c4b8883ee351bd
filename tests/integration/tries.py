"""Single tries of one task, each as whichever try of whichever run a test wants it to be, also at the same time."""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.errors import KubectlJobOperatorError
from kubectl_job_operator.life.runner import JobRunner
from tests.airflow_dag import DAG
from tests.integration.airflow_task import LOGGER, Collector, TaskRun
from tests.integration.namespace import Namespace
from tests.integration.stub_context import context_for
from tests.waiting import until

_NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.timezone.utc)


@dataclass(frozen=True)
class Try:
    """What Airflow would say of a try.

    :param run_id: Airflow's.
    :param number: from 1.
    :param max_tries: Airflow's.
    :param clear_number: how often tasks of the run were cleared.
    :param run_started: when the run started, in minutes.
    :param map_index: Airflow's.
    :param begun_anew: how often Airflow has begun it anew under its own number.
    """

    run_id: str = "scheduled__2026-01-01"
    number: int = 1
    max_tries: int = 3
    clear_number: int = 0
    run_started: int = 0
    map_index: int = -1
    begun_anew: int = 0

    def context(self, task: Any) -> Any:
        """Return it as Airflow hands it to a task; it begins a minute after its run and after the try before it."""
        run_started = _NOON + datetime.timedelta(minutes=self.run_started)
        return context_for(
            task,
            run_id=self.run_id,
            try_number=self.number,
            map_index=self.map_index,
            max_tries=self.max_tries,
            run_started=run_started,
            clear_number=self.clear_number,
            started=run_started + datetime.timedelta(minutes=self.number, seconds=self.begun_anew),
        )


FIRST = Try()
RETRY = replace(FIRST, number=2)
BEGUN_ANEW = replace(FIRST, begun_anew=1)
"""The first try once more: Airflow has taken it for killed while it was deferred."""
CLEARED = replace(FIRST, number=2, max_tries=4, clear_number=1)
"""The first try after a Clear."""
MADE_AGAIN = replace(FIRST, run_started=60)
"""The first try of a run that was deleted and made again."""
OTHER_RUN = replace(FIRST, run_id="scheduled__2026-01-02", run_started=5)


class Tries:
    """Runs tries of one task of one DAG in the test's namespace."""

    def __init__(self, namespace: Namespace) -> None:
        self.dag_id = f"dag_{uuid.uuid4().hex[:8]}"
        self.namespace = namespace
        self._pool = ThreadPoolExecutor(8)
        self._runners: list[JobRunner] = []

    def run(self, which: Try, yaml: str, **arguments: Any) -> TaskRun:
        """Run a try to its end; arguments are the operator's."""
        arguments = {"namespace": self.namespace.name, "job_yaml": yaml, **arguments}
        collector = Collector()
        logger = logging.getLogger(f"{LOGGER.name}.{uuid.uuid4().hex[:8]}")
        logger.propagate = False
        logger.addHandler(collector)

        class Task(KubernetesJobOperator):
            log = logger  # type: ignore[assignment]

        task = Task(task_id="job", dag=DAG(self.dag_id, schedule=None), **arguments)
        try:
            runner = task._make_runner(which.context(task), None)
            self._runners.append(runner)
            runner.run()
        except KubectlJobOperatorError as error:
            return TaskRun("failed", collector.records, [error])
        return TaskRun("success", collector.records)

    def start(self, which: Try, yaml: str, **arguments: Any) -> Future[TaskRun]:
        """Do it in the background."""
        return self._pool.submit(self.run, which, yaml, **arguments)

    def leave_running(self, which: Try, yaml: str, resource: str = "jobs", **arguments: Any) -> str:
        """Let a try's worker die while its Job runs; return the UID of the one object of a resource."""
        dying = self.start(which, yaml, on_kill_action="keep", **arguments)
        until(lambda: self.namespace.running_pods() != [], "no pod ran")
        self.kill_last()
        assert dying.result().state == "failed"
        return self.uid_of(resource)

    def kill_last(self) -> None:
        """Let Airflow end the try that was started last."""
        self._runners[-1].kill()

    def uid_of(self, resource: str) -> str:
        """Return the UID of the one object of a resource."""
        (found,) = self.namespace.objects(resource)
        return str(found["metadata"]["uid"])

    def close(self) -> None:
        """End what still runs."""
        for runner in self._runners:
            runner.kill()
        self._pool.shutdown()


@contextmanager
def tries_in(namespace: Namespace) -> Iterator[Tries]:
    """Give tries that end with the test."""
    tries = Tries(namespace)
    try:
        yield tries
    finally:
        tries.close()
