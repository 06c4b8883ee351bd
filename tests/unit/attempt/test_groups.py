"""What few want to read is told in groups, each with what came of it as its title, and nothing of it is lost."""

from __future__ import annotations

import pytest

from kubectl_job_operator.attempt import groups as groups_module
from kubectl_job_operator.attempt import sink as sink_module
from kubectl_job_operator.attempt.groups import GroupedLog, tell_group
from kubectl_job_operator.kubectl.transcript import Transcript
from tests.log_text import titles, visible_lines
from tests.unit.clock import Clock, stopped
from tests.unit.stage import Log


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the clock that the code under test reads."""
    return stopped(monkeypatch, groups_module, sink_module)


@pytest.fixture
def log(clock: Clock) -> Log:  # noqa: ARG001 - it comes first
    """Give the log below."""
    return Log()


@pytest.fixture
def grouped(log: Log) -> GroupedLog:
    """Give the code under test."""
    return GroupedLog(log)


def test_a_group_stands_below_the_title_that_was_known_only_at_its_end(grouped: GroupedLog, log: Log) -> None:
    with grouped.group("Looking") as group:
        grouped.info("one")
        grouped.info("two\nthree")
        assert log.lines == []
        group.title = "Found: 3 things"
    grouped.info("visible")
    assert log.lines == ["::group::Found: 3 things", "one\ntwo\nthree", "::endgroup::", "visible"]


def test_what_was_held_back_is_told_also_if_the_group_ends_in_an_error(grouped: GroupedLog, log: Log) -> None:
    def look() -> None:
        with grouped.group("Looking"):
            grouped.info("one")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look()
    grouped.info("two")
    assert log.lines == ["::group::Looking", "one", "::endgroup::", "two"]


def test_a_warning_is_never_folded_and_stands_below_what_led_to_it(grouped: GroupedLog, log: Log) -> None:
    with grouped.group("Looking") as group:
        grouped.info("one")
        grouped.warning("The cluster is away.")
        assert visible_lines(log.lines) == ["::group::Looking", "The cluster is away."]
        grouped.info("two")
        group.title = "Found"
    assert visible_lines(log.lines) == ["::group::Looking", "The cluster is away.", "::group::Found"]
    assert log.warnings == ["The cluster is away."]


def test_a_group_with_nothing_in_it_is_none(grouped: GroupedLog, log: Log) -> None:
    with grouped.group("Looking"):
        pass
    grouped.tell("Time line", [])
    grouped.tell_held()
    assert log.lines == []


def test_a_title_is_one_line_that_fits_the_screen(log: Log) -> None:
    tell_group(log, "Cleaned up:\n" + "x" * 200, ["it"])
    assert log.lines[0] == "::group::Cleaned up: " + "x" * 85 + "..."


def test_a_very_large_group_is_told_in_more_than_one_record(log: Log) -> None:
    tell_group(log, "Many", ["x" * 20_000] * 5)
    assert [len(record) for record in log.lines[1:-1]] == [60_002, 40_001]


def test_what_only_reads_waits_for_the_next_group(grouped: GroupedLog, log: Log) -> None:
    def show(line: str) -> None:
        grouped.info(line)

    transcript = Transcript(show, hold=grouped.hold)
    wait = transcript.started(("kubectl", "wait", "job/a"), "wait")
    transcript.started(("kubectl", "apply", "-f", "a"), "apply")
    transcript.ended(wait, 0, 1.0, "met")
    assert log.lines == ["$ kubectl apply -f a"]
    with grouped.group("Cleaned up"):
        transcript.started(("kubectl", "delete", "job/a"), "delete")
    assert log.lines[1:] == [
        "::group::Cleaned up",
        "$ kubectl wait job/a\n  -> wait: met (1.00 s)\n$ kubectl delete job/a",
        "::endgroup::",
    ]


def test_what_only_reads_is_told_after_half_a_minute_and_then_less_and_less_often(
    grouped: GroupedLog, clock: Clock, log: Log
) -> None:
    for second in range(3600):
        grouped.hold(lambda: "$ kubectl get a")
        grouped.tell_held_in_time()
        clock.now += 1
        assert bool(log.lines) is (second >= 30)
    told_at_once = [title for title in titles(log.lines) if title != "Ran beside: 200 commands that only read"]
    assert told_at_once[0] == "Ran beside: 31 commands that only read"
    assert len(titles(log.lines)) < 25
    grouped.tell_held()
    assert log.text.count("$ kubectl get a") == 3600, "nothing is lost"


def test_what_reads_very_often_does_not_fill_the_memory(grouped: GroupedLog, log: Log) -> None:
    for _ in range(1000):
        grouped.hold(lambda: "$ kubectl get a")
    assert titles(log.lines) == ["Ran beside: 200 commands that only read"] * 5


def test_what_was_waited_for_is_the_title_of_what_was_read_meanwhile_or_a_line(grouped: GroupedLog, log: Log) -> None:
    grouped.tell_held_as("Waited 5 s: the Job has no pod yet.")
    grouped.hold(lambda: "$ kubectl get events")
    grouped.tell_held_as("Waited 12 s: pod a pulls its image.")
    assert log.lines == [
        "Waited 5 s: the Job has no pod yet.",
        "::group::Waited 12 s: pod a pulls its image.",
        "$ kubectl get events",
        "::endgroup::",
    ]


def test_one_command_is_one_command(grouped: GroupedLog, log: Log) -> None:
    grouped.hold(lambda: "$ kubectl get a\n  -> get: nothing found (0.10 s)")
    grouped.hold(lambda: "  -> logs, begun at 10:00:00 UTC: 2 lines (60.00 s)")
    grouped.tell_held()
    assert titles(log.lines) == ["Ran beside: 1 command that only read"]


def test_what_is_held_back_is_not_heard(grouped: GroupedLog, clock: Clock) -> None:
    began = clock.now
    clock.now += 10
    with grouped.group("Looking"):
        grouped.info("one")
        assert grouped.last_at == began
    assert grouped.last_at == began + 10
