"""What the ends of tasks tell of how many can be in flight; pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LATE_SECONDS = 5.0
WINDOW = 9
"""Of so many tasks that end one after the other, most must not be late: one alone may have had bad luck."""


@dataclass(frozen=True)
class End:
    """The end of a task.

    :param lane: the run that it belongs to.
    :param at: when, as Unix time.
    :param is_success: whether it has done what it should.
    """

    lane: str
    at: float
    is_success: bool = True


@dataclass(frozen=True)
class Took:
    """A task from when it was due to its end.

    :param lanes: how many there were in the middle of that time.
    :param seconds: for how long.
    :param has_failed: whether it has not done what it should.
    """

    lanes: int
    seconds: float
    has_failed: bool = False


def took(lanes: Mapping[str, float], ends: Sequence[End]) -> list[Took]:
    """Return how long each task took, the first that ended first.

    :param lanes: when each lane was started, as Unix time: its first task is due then, each other one when the one
        before it has ended.
    :param ends: of tasks in these lanes.
    """
    due, found = dict(lanes), []
    for end in sorted(ends, key=lambda end: end.at):
        found.append(_took(lanes, due[end.lane], end.at, has_failed=not end.is_success))
        due[end.lane] = end.at
    return found


def overdue(lanes: Mapping[str, float], ends: Sequence[End], now: float, seconds: float) -> list[Took]:
    """Return the tasks that have not ended and are late already, as if they ended now.

    :param now: as Unix time.
    :param seconds: what a task takes that is not late at all.
    """
    due = dict(lanes)
    for end in ends:
        due[end.lane] = max(due[end.lane], end.at)
    return [_took(lanes, at, now) for at in sorted(due.values()) if now - at > seconds + LATE_SECONDS]


def capacity(tasks: Sequence[Took], seconds: float) -> int | None:
    """Return how many lanes there were when tasks were first late; ``None`` while they are not.

    A task that has failed is later than any.

    :param tasks: in the order of their ends.
    :param seconds: what a task takes that is not late at all.
    """
    for last in range(WINDOW, len(tasks) + 1):
        some = tasks[last - WINDOW : last]
        late = sum(task.has_failed or task.seconds > seconds + LATE_SECONDS for task in some)
        if late > WINDOW // 2:
            return round(statistics.median(task.lanes for task in some))
    return None


def _took(lanes: Mapping[str, float], due: float, end: float, *, has_failed: bool = False) -> Took:
    there = sum(started <= (due + end) / 2 for started in lanes.values())
    return Took(there, end - due, has_failed)
