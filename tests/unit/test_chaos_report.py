"""What the chaos bench prints."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tests.chaos.report import Outcome, lines
from tests.faults.judge import Finding, Harm

FINDINGS = (
    Finding(Harm.LINES, "task-1", "2 of 4 lines are not shown"),
    Finding(Harm.LINES, "task-2", "try 1 shows a line twice"),
    Finding(Harm.OTHERS, "ConfigMap/bystander", "somebody has changed it"),
)
OUTCOME = Outcome(50, 25, 30, Counter({"worker killed": 7, "network cut": 3}), FINDINGS, Counter({"it is right": 2}))


def test_each_kind_of_fault_is_counted_even_one_that_there_was_not() -> None:
    head, *rest = lines(OUTCOME, ["worker killed", "network cut", "node dead"])
    assert "50 task instances, 25 of them deferrable; 30 were hit" in head
    assert "10 faults" in head
    assert [line.split() for line in rest[:3]] == [
        ["worker", "killed", "7"],
        ["network", "cut", "3"],
        ["node", "dead", "0"],
    ]


def test_each_harm_is_counted_and_told() -> None:
    printed = list(lines(OUTCOME, []))
    harms = [line.split() for line in printed[printed.index("Harm:") + 1 :]][:7]
    assert [int(words[-1]) for words in harms] == [0, 0, 0, 0, 1, 2, 0]
    assert "No harm, 2 x: it is right." in printed
    assert "task-2: lines lost or doubled: try 1 shows a line twice." in printed
    assert "ConfigMap/bystander: others' things touched: somebody has changed it." in printed


def test_a_storm_that_did_not_go_as_it_should_is_told() -> None:
    printed = list(lines(replace(OUTCOME, mishaps=["node killed: it does not die"]), []))
    assert "A storm did not go as it should, and was mended: node killed: it does not die" in printed


def test_every_harm_that_is_judged_has_its_row() -> None:
    printed = [line.strip().rsplit(maxsplit=1)[0] for line in lines(OUTCOME, [])]
    assert {harm.value for harm in Harm if harm not in (Harm.LATE, Harm.UNTOLD)} <= set(printed)
