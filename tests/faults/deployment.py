"""A real Airflow of its own in a folder: database, LocalExecutor, api-server, scheduler, dag-processor, triggerer."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.faults.database import Database

_ROOT = Path(__file__).parents[2]
_TRIGGERER = "triggerer"
_START_SECONDS = 180.0
_USER = "bench"
_SERVER_ERROR = 500
_BUSY_SECONDS = 420.0
_ANSWER_SECONDS = 240.0


@dataclass(frozen=True)
class Try:
    """One try of a task instance, as Airflow tells of it.

    :param number: from 1.
    :param state: Airflow's word; empty while there is none.
    :param started_at: as Unix time; ``None`` before.
    :param ended_at: the same.
    """

    number: int
    state: str
    started_at: float | None
    ended_at: float | None


class Deployment:
    """Airflow's processes, from ``start`` to ``stop``.

    :param folder: its ``AIRFLOW_HOME``; must be empty.
    :param kubeconfig: where its tasks find the cluster.
    :param parallelism: how many tasks run at once.
    :param with_triggerer: whether there is a triggerer too.
    :param with_postgresql: whether many write at once; SQLite does for a few.
    """

    programs: tuple[str, ...] = ("api-server", "scheduler", "dag-processor")
    api = "api/v2"

    def __init__(
        self,
        folder: Path,
        kubeconfig: Path,
        parallelism: int,
        *,
        with_triggerer: bool = False,
        with_postgresql: bool = False,
    ) -> None:
        self.folder = folder
        self.parallelism = parallelism
        self._programs = (*self.programs, _TRIGGERER) if with_triggerer else self.programs
        self.dags = folder / "dags"
        self.dags.mkdir()
        self._password = secrets.token_urlsafe(24)
        self._address = f"http://127.0.0.1:{_free_port()}"
        self._database = Database(folder / "postgresql") if with_postgresql else None
        self._environment = self._make_environment(kubeconfig, parallelism)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._former: list[subprocess.Popen[bytes]] = []
        self._token = ""

    def start(self) -> None:
        """Make the database and start everything; return when all of it works."""
        self._write_passwords()
        if self._database is not None:
            self._database.start()
        with self._output("migrate") as log:
            argv = [*airflow_command(), "db", "migrate"]
            subprocess.run(argv, env=self._environment, stdout=log, stderr=log, check=True)
        for program in self._programs:
            self._start(program)
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_healthy():
            dead = [name for name, one in self._processes.items() if one.poll() is not None]
            if dead or time.monotonic() > deadline:
                raise RuntimeError(f"Airflow does not start ({', '.join(dead) or 'too slow'}): see {self.folder}/*.out")
            time.sleep(0.5)

    def stop(self) -> None:
        """Kill every process, orphans too, and those that are born meanwhile."""
        while found := self.processes():
            for process in found:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(found, timeout=10)
        for started in (*self._processes.values(), *self._former):
            started.wait()
        if self._database is not None:
            self._database.stop()

    def triggerer(self) -> list[psutil.Process]:
        """Return the processes of the triggerer; its kubectls are among them."""
        return self._family(_TRIGGERER)

    def replace_triggerer(self) -> None:
        """Kill the triggerer without a warning, and start another one."""
        for process in self.triggerer():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._start_another(_TRIGGERER)

    def processes(self) -> list[psutil.Process]:
        """Return all living processes of this Airflow, and of its tasks.

        Airflow's own stay in the sessions that they were started in, and write their titles over their environments;
        a kubectl has a session of its own, and the environment.
        """
        sessions = {one.pid for one in (*self._processes.values(), *self._former)}
        mine = ("AIRFLOW_HOME", str(self.folder))
        return [
            one
            for one in psutil.process_iter()
            if _is_alive(one) and (_session_of(one) in sessions or mine in _environment_of(one).items())
        ]

    def knows(self, dag_id: str) -> bool:
        """Whether the DAG has been read."""
        with suppress(urllib.error.HTTPError):
            return bool(self._ask(f"dags/{dag_id}"))
        return False

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run of the DAG, with its configuration, and return its id."""
        body = {"logical_date": None, "conf": conf or {}}
        return str(self._ask(f"dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Return the states of the run's task instances, by their ids; empty where there is none yet."""
        answer = self._ask(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=200")
        return {one["task_id"]: one["state"] or "" for one in answer["task_instances"]}

    def tries(self, dag_id: str, run_id: str, task_id: str) -> list[Try]:
        """Return the tries of a task instance, the first one first."""
        answer = self._ask(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/tries")
        found = [
            Try(one["try_number"], one["state"] or "", _unix(one["start_date"]), _unix(one["end_date"]))
            for one in answer["task_instances"]
        ]
        return sorted(found, key=lambda one: one.number)

    def task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> Path:
        """Return where the log of a try is."""
        parts = (f"dag_id={dag_id}", f"run_id={run_id}", f"task_id={task_id}", f"attempt={try_number}.log")
        return Path(self.folder, "logs", *parts)

    def mapped_states(self, dag_id: str, run_id: str) -> dict[int, str]:
        """Return the states of the instances of the run's one mapped task, by their map indexes."""
        answer = self._ask(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=500")
        return {one["map_index"]: one["state"] or "" for one in answer["task_instances"]}

    def mark(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark a task instance, as a user does."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        self._ask(path, {"new_state": state}, method="PATCH")

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Clear a task instance, as a user does."""
        what = {"dry_run": False, "dag_run_id": run_id, "task_ids": [task_id], "only_failed": False}
        self._ask(f"dags/{dag_id}/clearTaskInstances", what)

    def _ask(self, path: str, body: Mapping[str, Any] | None = None, method: str | None = None) -> dict[str, Any]:
        """Ask the public API, again where its database was busy; another error tells what it answered."""
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                return self._request(f"/{self.api}/{path}", body, {"Authorization": f"Bearer {self._token}"}, method)
            except urllib.error.HTTPError as error:
                said = error.read().decode(errors="replace")
                # Of two that change a row at the same time one may meet what the other has just written.
                is_busy = error.code >= _SERVER_ERROR or "Unique constraint violation" in said
                if is_busy and time.monotonic() < deadline:
                    time.sleep(1)
                    continue
                error.msg = f"{method or 'asking for'} {path}: {error.msg} {said}"
                raise

    def _family(self, program: str) -> list[psutil.Process]:
        """Return the living processes of a program and all that they have started, the program itself first."""
        started = psutil.Process(self._processes[program].pid)
        return [one for one in (started, *started.children(recursive=True)) if _is_alive(one)]

    def _start_another(self, program: str) -> None:
        """Start a program beside one that is dead, or is to be."""
        self._former.append(self._processes.pop(program))
        self._start(program)

    def _start(self, program: str) -> None:
        with self._output(program) as log:
            self._processes[program] = subprocess.Popen(
                [*airflow_command(), program], env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def _request(
        self, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str], method: str | None = None
    ) -> dict[str, Any]:
        request = urllib.request.Request(
            self._address + path,
            data=None if body is None else json.dumps(body).encode(),
            # Airflow 2 looks for a body where there is a type of one.
            headers={**({} if body is None else {"Content-Type": "application/json"}), **headers},
            method=method,
        )
        # A proxy has nothing to do with this machine's own ports.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=_ANSWER_SECONDS) as answer:
            # What was deleted is not shown.
            found: dict[str, Any] = json.loads(answer.read() or "{}")
            return found

    def _is_healthy(self) -> bool:
        try:
            if not self._token:
                login = {"username": _USER, "password": self._password}
                self._token = self._request("/auth/token", login, {})["access_token"]
            health = self._ask("monitor/health")
        except OSError:
            return False
        parts = ["metadatabase", "scheduler", "dag_processor"]
        parts += ["triggerer"] if _TRIGGERER in self._programs else []
        return all(health[part]["status"] == "healthy" for part in parts)

    def _write_passwords(self) -> None:
        file = self.folder / "passwords.json"
        file.touch(0o600)
        file.write_text(json.dumps({_USER: self._password}))

    def _output(self, name: str) -> Any:
        return (self.folder / f"{name}.out").open("ab")

    def _make_environment(self, kubeconfig: Path, parallelism: int) -> dict[str, str]:
        host, port = self._address.removeprefix("http://").split(":")
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW_")}
        return {
            **inherited,
            "AIRFLOW_HOME": str(self.folder),
            "KUBECONFIG": str(kubeconfig),
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "PYTHONPATH": str(_ROOT),
            "NO_PROXY": "127.0.0.1",
            "AIRFLOW__API__HOST": host,
            "AIRFLOW__API__PORT": port,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "false",
            "AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE": "false",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self._address}/execution/",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__CORE__PARALLELISM": str(parallelism),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.folder / "passwords.json"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{_USER}:admin",
            "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "false",
            # A scheduler ends when SQLite is locked for longer than it waits.
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.folder}/airflow.db?timeout=60",
            **(self._database.settings if self._database else {}),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(_free_port()),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(_free_port()),
            # A supervisor that was killed is noticed within a quarter of a minute instead of five.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "12",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
        }


def airflow_command() -> tuple[str, ...]:
    """Return how Airflow's command line is started in this environment."""
    return sys.executable, "-m", "airflow"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _session_of(process: psutil.Process) -> int:
    with suppress(OSError):
        return os.getsid(process.pid)
    return 0


def _environment_of(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def _unix(text: str | None) -> float | None:
    from datetime import datetime

    # Python 3.10 reads no Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else None
