"""Tasks that run at the same time, each in a namespace of its own; ``dag.test()`` runs only one in a process."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.errors import KubectlJobOperatorError
from tests.airflow_dag import DAG
from tests.cluster import Cluster
from tests.integration.airflow_task import LOGGER, Collector, Listener, TaskRun
from tests.integration.namespace import Namespace
from tests.integration.scenarios import Scenario
from tests.integration.stub_context import context_for


class _SteadyLoggers(dict[str, Any]):
    """All loggers by name, to be gone through while a task in a thread makes a new one, as pytest 9.2 does."""

    def values(self) -> Any:
        """Return those that there are now."""
        return list(super().values())


logging.root.manager.loggerDict = _SteadyLoggers(logging.root.manager.loggerDict)

_MARKED = re.compile(r"^(?:\[\S+\] )?line of (\S+): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    :param run: its end and its log.
    :param jobs: the Jobs that it left and that are not being deleted.
    :param pods: the pods that it left, as they then were.
    """

    run: TaskRun
    jobs: list[str]
    pods: list[dict[str, Any]]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The lines that containers of a scenario have written, in the order of the log, each after its container."""
        return _MARKED.findall(self.run.log)

    def lines_of(self, container: str = "main") -> list[str]:
        """Return the lines of one container."""
        return [text for name, text in self.lines if name == container]


class SideBySide:
    """Runs tasks in threads.

    :param cluster: where; kubectl finds it by ``KUBECONFIG``.
    :param at_once: how many run at a time. More would only make each other late: a task starts half a dozen kubectls.
    """

    def __init__(self, cluster: Cluster, at_once: int = 8) -> None:
        self._cluster = cluster
        self._pool = ThreadPoolExecutor(at_once)

    def start(self, prepare: Callable[[Namespace], None], **arguments: Any) -> Future[Outcome]:
        """Start a task, or let it wait for its turn.

        :param prepare: makes in the namespace what the Job needs.
        :param arguments: the operator's.
        """
        return self._pool.submit(self._run, prepare, arguments)

    def play(self, scenario: Scenario) -> Future[Outcome]:
        """Start a scenario's task and all that happens around it, or let it wait for its turn."""
        return self._pool.submit(self._play, scenario)

    def close(self) -> None:
        """Start no more, and wait for those that run."""
        self._pool.shutdown(cancel_futures=True)

    def _run(self, prepare: Callable[[Namespace], None], arguments: dict[str, Any]) -> Outcome:
        namespace = Namespace.create(self._cluster)
        try:
            prepare(namespace)
            run = _run(Collector(), namespace=namespace.name, **arguments)
            return Outcome(run, namespace.living("jobs"), namespace.objects("pods"))
        finally:
            namespace.delete()

    def _play(self, scenario: Scenario) -> Outcome:
        listener = Listener()
        namespace = replace(Namespace.create(self._cluster), until_said=listener.until_said)
        try:
            with scenario.set_in(namespace) as meanwhile:
                arguments = {"log_formatter": "line of {}: {}".format, **scenario.arguments}
                run = _run(listener, namespace=namespace.name, job_yaml=scenario.manifest, **arguments)
                meanwhile.result()
                return Outcome(run, namespace.living("jobs"), namespace.objects("pods"))
        finally:
            namespace.delete()


def _run(collector: Collector, **arguments: Any) -> TaskRun:
    """Run a task as ``execute`` does, whose guard in Airflow 2.10 knows only the main thread."""
    dag_id = f"dag_{uuid.uuid4().hex[:8]}"
    logger = logging.getLogger(f"{LOGGER.name}.{dag_id}")
    logger.propagate = False
    logger.addHandler(collector)

    class Task(KubernetesJobOperator):
        log = logger  # type: ignore[assignment]

    dag = DAG(dag_id, schedule=None)
    task = Task(task_id="job", dag=dag, **arguments)
    runner = task._make_runner(context_for(task), None)
    try:
        runner.run()
    except KubectlJobOperatorError as error:
        return TaskRun("failed", collector.records, [error])
    assert runner.done is not None, "a Job that did not fail is done"
    return TaskRun("success", collector.records, result=runner.done.result)
