"""What a test does beside the task that it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable


def in_background(action: Callable[[], None]) -> threading.Thread:
    """Start doing something beside the test; it has to be joined."""
    thread = threading.Thread(target=action)
    thread.start()
    return thread
