"""Reading the cluster's events in the background, for whoever must tell why nothing runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from kubectl_job_operator.attempt.permissions import Permissions
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import events
from kubectl_job_operator.status.rights import LIST_EVENTS


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
    """Reads them with a kubectl for each reading, where the account may; that this fails is no harm.

    :param kubectl: reads.
    :param on_exit: called when events are there, in another thread; ``handle`` then takes them.
    :param permissions: knows whether the account may.
    """

    def __init__(self, kubectl: Kubectl, on_exit: Callable[[Process], None], permissions: Permissions) -> None:
        self._kubectl = kubectl
        self._on_exit = on_exit
        self._permissions = permissions
        self._reading: Call | None = None

    @property
    def is_reading(self) -> bool:
        """Whether a reading goes on."""
        return self._reading is not None

    def start(self, job: Object, waiting: Sequence[Object]) -> None:
        """Begin to read."""
        if self._permissions.has(LIST_EVENTS):
            self._reading = self._kubectl.start_events(events.field_selector(job, waiting), self._on_exit)

    def handle(self, process: Process | None) -> Sequence[Object] | None:
        """Return what was read, if that is the process that has ended."""
        if self._reading is None or self._reading.process is not process:
            return None
        call, self._reading = self._reading, None
        try:
            return self._kubectl.finish_events(call)
        except KubectlError as error:
            # Its words are in the log, and the pods tell most of it.
            if error.kind is ErrorKind.FORBIDDEN:
                self._permissions.is_refused(LIST_EVENTS)
            return None

    def pending(self) -> Sequence[Call]:
        """Return what is still being read."""
        return [self._reading] if self._reading else []
