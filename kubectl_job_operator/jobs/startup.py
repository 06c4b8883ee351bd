"""Noticing that a Job does not start."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from kubectl_job_operator.errors import JobStartupError
from kubectl_job_operator.jobs import status
from kubectl_job_operator.jobs.status import Object
from kubectl_job_operator.kubectl.client import Call
from kubectl_job_operator.kubectl.process import Process

_MOST_PODS = 5


class StartupLimit:
    """Raises if no container has run when the time is over. It looks once, then: nothing is polled.

    :param job: the Job.
    :param timeout_seconds: how long it may take; the time while the Job is suspended does not count.
    :param look: reads the Job as it now is.
    :param pods_of: lists the pods of a Job.
    """

    def __init__(
        self,
        job: Object,
        timeout_seconds: float,
        look: Callable[[], Object | None],
        pods_of: Callable[[Object], Sequence[Object]],
    ) -> None:
        self._job = job
        self._timeout_seconds = timeout_seconds
        self._look = look
        self._pods_of = pods_of
        self._deadline: float | None = time.monotonic() + timeout_seconds

    def advance(self) -> float | None:
        """Look if the time is over.

        :raises JobStartupError: if no container runs or has run.
        """
        if self._deadline is None:
            return None
        if time.monotonic() >= self._deadline:
            self._deadline = self._check()
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def handle(self, process: Process | None) -> None:
        """Nothing runs in the background here."""

    def pending(self) -> Sequence[Call]:
        """Nothing runs in the background here."""
        return ()

    def _check(self) -> float | None:
        """Return the next deadline, if there must be one."""
        job = self._look()
        if job is None or status.has_ended_pods(job):
            return None  # What it means that there is no Job is for the waits to tell.
        if status.is_suspended(job):
            return time.monotonic() + self._timeout_seconds
        pods = self._pods_of(job)
        if any(status.has_started(pod) for pod in pods):
            return None
        namespace, name = self._job["metadata"]["namespace"], self._job["metadata"]["name"]
        waiting = "".join(f"\n  pod {pod['metadata']['name']}: {status.why_waiting(pod)}" for pod in pods[:_MOST_PODS])
        raise JobStartupError(
            namespace,
            name,
            f"Job {namespace}/{name}: no container has started within {self._timeout_seconds:.0f} s."
            f"{waiting or ' It has no pod.'}\n"
            "What to do: mend what the pods wait for, or raise startup_timeout_seconds (0 is without limit).",
        )
