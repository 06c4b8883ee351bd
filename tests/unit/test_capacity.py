"""How many tasks can be in flight, as the bench of that reads it from their ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.benchmarks.capacity.lanes import LATE_SECONDS, WINDOW, End, Took, capacity, overdue, took
from tests.benchmarks.capacity.measuring import Column, capacities

USUAL = 25.0
LATE = USUAL + LATE_SECONDS + 1


def test_a_task_is_due_when_the_one_before_it_in_its_lane_has_ended() -> None:
    lanes = {"one": 0.0, "two": 10.0}
    ends = [End("two", 40.0), End("one", 25.0), End("one", 52.0)]
    assert [task.seconds for task in took(lanes, ends)] == [25.0, 30.0, 27.0]


def test_a_task_counts_for_the_lanes_in_the_middle_of_its_time() -> None:
    lanes = {"one": 0.0, "two": 10.0, "three": 14.0}
    assert [task.lanes for task in took(lanes, [End("one", 26.0), End("one", 50.0)])] == [2, 3]


def test_nothing_is_late_that_takes_five_seconds_more() -> None:
    assert capacity([Took(20, USUAL + LATE_SECONDS)] * 50, USUAL) is None


def test_a_few_late_tasks_may_have_had_bad_luck() -> None:
    some = [Took(8, USUAL)] * (WINDOW // 2 + 1)
    assert capacity([*some, *[Took(8, LATE)] * (WINDOW // 2), *some], USUAL) is None


def test_the_capacity_is_how_many_lanes_there_were_when_most_tasks_were_first_late() -> None:
    tasks = [Took(lanes, USUAL if lanes < 30 else LATE) for lanes in range(6, 60)]
    assert capacity(tasks, USUAL) == pytest.approx(30, abs=1)


def test_a_task_that_has_failed_is_late_however_soon() -> None:
    assert capacity([Took(12, 1.0, has_failed=True)] * WINDOW, USUAL) == 12
    assert took({"one": 0.0}, [End("one", 3.0, is_success=False)])[0].has_failed


def test_a_task_that_has_not_ended_is_late_as_soon_as_it_is_overdue() -> None:
    lanes, ends = {"one": 0.0, "two": 10.0, "three": 40.0}, [End("one", 25.0), End("two", 40.0)]
    now = 40.0 + USUAL + LATE_SECONDS
    assert overdue(lanes, ends, now, USUAL) == [Took(3, now - 25.0)]


def test_all_kinds_are_late_by_the_measure_of_the_quickest_with_few_lanes() -> None:
    quick, slow = column(USUAL), column(USUAL + LATE_SECONDS + 1)
    assert capacities([quick, slow, column(1.0, tasks=[])]) == [
        pytest.approx(30, abs=1),
        pytest.approx(10, abs=1),
        None,
    ]


def column(seconds: float, tasks: Sequence[Took] | None = None) -> Column:
    """Return a kind of task that takes so long in up to 30 lanes."""
    slower = [Took(lanes, seconds if lanes < 30 else seconds + LATE_SECONDS + 1) for lanes in range(6, 60)]
    return Column(seconds, 1.0, 1.0, 0, slower if tasks is None else tasks)
