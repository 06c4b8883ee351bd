"""When a deferred task's time is over: its ``execution_timeout``, a sensor's ``timeout``."""

from __future__ import annotations

import datetime
import math
import time
from dataclasses import dataclass


def deadline_of(timeout: datetime.timedelta | None, began: float) -> float | None:
    """Return when a task's time is over, in seconds since 1970: every process knows that moment; ``None`` is never.

    :param timeout: how long the task may take; ``None`` is for ever.
    :param began: when it began, in seconds since 1970.
    """
    return None if timeout is None else began + timeout.total_seconds()


@dataclass(frozen=True)
class DeferredTimeout:
    """Knows how much of a deferred task's time is left.

    :param deadline: when it is over, in seconds since 1970; ``None`` is never.
    """

    deadline: float | None

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self.seconds_left() <= 0

    def seconds_left(self) -> float:
        """Return how much is left, in seconds: below zero if it is over, infinite if it never is."""
        return math.inf if self.deadline is None else self.deadline - time.time()
