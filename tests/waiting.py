"""How a test waits, and what it does meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def until(condition: Callable[[], bool], otherwise: str, *, seconds: float = 60.0) -> None:
    """Wait until a condition holds; the limit is generous and only there to fail instead of hanging.

    What takes long to find out, as by a kubectl, is found out less often: it would only slow down what is waited for.
    """
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if condition():
            return
        assert time.monotonic() < deadline, otherwise
        time.sleep(min(max(0.01, 3 * (time.monotonic() - began)), 0.5))


def in_background(action: Callable[[], None]) -> threading.Thread:
    """Start doing something beside the test; it has to be joined."""
    thread = threading.Thread(target=action)
    thread.start()
    return thread
