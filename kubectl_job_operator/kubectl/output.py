"""What a process has printed and nobody has taken yet: a bounded queue between its thread and the one that reads."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable

MOST_CHUNKS = 4
"""Of at most 64 KiB each."""


class Output:
    """Holds the printed bytes until they are taken; when it is full, the process has to wait.

    :param wake: called when there is something to take, in the process's thread.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._chunks: queue.Queue[bytes] = queue.Queue(MOST_CHUNKS)
        self._wake = wake
        self._is_closed = False

    def put(self, chunk: bytes) -> None:
        """Add what was printed."""
        if not self._is_closed:
            self._chunks.put(chunk)
            self._wake()

    def take(self) -> bytes:
        """Return the oldest chunk; empty if there is none."""
        try:
            return self._chunks.get_nowait()
        except queue.Empty:
            return b""

    def close(self) -> None:
        """Drop what is here and all that is still to come, so that the process never waits again."""
        self._is_closed = True
        with contextlib.suppress(queue.Empty):
            while True:
                self._chunks.get_nowait()
