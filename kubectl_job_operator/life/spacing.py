"""How often that is told which changes all the time: the longer it lasts, the less often, so that lines stay few."""

from __future__ import annotations

_LONGEST_SECONDS = 300.0


def step_seconds(shortest: float, elapsed: float) -> float:
    """Return how long to wait for the next line: as long as all has lasted so far, within limits.

    :param shortest: in seconds, at least so long.
    :param elapsed: in seconds, from the beginning to the last line.
    """
    return min(max(shortest, elapsed), _LONGEST_SECONDS)
