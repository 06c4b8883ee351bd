"""Where a run waits: for the end of background commands, for time to pass, and always for being killed."""

from __future__ import annotations

import queue
import time

from kubectl_job_operator.errors import TaskKilledError
from kubectl_job_operator.kubectl.process import Process


class Mailbox:
    """Takes messages from other threads and from signal handlers.

    It is made of ``SimpleQueue``, whose ``put`` is safe even in a signal handler that interrupts ``get`` in the same
    thread; the locks of other queues and events are not.
    """

    def __init__(self) -> None:
        self._exits: queue.SimpleQueue[Process | None] = queue.SimpleQueue()
        self._kills: queue.SimpleQueue[None] = queue.SimpleQueue()
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
        try:
            process = self._exits.get(timeout=timeout_seconds)
        except queue.Empty:
            process = None
        self._is_woken = False
        self.check()
        return process

    def pause(self, seconds: float) -> None:
        """Let time pass.

        :raises TaskKilledError: if the run was killed.
        """
        deadline = time.monotonic() + seconds
        while not self.is_killed and (left := deadline - time.monotonic()) > 0:
            try:
                self._kills.get(timeout=left)
            except queue.Empty:
                break
        self.check()
