"""A real Airflow of any version, and what a user does in it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import urllib.error
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from tests.faults.deployment import Deployment, airflow_command
from tests.whose.dag import AIRFLOW_VERSION, TASK, Life

_PARALLELISM = 8
# Deleted and made again, a run is one of the same moment.
_MOMENT = datetime(2026, 1, 5, tzinfo=timezone.utc).isoformat()
_CONFLICT = 409
_DEAD_AFTER = "40"
"""A worker that lives is silent for half a minute where the machine is busy."""
_DEAD_AFTER_IN_2 = "90"
"""So long the command takes there that clears."""


class Airflow(Deployment):
    """Airflow 3.

    :param folder: its ``AIRFLOW_HOME``; must be empty.
    :param kubeconfig: where its tasks find the cluster.
    """

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        folder.mkdir()
        super().__init__(folder, kubeconfig, _PARALLELISM, with_triggerer=True)

    def _make_environment(self, kubeconfig: Path, parallelism: int) -> dict[str, str]:
        return {
            **super()._make_environment(kubeconfig, parallelism),
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": _DEAD_AFTER,
        }

    def make_run(self, dag_id: str, run_id: str, script: str) -> None:
        """Start a run; its task's container runs the script."""
        body = {"dag_run_id": run_id, "logical_date": _MOMENT, "conf": {"script": script}}
        self._ask(f"dags/{dag_id}/dagRuns", body)

    def delete_run(self, dag_id: str, run_id: str) -> None:
        """Delete a run; where Airflow deletes none that runs, it is marked as failed before, as a user must do too."""
        path = f"dags/{dag_id}/dagRuns/{run_id}"
        try:
            self._ask(path, method="DELETE")
        except urllib.error.HTTPError as error:
            if error.code != _CONFLICT:
                raise
            self._ask(path, {"state": "failed"}, method="PATCH")
            self._ask(path, method="DELETE")

    def state(self, dag_id: str, run_id: str) -> str:
        """Return the state of the task instance; empty where there is none yet."""
        return self.states(dag_id, run_id).get(TASK, "")

    def retries(self, dag_id: str) -> int:
        """Return how many retries the task has, as the scheduler knows it."""
        return int(self._ask(f"dags/{dag_id}/tasks/{TASK}")["retries"])

    def logs(self, dag_id: str, run_id: str) -> str:
        """Return all that the task and its triggers have logged."""
        files = sorted(self.task_log(dag_id, run_id, TASK, 1).parent.glob("attempt=*.log*"))
        return "\n".join(file.read_text(errors="replace") for file in files)

    def has_mixed_up(self, dag_id: str) -> bool:
        """Whether the scheduler has taken the end of one process of a task for that of another."""
        lines = (self.folder / "scheduler.out").read_text(errors="replace").splitlines()
        words = (f"<TaskInstance: {dag_id}.{TASK} ", "but the task instance's state")
        return any(all(word in line for word in words) for line in lines)


class Airflow2(Airflow):
    """Airflow 2, where a user's commands go through its web server."""

    programs: tuple[str, ...] = ("webserver", "scheduler")
    api = "api/v1"

    def start(self) -> None:
        """Let whoever can reach the port do all, as it is this machine's own, and for minutes only."""
        (self.folder / "webserver_config.py").write_text('AUTH_ROLE_PUBLIC = "Admin"\n')
        super().start()

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Clear by the command line, as the UI does: the API of Airflow 2 leaves a running task as it is.

        Twice: the first time it only becomes "restarting", and stays that for ever where its worker is dead.
        """
        del run_id  # there is one only
        argv = [*airflow_command(), "tasks", "clear", "--yes", "--task-regex", f"^{task_id}$", dag_id]
        with self._output("clear") as log:
            for _ in range(2):
                subprocess.run(argv, env=self._environment, stdout=log, stderr=log, check=True)

    def _is_healthy(self) -> bool:
        try:
            health = self._ask("health")
        except OSError:
            return False
        return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "triggerer"))

    def _make_environment(self, kubeconfig: Path, parallelism: int) -> dict[str, str]:
        host, port = self._address.removeprefix("http://").split(":")
        return {
            **super()._make_environment(kubeconfig, parallelism),
            # SQLite would do for this few, but Airflow 2 takes it for one task at a time only.
            "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
            "AIRFLOW__API__AUTH_BACKENDS": "airflow.providers.fab.auth_manager.api.auth.backend.basic_auth",
            "AIRFLOW__SCHEDULER__LOCAL_TASK_JOB_HEARTBEAT_SEC": "2",
            "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD": _DEAD_AFTER_IN_2,
            "AIRFLOW__SCHEDULER__ZOMBIE_DETECTION_INTERVAL": "2",
            "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": host,
            "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": port,
            "AIRFLOW__WEBSERVER__WORKERS": "1",
        }


def make_airflow(folder: Path, kubeconfig: Path) -> Airflow:
    """Make one of the version that is installed."""
    return (Airflow2 if AIRFLOW_VERSION.startswith("2.") else Airflow)(folder, kubeconfig)


def kill_worker(life: Life, supervisors: int) -> None:
    """Kill a task process without a warning.

    :param supervisors: how many of those that could tell of it are killed before, from the nearest one on.
    """
    for pid in (*life.supervisors[len(life.supervisors) - supervisors :], life.pid):
        _send(pid, signal.SIGKILL)


@contextlib.contextmanager
def dead_and_unnoticed(life: Life) -> Iterator[None]:
    """Kill a worker; whoever of its executor's can tell of that does so at the end only."""
    *witnesses, _ = life.supervisors
    for pid in witnesses:
        _send(pid, signal.SIGSTOP)
    kill_worker(life, 1)
    try:
        yield
    finally:
        for pid in witnesses:
            _send(pid, signal.SIGCONT)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
