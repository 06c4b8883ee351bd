"""One KubernetesJobOperator task, run through Airflow's own ``dag.test()`` in this process."""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import shlex
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubectl_job_operator.airflow.task_log import CONTAINER
from tests.integration.namespace import Namespace
from tests.log_text import commands_in
from tests.waiting import until

_DAG = """\
import datetime
from datetime import timedelta

import pendulum

from kubectl_job_operator import {operator} as Operator
from tests.airflow_dag import DAG
from tests.integration.airflow_task import FAILURES, LOGGER


class Task(Operator):
    log = LOGGER


with DAG({dag_id!r}, schedule=None, start_date=pendulum.datetime(2024, 1, 1, tz="UTC"), **{dag_arguments!r}) as dag:
    arguments = dict(
        task_id="job",
        on_failure_callback=lambda context: FAILURES.append(context["exception"]),
        **{arguments!r},
    )
    mapped_over = {mapped_over!r}
    Task.partial(**arguments).expand(yaml_template_fields=mapped_over) if mapped_over else Task(**arguments)
"""

_BARE_DAG = """\
import pendulum

from kubectl_job_operator import KubernetesJobOperator
from tests.airflow_dag import DAG

with DAG({dag_id!r}, schedule=None, start_date=pendulum.datetime(2024, 1, 1, tz="UTC")) as dag:
    KubernetesJobOperator(task_id="job", **{arguments!r})
"""

ROOT = Path(__file__).parents[2]

LOGGER = logging.getLogger("kubectl_job_operator.tests")
"""The operator's logger in these tests: Airflow 2's and 3's own differ too much to collect from both."""
LOGGER.setLevel(logging.INFO)

FAILURES: list[BaseException] = []
"""The exceptions of the tasks that failed, as Airflow handed them to their callback."""


@dataclass
class TaskRun:
    """What came of a run of the DAG; the result only where the task was run without Airflow."""

    state: str
    records: list[logging.LogRecord]
    failures: list[BaseException] = field(default_factory=list)
    result: Any = None

    @property
    def log(self) -> str:
        """All that the operator logged."""
        return "\n".join(record.getMessage() for record in self.records)

    @property
    def error(self) -> str:
        """The message of the one exception that the task failed with."""
        assert len(self.failures) == 1, self.failures
        return str(self.failures[0])

    @property
    def report(self) -> str:
        """What the log says of that exception: the message that is its first line, and the next; empty without one."""
        messages = [record.getMessage() for record in self.records]
        found = [number for number, text in enumerate(messages) if text == self.error.partition("\n")[0]]
        assert len(found) <= 1, found
        return "\n".join(messages[found[0] : found[0] + 2]) if found else ""

    @property
    def told(self) -> str:
        """All that is told of why the task failed: what the exception says, and the log's end where it tells more."""
        return f"{self.report}\n{self.error}"

    @property
    def commands(self) -> list[list[str]]:
        """The commands in the log, split as a shell would; what containers print is none."""
        ours = [record.getMessage() for record in self.records if record.name != f"{LOGGER.name}.{CONTAINER}"]
        return [shlex.split(command) for command in commands_in("\n".join(ours))]

    @property
    def subcommands(self) -> list[str]:
        """The subcommands of kubectl, in the order of the log."""
        known = {
            "api-resources",
            "auth",
            "version",
            "config",
            "get",
            "apply",
            "wait",
            "logs",
            "delete",
            "annotate",
            "label",
            "patch",
        }
        return [next(word for word in command if word in known) for command in self.commands]

    @property
    def manifest_file(self) -> Path:
        """The rendered manifest's file, as the log names it."""
        match = re.search(r"The manifest, as rendered to (\S+):", self.log)
        assert match, self.log
        return Path(match[1])


class TaskRunner:
    """Makes a DAG with one task and runs it.

    :param dags_folder: Airflow's DAGs folder.
    :param namespace: the test's namespace, given to the operator unless the test gives another.
    """

    def __init__(self, dags_folder: Path, namespace: Namespace) -> None:
        self.dag_id = f"dag_{uuid.uuid4().hex[:8]}"
        self.folder = dags_folder / self.dag_id
        self.folder.mkdir()
        self._namespace = namespace

    def write(self, name: str, text: str) -> Path:
        """Write a file beside the DAG."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *, dag_arguments: dict[str, Any] | None = None, **arguments: Any) -> TaskRun:
        """Run the task once through Airflow; arguments are the operator's."""
        return self.run_dag(self.load(dag_arguments=dag_arguments, **arguments))

    def run_dag(self, dag: Any, **of_test: Any) -> TaskRun:
        """Run a DAG once through Airflow; what else is given goes to ``dag.test()``."""
        FAILURES.clear()
        collector = Collector()
        LOGGER.addHandler(collector)
        try:
            state = str(dag.test(**of_test).state)
        except BaseException as error:
            # Airflow 2 lets these two out of dag.test() instead of marking the task as failed.
            if type(error).__name__ not in ("AirflowTaskTimeout", "AirflowTaskTerminated"):
                raise
            state, FAILURES[:] = "failed", [error]
        finally:
            LOGGER.removeHandler(collector)
        return TaskRun(state, collector.records, list(FAILURES))

    def run_by_airflow(self, **arguments: Any) -> str:
        """Run the task once by ``airflow dags test``, in a process of its own, and return all that this prints."""
        arguments = {"namespace": self._namespace.name, **arguments}
        self.write("dag.py", _BARE_DAG.format(dag_id=self.dag_id, arguments=arguments))
        done = subprocess.run(
            [Path(sys.executable).with_name("airflow"), "dags", "test", self.dag_id],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    def load(
        self,
        *,
        operator: str = "KubernetesJobOperator",
        dag_arguments: dict[str, Any] | None = None,
        mapped_over: list[dict[str, Any]] | None = None,
        **arguments: Any,
    ) -> Any:
        """Write the DAG's file and read it as Airflow does.

        :param operator: a public name of the package.
        :param mapped_over: makes it a mapped task, over these ``yaml_template_fields``.
        """
        arguments = {"namespace": self._namespace.name, **arguments}
        path = self.write(
            "dag.py",
            _DAG.format(
                operator=operator,
                dag_id=self.dag_id,
                arguments=arguments,
                dag_arguments=dag_arguments or {},
                mapped_over=mapped_over,
            ),
        )
        return self.load_file(path)

    def load_file(self, path: Path) -> Any:
        """Read a DAG's file as Airflow does."""
        spec = importlib.util.spec_from_file_location(self.dag_id, path)
        assert spec, path
        assert spec.loader, path
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.dag


class Collector(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)


class Listener(Collector):
    """Hears what a task says while it runs."""

    def until_said(self, words: str, times: int = 1) -> None:
        """Wait until so many lines with these words are there."""
        until(
            lambda: sum(words in record.getMessage() for record in list(self.records)) >= times,
            f"it did not say {words!r} so often as {times} times",
        )
