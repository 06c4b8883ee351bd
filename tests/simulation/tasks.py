"""What Airflow knows of a task instance and its tries, and the Job that it runs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kubectl_job_operator.attempt.identity import Identity, Round
from kubectl_job_operator.attempt.memory import Done, essence
from kubectl_job_operator.attempt.settings import DeletePolicy
from kubectl_job_operator.errors import TaskUnheardError
from kubectl_job_operator.life.runner import JobRunner
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.objects import Object
from tests.simulation.world import Machine, Thread

SECRET = "very-secret-token"
PATIENCE = 90.0, 60.0
"""How long a Job may take to start, and an image to be pulled."""
_MANIFEST = """\
apiVersion: v1
kind: Secret
metadata:
  name: keys-of-{name}
stringData:
  token: {secret}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
spec:
  backoffLimit: {backoff_limit}
  completions: {completions}
  parallelism: {parallelism}
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: busybox:1.36
"""


class WorkerLog:
    """What a try tells; nothing more once its machine is gone.

    :param machine: where.
    :param pass_on: takes the time that Airflow takes for a record.
    """

    def __init__(self, machine: Machine, pass_on: Callable[[], object] = lambda: None) -> None:
        self.lines: list[str] = []
        self.machine = machine
        self._pass_on = pass_on

    def info(self, message: str, /) -> None:
        """Take a record."""
        if not self.machine.is_gone:
            self.lines.append(message)
            self._pass_on()

    warning = error = critical = info

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)


@dataclass
class Try:
    """One try of a task instance, as it really goes.

    :param identity: who it is.
    :param machine: where; its name is the try's.
    :param log: what it tells.
    :param container_log: what it shows of the containers.
    :param job: the Job by which it succeeded; ``None`` if it has not.
    :param result: what that one handed over.
    :param error: what it raised.
    """

    identity: Identity
    machine: Machine
    log: WorkerLog
    container_log: WorkerLog
    runner: JobRunner | None = None
    thread: Thread | None = None
    job: Object | None = None
    result: Any = None
    error: BaseException | None = None
    is_killed: bool = False
    """Whether Airflow has called its ``on_kill``."""
    ended_at: float | None = None
    """When it came to its end, in seconds of the world; ``None`` where its machine went before."""
    is_unheard: bool = False
    """Whether its supervisor is gone: it goes on, and Airflow hears nothing of it and cannot end it."""
    has_ignored_kill: bool = False
    """Whether it came to a good end, or to a deferral, all the same."""

    @property
    def name(self) -> str:
        """Its name, for people and in the cluster's journal."""
        return self.machine.name

    @property
    def is_alive(self) -> bool:
        """Whether it goes on."""
        return self.thread is not None and not self.thread.has_ended and not self.machine.is_gone


@dataclass
class TaskInstance:
    """A row of Airflow's database, and what its tries have kept there.

    :param run_id: its run.
    :param job_name: the name of its Job.
    :param retries: what its DAG says.
    :param backoff_limit: what its template says.
    :param delete_policy: what its DAG says.
    :param is_deferrable: whether the triggerer waits for its Job.
    :param completions: how many of its pods must succeed, two at once at most.
    :param hands_over: whether its pods hand over a result.
    """

    run_id: str
    job_name: str
    retries: int
    backoff_limit: int
    delete_policy: DeletePolicy
    is_deferrable: bool = False
    completions: int = 1
    hands_over: bool = False
    runs: int = 1
    """How often its run was made."""
    state: str = "queued"
    try_number: int = 0
    max_tries: int = 0
    clear_number: int = 0
    run_started: str = ""
    started: str = ""
    noted: dict[str, Done] = field(default_factory=dict)
    tries: list[Try] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """Why a Job of it may run on though no try says so."""
    steps: list[tuple[str, str]] = field(default_factory=list)
    """From which state it came to which."""

    def become(self, state: str) -> None:
        """Take another state."""
        self.steps.append((self.state, state))
        self.state = state

    @property
    def round(self) -> Round:
        """Which tries belong together now."""
        return Round(self.run_started, self.clear_number, self.max_tries)


class Memory:
    """Airflow's store for the state of a task.

    :param ask_airflow: takes the time that a question takes.
    """

    def __init__(self, instance: TaskInstance, this: Try, ask_airflow: Callable[[], object]) -> None:
        self._instance = instance
        self._try = this
        self._ask_airflow = ask_airflow

    def note(self, done: Done) -> None:
        """Keep it."""
        self._ask_airflow()
        self._try.machine.check()
        if self._try.is_unheard:
            raise TaskUnheardError("The supervisor is gone.")
        self._instance.noted[str(self._try.identity.round)] = Done(essence(done.job), done.result, done.pod_names)

    def recall(self) -> Done | None:
        """Return what a try of the same round has kept."""
        self._ask_airflow()
        self._try.machine.check()
        if self._try.is_unheard:
            return None
        return self._instance.noted.get(str(self._try.identity.round))


@functools.cache
def manifest(name: str, backoff_limit: int, completions: int) -> Manifest:
    """Return what a task applies: a Job and a Secret."""
    text = _MANIFEST.format(
        name=name,
        secret=SECRET,
        backoff_limit=backoff_limit,
        completions=completions,
        parallelism=min(2, completions),
    )
    return Manifest.parse(text, "/dags/countdown.yaml.j2")
