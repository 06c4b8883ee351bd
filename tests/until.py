"""Waiting for what happens beside a test."""

from __future__ import annotations

import time
from collections.abc import Callable

_LONGEST_PAUSE_SECONDS = 0.1


def until(condition: Callable[[], bool], otherwise: str, *, seconds: float = 60.0) -> None:
    """Wait until a condition holds; the limit is generous and only there to fail instead of hanging.

    :param otherwise: says what did not come.
    """
    deadline = time.monotonic() + seconds
    pause = 0.01
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(pause)
        # A condition that asks a cluster shall not keep a whole processor busy.
        pause = min(_LONGEST_PAUSE_SECONDS, pause * 1.2)
