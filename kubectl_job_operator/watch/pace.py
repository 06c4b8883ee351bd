"""How often many pods are looked at: of very many one changes every moment."""

from __future__ import annotations

import time
from collections.abc import Sequence

from kubectl_job_operator.kubectl.client import Call
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.watch.pods import PodWatch
from kubectl_job_operator.watch.waiting import Chore

_SECONDS_PER_POD, _LONGEST_SECONDS = 0.001, 5.0


class Pace:
    """Lets looks take the same small part of the time, however many pods are looked at."""

    def __init__(self) -> None:
        self._next = 0.0

    def left(self) -> float:
        """Return in how many seconds to look again; 0 is now."""
        return max(0.0, self._next - time.monotonic())

    def looked(self, pod_count: int) -> None:
        """Learn that so many pods have been looked at."""
        self._next = time.monotonic() + min(_LONGEST_SECONDS, pod_count * _SECONDS_PER_POD)


class Paced:
    """A chore that lets others look at the pods when these have changed, or when it is time: not for each log line.

    :param watch: knows the pods.
    :param chores: those that look, and depend on nothing but the pods, the time and their own commands.
    """

    def __init__(self, watch: PodWatch, *chores: Chore) -> None:
        self._watch = watch
        self._chores = chores
        self._pace = Pace()
        self._version = -1
        self._due: float | None = 0.0

    def advance(self) -> float | None:
        """Let them look if they are to, and return in how many seconds to ask again."""
        now = time.monotonic()
        left = [] if self._due is None else [self._due - now]
        if self._version != self._watch.version:
            left.append(self._pace.left())
        if not left or min(left) > 0:
            return min(left, default=None)
        self._version = self._watch.version
        limits = [limit for chore in self._chores if (limit := chore.advance()) is not None]
        self._pace.looked(len(self._watch.telling()))
        self._due = time.monotonic() + min(limits) if limits else None
        return min(limits, default=None)

    def handle(self, process: Process | None) -> None:
        """Let them learn that a process has ended, and look again if it was one of theirs."""
        before = self.pending()
        for chore in self._chores:
            chore.handle(process)
        if self.pending() != before:
            self._due = 0.0

    def pending(self) -> Sequence[Call]:
        """Return the commands that still run, to be stopped."""
        return [call for chore in self._chores for call in chore.pending()]
