"""Reading the cluster's events in the background, for whoever must tell why nothing runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Protocol

from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import events


class EventReader(Protocol):
    """Reads the events about a Job and its pods without anybody waiting for them."""

    @property
    def is_reading(self) -> bool:
        """Whether a reading goes on."""

    def start(self, job: Object, waiting: Sequence[Object]) -> None:
        """Begin to read.

        :param job: the Job.
        :param waiting: those of its pods that have not ended.
        """

    def handle(self, process: Process | None) -> Sequence[Object] | None:
        """Return what was read, if that is the process that has ended; ``None`` if it is another."""

    def pending(self) -> Sequence[Call]:
        """Return what still runs, to be stopped."""


class KubectlEvents:
    """Reads them with a kubectl for each reading; that this fails is no harm.

    :param kubectl: reads.
    :param on_exit: called when events are there, in another thread; ``handle`` then takes them.
    """

    def __init__(self, kubectl: Kubectl, on_exit: Callable[[Process], None]) -> None:
        self._kubectl = kubectl
        self._on_exit = on_exit
        self._reading: Call | None = None

    @property
    def is_reading(self) -> bool:
        """Whether a reading goes on."""
        return self._reading is not None

    def start(self, job: Object, waiting: Sequence[Object]) -> None:
        """Begin to read."""
        self._reading = self._kubectl.start_events(events.field_selector(job, waiting), self._on_exit)

    def handle(self, process: Process | None) -> Sequence[Object] | None:
        """Return what was read, if that is the process that has ended."""
        if self._reading is None or self._reading.process is not process:
            return None
        call, self._reading = self._reading, None
        # Its words are in the log, and the pods tell most of it.
        with contextlib.suppress(KubectlError):
            return self._kubectl.finish_events(call)
        return None

    def pending(self) -> Sequence[Call]:
        """Return what is still being read."""
        return [self._reading] if self._reading else []
