"""When a deferred task's time is over."""

from __future__ import annotations

import datetime
import time

import pytest

from kubectl_job_operator.life.deferred_timeout import DeferredTimeout, deadline_of


def test_a_deadline_is_a_moment_that_every_process_knows() -> None:
    assert deadline_of(datetime.timedelta(minutes=2), began=1_000.5) == 1_120.5


def test_without_a_timeout_the_time_is_never_over() -> None:
    timeout = DeferredTimeout(deadline_of(None, began=1_000.0))
    assert not timeout.is_over
    assert timeout.seconds_left() == float("inf")


@pytest.mark.parametrize(("now", "left", "is_over"), [(1_119.0, 1.0, False), (1_120.0, 0.0, True), (1_125.0, -5, True)])
def test_the_time_is_over_when_nothing_is_left(
    now: float, left: float, is_over: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: now)
    timeout = DeferredTimeout(1_120.0)
    assert (timeout.seconds_left(), timeout.is_over) == (left, is_over)
