"""The clocks of a waiting go on when the task goes from process to process."""

from __future__ import annotations

import time

import pytest

from kubectl_job_operator.life.startup_clocks import Clocks, seconds_since
from kubectl_job_operator.status.outlook import Outlook


def test_the_time_between_two_processes_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    key = ("pod", "main", Outlook.PULL_FAILING)
    before = Clocks(90.0, 150.0, {key: 95.0}, {"a reason"}, is_running=False, has_started=True)
    text = before.to_text(100.0)
    later = time.time() + 7.0
    monkeypatch.setattr(time, "time", lambda: later)
    after = Clocks.from_text(text, 5000.0)
    assert after.waits_since == pytest.approx(5000.0 - 17.0, abs=1.0)
    assert after.deadline == pytest.approx(5000.0 + 43.0, abs=1.0)
    assert after.since == {key: pytest.approx(5000.0 - 12.0, abs=1.0)}
    assert after.said == {"a reason"}
    assert (after.is_running, after.has_started) == (False, True)


def test_a_clock_that_was_set_back_meanwhile_makes_nothing_younger(monkeypatch: pytest.MonkeyPatch) -> None:
    text = Clocks(90.0, 150.0).to_text(100.0)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert Clocks.from_text(text, 5000.0).waits_since == 5000.0 - 10.0


def test_of_very_many_reasons_only_some_are_handed_over() -> None:
    many = Clocks(
        0.0, 0.0, {(f"pod-{n}", "main", Outlook.MAY_HEAL): 0.0 for n in range(900)}, {str(n) for n in range(900)}
    )
    assert len(many.to_text(1.0)) < 10_000


def test_a_time_of_the_cluster_is_read() -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    assert 59 <= seconds_since(stamp) <= 65
