"""Where a run waits: for the end of background commands, for time to pass, and always for being killed."""

from __future__ import annotations

import math
import queue
import time

from kubectl_job_operator.errors import TaskKilledError
from kubectl_job_operator.kubectl.process import LONGEST_BLOCK_SECONDS, Process


class Mailbox:
    """Takes messages from other threads and from signal handlers.

    It is made of ``SimpleQueue``, whose ``put`` is safe even in a signal handler that interrupts ``get`` in the same
    thread; the locks of other queues and events are not.
    """

    def __init__(self) -> None:
        self._exits: queue.SimpleQueue[Process | None] = queue.SimpleQueue()
        self._kills: queue.SimpleQueue[Process | None] = queue.SimpleQueue()
        self.is_killed = False
        self._is_woken = False

    def post(self, process: Process) -> None:
        """Tell that a process has ended."""
        self._exits.put(process)

    def wake(self) -> None:
        """End the wait that goes on, or the next one: there is something to look at."""
        if not self._is_woken:
            self._is_woken = True
            self._exits.put(None)

    def kill(self) -> None:
        """End every wait, now and later, with ``TaskKilledError``."""
        self.is_killed = True
        self._kills.put(None)
        self._exits.put(None)

    def check(self) -> None:
        """Raise if the run was killed.

        :raises TaskKilledError: if so.
        """
        if self.is_killed:
            raise TaskKilledError("The task was told to stop.")

    def receive(self, timeout_seconds: float | None) -> Process | None:
        """Wait for a process to end; ``None`` if none has in that time, or if the wait was ended by ``wake``.

        :raises TaskKilledError: if the run was killed.
        """
        deadline = math.inf if timeout_seconds is None else time.monotonic() + timeout_seconds
        process = _first(self._exits, deadline)
        self._is_woken = False
        self.check()
        return process

    def pause(self, seconds: float) -> None:
        """Let time pass.

        :raises TaskKilledError: if the run was killed.
        """
        deadline = time.monotonic() + seconds
        while not self.is_killed and time.monotonic() < deadline:
            _first(self._kills, deadline)
        self.check()


def _first(messages: queue.SimpleQueue[Process | None], deadline: float) -> Process | None:
    """Return the first message; ``None`` if it is one without content, or if there is none until the deadline."""
    while True:
        try:
            return messages.get(timeout=min(LONGEST_BLOCK_SECONDS, max(0.0, deadline - time.monotonic())))
        except queue.Empty:
            if time.monotonic() >= deadline:
                return None
