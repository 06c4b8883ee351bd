"""What a test does beside the task that it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def in_background(action: Callable[[], None]) -> threading.Thread:
    """Start doing something beside the test; it has to be joined."""
    thread = threading.Thread(target=action)
    thread.start()
    return thread


def until(condition: Callable[[], bool], otherwise: str, *, seconds: float = 60) -> None:
    """Wait until a condition holds; the limit is generous and only there to fail instead of hanging."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)
