"""The table of the fault bench."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.faults.judge import Finding, Harm
from tests.faults.report import Row, in_short, table, told_table
from tests.faults.telling import Told

FINDINGS = (
    Finding(Harm.DUPLICATE, "task-1", "two Jobs"),
    Finding(Harm.DUPLICATE, "task-2", "three Jobs"),
    Finding(Harm.LATE, "task-3", "too late"),
)
ROW = Row("a fault", 24, 20, 5, FINDINGS, [0.1, 0.2, 9.0], Path("/logs"))
QUIET = Row("another fault", 20, 20, 20, (), (), Path("/logs"))


def test_a_row_counts_what_happened_and_each_harm_is_a_sentence_that_leads_to_its_log() -> None:
    head, first, second, *rest = table([ROW, QUIET]).splitlines()
    assert " ".join(head.split()) == (
        "fault runs hit faults duplicates doubled work wrong verdicts left behind endless not told noticed (s) worst"
    )
    assert first.split() == ["a", "fault", "24", "20", "5", "2", "0", "0", "0", "0", "0", "0.20", "9.00"]
    assert second.split()[2:] == ["20", "20", "20", "0", "0", "0", "0", "0", "0", "-", "-"]
    assert rest[0] == "a fault, task-1: duplicates: two Jobs."
    assert rest[1] == "  its log: /logs/task_id=task-1"
    assert [line for line in rest if line.startswith("a fault, task-3: late: too late.")]


def test_the_columns_are_aligned() -> None:
    head, first, second = table([ROW, QUIET]).splitlines()[:3]
    assert len(head) == len(first) == len(second)


def test_the_second_table_tells_how_soon_the_logs_named_what_struck() -> None:
    telling = [
        Told(True, "is NotReady", 48.0, 3.0),
        Told(True, "is NotReady", 60.0, 16.0),
        Told(True),
        Told(False, "nothing runs", 1.0),
    ]
    head, line, names = told_table([replace(ROW, told=telling), QUIET]).splitlines()
    assert " ".join(head.split()) == ("fault struck asked in time after it (s) worst after the cluster knew (s) worst")
    assert line.split()[2:] == ["4", "3", "1", "54.00", "60.00", "9.50", "16.00"]
    assert names == "a fault: by is NotReady 2 x, nothing 1 x; where nobody asked: nothing runs 1 x."
    assert in_short(replace(ROW, told=telling)) == "20 hit, 3 harms, 1 of 3 logs named it in time"
    assert in_short(QUIET) == "20 hit, no harm"
