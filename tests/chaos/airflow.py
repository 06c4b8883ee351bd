"""The real Airflow whose parts are broken: its scheduler and its triggerer can be killed, frozen and started again."""

from __future__ import annotations

import json
import re
import signal
from contextlib import suppress
from pathlib import Path

import psutil

from tests.chaos.plan import CONNECTION
from tests.faults.deployment import Deployment

_SCHEDULER, _TRIGGERER = "scheduler", "triggerer"


class ChaosAirflow(Deployment):
    """Airflow with a triggerer, and with a database that many can write to at once.

    :param folder: its ``AIRFLOW_HOME``; must be empty.
    :param kubeconfig: where its tasks find the cluster.
    :param parallelism: how many tasks run at once; those that are deferred do not count.
    """

    def __init__(self, folder: Path, kubeconfig: Path, parallelism: int) -> None:
        super().__init__(folder, kubeconfig, parallelism, with_triggerer=True, with_postgresql=True)
        self.tmp.mkdir()

    @property
    def tmp(self) -> Path:
        """Where all but the tasks keep their temporary files."""
        return self.folder / "tmp"

    def state(self, dag_id: str, run_id: str, task_id: str) -> str:
        """Return the state of a task instance; empty where there is none yet."""
        return str(self._ask(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}")["state"] or "")

    def logs(self, dag_id: str, run_id: str, task_id: str) -> dict[int, str]:
        """Return all that each try has logged, and the triggers for it, by the tries' numbers."""
        found: dict[int, str] = {}
        for file in sorted(self.task_log(dag_id, run_id, task_id, 1).parent.glob("attempt=*.log*"), key=in_order):
            number = int(file.name.removeprefix("attempt=").partition(".")[0])
            found[number] = found.get(number, "") + file.read_text(errors="replace")
        return found

    def triggerers_log(self) -> str:
        """Return what all triggerers have logged of themselves."""
        return (self.folder / f"{_TRIGGERER}.out").read_text(errors="replace")

    def freeze_triggerer(self) -> list[psutil.Process]:
        """Freeze the triggerer, with its kubectls, and return what is frozen."""
        frozen = self.triggerer()
        _signal(frozen, signal.SIGSTOP)
        return frozen

    def wake(self, frozen: list[psutil.Process]) -> None:
        """Let what was frozen go on."""
        _signal(frozen, signal.SIGCONT)

    def start_another_triggerer(self) -> None:
        """Start one beside that which is there, which then counts as a former one."""
        self._start_another(_TRIGGERER)

    def kill(self, processes: list[psutil.Process]) -> None:
        """Kill them without a warning."""
        _signal(processes, signal.SIGKILL)

    def kill_scheduler(self, *, with_workers: bool) -> None:
        """Kill the scheduler without a warning, and start another one.

        :param with_workers: whether all that it has started dies with it, as in a container.
        """
        family = self._family(_SCHEDULER)
        self.kill(family if with_workers else family[:1])
        self._start_another(_SCHEDULER)

    def kubectls(self) -> list[psutil.Process]:
        """Return all living kubectls of this Airflow and of its tasks."""
        return [one for one in self.processes() if _name(one) == "kubectl"]

    def _make_environment(self, kubeconfig: Path, parallelism: int) -> dict[str, str]:
        connection = {"conn_type": "kubectl", "extra": {"secret_kubeconfig": kubeconfig.read_text()}}
        return {
            **super()._make_environment(kubeconfig, parallelism),
            f"AIRFLOW_CONN_{CONNECTION.upper()}": json.dumps(connection),
            "TMPDIR": str(self.tmp),
            # What is not there yet is read, and what is there does not change.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "7200",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "30",
            # A worker that lives is silent for half a minute where the machine is busy.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "5",
            # Another triggerer takes over after this; a frozen one wakes up before it or later.
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
        }


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _name(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return str(process.name())
    return ""


def in_order(file: Path) -> list[int]:
    """Return by what logs are sorted: the try and the triggerer, as in ``attempt=1.log.trigger.10.log``."""
    return [int(number) for number in re.findall(r"\d+", file.name)]
