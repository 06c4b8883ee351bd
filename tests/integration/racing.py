"""Two processes that bring an object of one name into being in the same instant, again and again."""

from __future__ import annotations

import logging
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import Barrier
from typing import Any

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.settings import Settings
from kubectl_job_operator.errors import KubectlJobOperatorError, TaskKilledError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.changing import Changing
from kubectl_job_operator.life.runner import JobRunner
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.objects import Object
from tests.integration.namespace import Namespace

_LIMIT_SECONDS = 120.0
# Long enough for both to be awake, however busy the machine is.
_AHEAD_SECONDS = 0.05


@dataclass(frozen=True)
class Start:
    """What came of one of the two.

    :param applied_at: when its first ``kubectl apply`` was started, on the monotonic clock of the machine.
    :param uid: of the object that it has; empty if it has none.
    :param error: the class of what it ended with instead, and its message.
    """

    applied_at: float
    uid: str = ""
    error: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Racer:
    """One of the two.

    :param run_id: Airflow's, of its task instance.
    :param try_number: Airflow's.
    :param started: when its try began, as a label's text.
    """

    run_id: str
    try_number: int = 1
    started: str = ""

    def identity(self, number: int) -> Identity:
        """Return who it is in one of the rounds."""
        return Identity("dag", "task", f"{self.run_id}-{number}", try_number=self.try_number, started=self.started)


class Race:
    """Runs the rounds.

    :param namespace: where.
    :param manifest: of an object that does not end by itself, with ``NUMBER`` for the round's number.
    :param racers: who.
    """

    def __init__(self, namespace: Namespace, manifest: str, racers: tuple[Racer, Racer]) -> None:
        self._racers = racers
        self._context: SpawnContext = multiprocessing.get_context("spawn")
        self._place = (str(namespace.cluster.kubeconfig), namespace.cluster.context, namespace.name)
        self._manifest = manifest

    def rounds(self, count: int) -> list[tuple[Start, Start]]:
        """Run so many rounds and return what came of each."""
        barrier = self._context.Barrier(len(self._racers), timeout=_LIMIT_SECONDS)
        instant = self._context.Value("d", 0.0)
        starts: list[Any] = [self._context.Queue() for _ in self._racers]
        processes = [
            self._context.Process(
                target=_race, args=(self._place, self._manifest, racer, count, barrier, instant, queue)
            )
            for racer, queue in zip(self._racers, starts, strict=True)
        ]
        for process in processes:
            process.start()
        try:
            one, other = starts
            return [(one.get(timeout=_LIMIT_SECONDS), other.get(timeout=_LIMIT_SECONDS)) for _ in range(count)]
        finally:
            for process in processes:
                process.kill()
                process.join()


class _Winner:
    """Takes the object as its own when it is there, and lets go of it when the other one has come to an end too."""

    wants_events = wants_pods = False

    def __init__(self, barrier: Barrier) -> None:
        self._barrier = barrier
        self.uid = ""
        self.kill: Callable[[], None] = lambda: None

    def on_job(self, job: Object) -> None:
        if not self.uid:
            self.uid = job["metadata"]["uid"]
            self._barrier.wait()
            self.kill()

    def on_pods(self, pods: Any) -> None:
        """Take no notice."""

    def on_events(self, events: Any) -> None:
        """Take no notice."""


def _race(  # noqa: PLR0917 - a process takes them as they come
    place: tuple[str, str, str], text: str, racer: Racer, count: int, barrier: Barrier, instant: Any, queue: Any
) -> None:
    """Run all rounds of one of the two, in a process of its own."""
    kubeconfig, context, namespace = place
    apply = Changing.apply
    applied_at: list[float] = []
    silent = logging.getLogger("silent")
    silent.addHandler(logging.NullHandler())
    silent.propagate = False

    def apply_together(self: Any, *arguments: Any) -> Any:
        if not applied_at:
            if barrier.wait() == 0:
                instant.value = time.monotonic() + _AHEAD_SECONDS
            barrier.wait()
            time.sleep(max(0.0, instant.value - time.monotonic()))
            applied_at.append(time.monotonic())
        return apply(self, *arguments)

    Changing.apply = apply_together  # type: ignore[method-assign, assignment]
    for number in range(count):
        applied_at.clear()
        winner = _Winner(barrier)
        runner = JobRunner(
            Manifest.parse(text.replace("NUMBER", str(number)), "race"),
            racer.identity(number),
            Access(kubeconfig, context),
            namespace=namespace,
            settings=Settings(log_yaml=False),
            log=silent,
            observer=winner,
        )
        winner.kill = runner.kill
        error = ("", "")
        try:
            runner.run()
        except TaskKilledError:
            pass
        except KubectlJobOperatorError as failure:
            error = (type(failure).__name__, str(failure))
        if not winner.uid:
            barrier.wait()
        queue.put(Start(applied_at[0] if applied_at else 0.0, winner.uid, error))
