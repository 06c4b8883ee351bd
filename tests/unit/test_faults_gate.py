"""The gate of the fault bench, through which task instances go in waves."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults import gate
from tests.faults.gate import Gate, ready_wave
from tests.faults.plan import TaskPlan

PLAN = TaskPlan("task-1", 5.0, 0, "IfSucceeded", has_companion=True, backoff_limit=0, retries=1)


def test_who_is_let_through_begins_at_his_time(tmp_path: Path) -> None:
    at = time.time() + 0.2
    Gate(tmp_path).open("task-1", at)
    Gate(tmp_path).pass_through("task-1")
    assert time.time() >= at


def test_who_is_forgotten_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_LONGEST_WAIT_SECONDS", 0.1)
    Gate(tmp_path).open("task-2", 0.0)
    with pytest.raises(TimeoutError, match="task-1"):
        Gate(tmp_path).pass_through("task-1")


def test_a_wave_waits_for_all_that_can_come() -> None:
    left = ["a", "b", "c"]
    assert ready_wave(left, ["a", "b"], ["a", "b"], 2) == ["a", "b"]
    assert ready_wave(left, ["a", "b"], ["a"], 2) == []
    assert ready_wave(left, ["a"], ["a"], 2) == []
    assert ready_wave(left[:1], ["a"], ["a"], 2) == ["a"]


def test_a_wave_waits_until_the_one_before_is_over() -> None:
    assert ready_wave(["a", "b", "c"], ["a", "b", "c"], ["a", "b"], 2) == []


def test_the_phases_come_one_after_another() -> None:
    before, amid, verdict = (aim(PLAN) for aim in (gate.before_the_start, gate.amid, gate.at_the_verdict))
    assert before[1] < 0 < amid[0] < amid[1]
    assert verdict[0] < PLAN.usual_seconds < verdict[1]
    assert gate.any_time(PLAN) == (0, PLAN.usual_seconds)
