"""The Job's pods as they are last known, read now and then until the first container runs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence

from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.jobs import status
from kubectl_job_operator.jobs.status import Object
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.process import Process

_PAUSES_SECONDS = (2.0, 2.0, 3.0, 5.0, 10.0)


class PolledPods:
    """A chore that reads the pods in the background; called, it gives what it has read last.

    :param kubectl: reads them.
    :param job: whose.
    :param on_exit: called when they are there, in another thread; ``handle`` then takes them.
    """

    def __init__(self, kubectl: Kubectl, job: Object, on_exit: Callable[[Process], None]) -> None:
        self._kubectl = kubectl
        self._selector = status.pod_selector(job)
        self._on_exit = on_exit
        self._pods: Sequence[Object] = ()
        self._pauses = list(_PAUSES_SECONDS)
        self._next: float | None = time.monotonic() + self._pauses[0]
        self._call: Call | None = None

    def __call__(self) -> Sequence[Object]:
        """Return the pods."""
        return self._pods

    def advance(self) -> float | None:
        """Start reading if it is time to, and return in how many seconds to ask again."""
        if self._next is None or self._call is not None:
            return None
        now = time.monotonic()
        if now >= self._next:
            self._call = self._kubectl.start_select("pods", self._selector, self._on_exit)
            return None
        return self._next - now

    def handle(self, process: Process | None) -> None:
        """Take the pods if it is their process that has ended."""
        if self._call is None or self._call.process is not process:
            return
        call, self._call = self._call, None
        # Its words are in the log, and the next look may do better.
        with contextlib.suppress(KubectlError):
            self._pods = self._kubectl.finish_select(call)
        if len(self._pauses) > 1:
            self._pauses.pop(0)
        is_over = any(status.is_running(pod) for pod in self._pods)
        self._next = None if is_over else time.monotonic() + self._pauses[0]

    def pending(self) -> Sequence[Call]:
        """Return what is still being read, to be stopped."""
        return [self._call] if self._call else []
