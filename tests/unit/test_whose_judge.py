"""What ``make test-whose`` calls harm."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit import recordings
from tests.whose.judge import harms
from tests.whose.report import add, table
from tests.whose.sightings import Sighting, Work

ENDLESS = float("inf")


def job(uid: str, scenario: str = "complete", digests: tuple[str, ...] = ("ours",)) -> Sighting:
    made: dict[str, Any] = copy.deepcopy(recordings.job(scenario))
    made["metadata"]["uid"] = uid
    return Sighting(made, list(digests))


def work(uid: str, began: float, ended: float, exit_code: int | None = 0, digest: str = "ours") -> Work:
    return Work(uid, digest, began, ended, exit_code)


def test_a_success_with_its_own_work_is_no_harm() -> None:
    assert list(harms([job("a"), job("b")], [work("a", 1, 5), work("b", 5, 9)], 2)) == []


def test_a_success_without_a_job_of_its_own_is_harm() -> None:
    (harm,) = harms([job("a")], [work("a", 1, 5)], 2)
    assert "2 successes, but 1 Complete" in harm


@pytest.mark.parametrize("exit_code", [1, None])
def test_a_complete_job_in_which_nobody_worked_to_the_end_is_harm(exit_code: int | None) -> None:
    (harm,) = harms([job("a")], [work("a", 1, 5, exit_code)], 1)
    assert "no container did its work" in harm


@pytest.mark.parametrize("ended", [7.0, ENDLESS])
def test_two_jobs_of_one_task_instance_that_work_at_once_are_harm(ended: float) -> None:
    (harm,) = harms([job("a", "failed-exit-code"), job("b")], [work("a", 1, ended, None), work("b", 5, 9)], 1)
    assert "worked at once" in harm


def test_two_pods_of_one_job_and_jobs_of_two_task_instances_may_work_at_once() -> None:
    jobs = [job("a"), job("b", digests=("theirs",))]
    assert list(harms(jobs, [work("a", 1, 9), work("a", 2, 8), work("b", 1, 9, digest="theirs")], 2)) == []


def test_a_job_that_changes_hands_is_harm() -> None:
    (harm,) = harms([job("a", digests=("ours", "theirs"))], [work("a", 1, 5)], 1)
    assert "was taken from one task instance by another: ours, theirs" in harm


def test_the_table_has_all_versions_side_by_side(tmp_path: Any) -> None:
    file = tmp_path / "report.json"
    add(file, "2.10.5", {"one": [], "two": ["a wrong"]})
    assert add(file, "3.3.2", {"two": []}).splitlines() == [
        "| scene | 2.10.5 | 3.3.2 |",
        "|---|---|---|",
        "| one | ok | not played |",
        "| two | HARM | ok |",
        "2.10.5, two: a wrong",
    ]
    assert add(None, "3.3.2", {"one": []}) == table({"3.3.2": {"one": []}})
