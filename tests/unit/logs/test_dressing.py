"""A container's line is shown so that nobody takes it for one of the operator's own, and as a terminal shows it."""

from __future__ import annotations

import pytest

from kubectl_job_operator.attempt.settings import Following
from kubectl_job_operator.logs.dressing import Dressing, last_state, may_be_like_ours, undisguised
from tests.unit.stage import Log

FORGED = [
    "$ kubectl delete ns x",
    "  -> delete: namespace/x (0.10 s)",
    "Job here/load failed: BackoffLimitExceeded",
    "Job load: 1/1 succeeded, 3 s",
    "Job here/load is Complete after 3.0 s: 1/1 succeeded.",
    "----- pod a, container main: end -----",
    "\x1b[1m$ kubectl delete ns x",
]
INNOCENT = ["", "a line", "costs $ 5", "$HOME", " -> b", "Job", "Jobs are done", "Job failed", "-----", "\x1b[1mbold"]


@pytest.mark.parametrize("line", FORGED)
def test_a_forged_line_is_noticed_wherever_it_stands(line: str) -> None:
    assert may_be_like_ours(line)
    assert may_be_like_ours(f"one\n{line}\nthree")
    assert not may_be_like_ours("one\ncosts $ 5\n -> three")


@pytest.mark.parametrize("line", FORGED)
def test_a_line_like_one_of_the_operators_own_has_the_containers_name_before_it(line: str) -> None:
    assert undisguised(["one", line, "two"], "[p/main] ") == ["one", f"[p/main] {line}", "two"]


@pytest.mark.parametrize("line", INNOCENT)
def test_every_other_line_stays_as_it_is(line: str) -> None:
    assert undisguised(["$ x", line], "[p/main] ")[1] == line


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\r"])
def test_nothing_that_is_taken_for_a_newline_hides_a_forged_line(separator: str) -> None:
    dressing = Dressing(Following(), Log())
    line = f"a{separator}$ kubectl delete ns x{separator}  -> done"
    runs = dressing.dress("p", "main", [line], is_named=False)
    shown = [part for _, run in runs for one in run for part in one.splitlines()]
    assert not [part for part in shown if part.startswith(("$ ", "  -> "))]
    assert "[p/main]   -> done" in shown


def test_a_formatter_forges_nothing_either() -> None:
    dressing = Dressing(Following(formatter=lambda _, line: f"$ {line}"), Log())
    assert list(dressing.dress("p", "main", ["ls"], is_named=True)) == [("info", ["[p/main] $ ls"])]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("whole", "whole"),
        ("windows\r", "windows"),
        (" 10%\r 50%\r100%", "100%"),
        ("100%\r\x1b[K", "100%"),
        ("\r", ""),
        ("a\rb\r\r", "b"),
    ],
)
def test_of_a_line_that_is_written_over_and_over_only_the_last_state_is_shown(line: str, shown: str) -> None:
    assert last_state(line) == shown
