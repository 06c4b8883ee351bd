"""One ``kubectl get --watch`` in an event loop, started again whenever it ends; the loop never waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from kubectl_job_operator.attempt.refusals import Refusals
from kubectl_job_operator.attempt.retrying import persist
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.process import Process

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 4.0
_VERSION_SECONDS = 120.0

Event = TypeVar("Event")

Start = Callable[[Callable[[bytes], None], Callable[[Process], None]], Call]


async def require_version(kubectl: Kubectl, show: Callable[[str], None]) -> None:
    """Refuse a kubectl that is too old. One that is only slow, as on a machine with much to do, is asked again.

    :param show: takes a line when it is, and when it answers.
    :raises KubectlJobOperatorError: if there is none, it is too old, or it does not answer for minutes.
    """
    await asyncio.to_thread(
        persist, kubectl.require_version, tolerance_seconds=_VERSION_SECONDS, pause=time.sleep, show=show
    )


class WatchStream(Generic[Event]):
    """Passes the events of a watch on, as long as ``run`` goes on.

    Lines are read in the thread that waits for kubectl, and only what is kept of them comes into the loop.

    :param kubectl: ends the commands.
    :param start: starts the watch.
    :param read: reads a line, in that thread.
    :param take: takes what was read, in the loop.
    :param on_gap: called, in the loop, when the watch has ended, with the error if it was one; events may be missing.
    """

    def __init__(
        self,
        kubectl: Kubectl,
        start: Start,
        read: Callable[[bytes], Event | None],
        take: Callable[[Sequence[Event]], None],
        on_gap: Callable[[KubectlError | None], None],
    ) -> None:
        self._kubectl = kubectl
        self._start = start
        self._read = read
        self._take = take
        self._on_gap = on_gap
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self._process: Process | None = None
        self._ended = asyncio.Event()
        self._pause = _FIRST_PAUSE_SECONDS
        self._refusals = Refusals(kubectl.is_ready)
        self._was_served = False
        self.has_spoken = False
        """Whether the watch that runs has printed something: from then on it tells of every change."""

    async def run(self) -> KubectlError:
        """Watch until that is refused for good, and return the refusal.

        :raises KubectlError: with ``NOT_FOUND``, if the one object that is watched does not exist.
        """
        while True:
            refusal = await self._watch_once()
            if refusal is not None:
                return refusal
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    async def _watch_once(self) -> KubectlError | None:
        """Watch until kubectl ends; return its refusal if that was the last straw."""
        self._rest, self.has_spoken = b"", False
        self._ended.clear()
        call = self._start(self._on_output, self._on_exit)
        self._process = call.process
        try:
            await self._ended.wait()
        except asyncio.CancelledError:
            call.process.stop()
            raise
        finally:
            self._process = None
        error = None
        try:
            await asyncio.to_thread(self._kubectl.finish_stream, call, "the watch has ended; it is started again")
        except KubectlError as failure:
            error = failure
        self._on_gap(error)
        if error is None or error.kind.can_pass:
            self._refusals.forget()
            return None
        if error.kind is ErrorKind.NOT_FOUND:
            raise error
        is_believed = partial(self._refusals.believes, error, was_served=self._was_served)
        return error if await asyncio.to_thread(is_believed) else None

    def _on_output(self, chunk: bytes) -> None:
        """Read what kubectl has printed, in its thread."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        seen = []
        for line in lines:
            with contextlib.suppress(ValueError):  # it is cut; what matters will be said again
                one = self._read(line) if line else None
                if one is not None:
                    seen.append(one)
        if seen:
            self._tell(self._pass_on, seen)

    def _on_exit(self, process: Process) -> None:
        self._tell(self._note_end, process)

    def _tell(self, action: Callable[..., None], argument: object) -> None:
        """Let the loop do something; if it is closed, nobody needs the watch any more."""
        try:
            self._loop.call_soon_threadsafe(action, argument)
        except RuntimeError:
            if self._process is not None:
                self._process.stop()

    def _pass_on(self, seen: Sequence[Event]) -> None:
        self.has_spoken = self._was_served = True
        self._pause = _FIRST_PAUSE_SECONDS
        self._take(seen)

    def _note_end(self, process: Process) -> None:
        if process is self._process:
            self._ended.set()
