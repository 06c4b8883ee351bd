"""All logs of a Job: which are shown, how they look, and that they hold nothing back for long."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pytest

from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.attempt.settings import Following
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.logs import follower as follower_module
from kubectl_job_operator.logs import pauses as pauses_module
from kubectl_job_operator.logs import silence as silence_module
from kubectl_job_operator.logs.follower import LogFollower
from kubectl_job_operator.logs.lines import Line
from kubectl_job_operator.logs.resumption import SavedPosition
from kubectl_job_operator.watch import pods as pods_module
from kubectl_job_operator.watch.pods import PodWatch
from tests.unit import recordings
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import REFUSED
from tests.unit.watching import FORBIDDEN, JOB, LIST, PARALLEL_JOB, WATCH, event, listed, live, live_for, pod
from tests.waiting import until


class LevelLog:
    """Notes each record with its level."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str]] = []

    def info(self, message: str, /) -> None:
        """Note it."""
        self.records.append(("info", message))

    def warning(self, message: str, /) -> None:
        """Note it."""
        self.records.append(("warning", message))

    def error(self, message: str, /) -> None:
        """Note it."""
        self.records.append(("error", message))

    def critical(self, message: str, /) -> None:
        """Note it."""
        self.records.append(("critical", message))

    @property
    def lines(self) -> list[str]:
        """The lines of all records."""
        return [line for _, text in self.records for line in text.split("\n")]

    @property
    def warnings(self) -> list[str]:
        """The warnings of the operator itself: those of containers end without a full stop in these tests."""
        return [text for level, text in self.records if level == "warning" and ("." in text[-1:] or "\n" in text)]


class Theatre:
    """A follower with its watch in their loop.

    :param fake: the fake kubectl.
    """

    def __init__(self, fake: FakeKubectl) -> None:
        self.fake = fake
        self.log = LevelLog()
        self.mailbox = Mailbox()
        self.processes = Processes(os.environ)
        self.kubectl = Kubectl(Access(), "here", self.processes, Transcript(lambda _: None))
        self.watch = PodWatch(self.kubectl, JOB, self.mailbox, self.log)
        self.follow()

    def follow(
        self,
        job: dict[str, Any] = JOB,
        *,
        saved: Sequence[SavedPosition] = (),
        follows: bool = True,
        **following: Any,
    ) -> LogFollower:
        """Make the follower."""
        self.follower = LogFollower(
            self.kubectl,
            job,
            self.watch,
            self.mailbox,
            log=self.log,
            following=Following(is_on=True, **following),
            saved=saved,
            follows=follows,
        )
        return self.follower

    def catch_up(self, found: dict[str, Any] | None, saved: Sequence[SavedPosition] = ()) -> None:
        """Make a follower that shows what is there by now.

        :param found: the Job's pod; ``None`` if it could not be listed.
        :param saved: how far it has been shown.
        """
        self.follow(saved=saved, follows=False).catch_up(None if found is None else [found])

    def watches(self, *pods: dict[str, Any], then: Sequence[bytes | str] = ()) -> None:
        """Script the watch: these pods, and what comes then; it goes on for ever."""
        self.fake.answers(WATCH, b"".join(map(event, pods)), then=(*then, NEVER))

    def logs(self, name: str, lines: Sequence[str | bytes], container: str = "main", **answer: Any) -> None:
        """Script a container's log."""
        self.fake.answers(f"logs {name} -c {container}", _log(*lines), **answer)

    def live(self, until: Callable[[], bool]) -> None:
        """Do what ``Waiter`` does, until a condition holds."""
        live(self.mailbox, self.watch, self.follower, until=until)

    def until_lines(self, *lines: str) -> None:
        """Do it until these lines were logged, in whatever order, and no other."""
        self.live(lambda: len(self.log.lines) >= len(lines))
        assert sorted(self.log.lines) == sorted(lines)

    def finish(self, job: dict[str, Any] = JOB, found: Sequence[dict[str, Any]] = ()) -> None:
        """Do what the runner does after the verdict."""
        self.follower.finish(job, lambda: found)

    def close(self) -> None:
        """End all."""
        self.follower.close()
        self.watch.close()
        self.processes.close()


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pods_module, "REFUSALS_SECONDS", 0.1)
    monkeypatch.setattr(pods_module, "_FIRST_PAUSE_SECONDS", 0.01)
    # Long: on a busy machine the watch takes its time to name the pods.
    monkeypatch.setattr(follower_module, "_PODS_SECONDS", 20.0)
    for name, seconds in (("_HELD_SECONDS", 0.1), ("_NEWS_SECONDS", 0.03), ("_FIRST_PAUSE_SECONDS", 0.02)):
        monkeypatch.setattr(pauses_module, name, seconds)
    monkeypatch.setattr(silence_module, "_AT_ONCE_SECONDS", 0.03)


@pytest.fixture
def no_wait_for_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask soon for the pods of a Job that has ended, where the watch does not name them."""
    monkeypatch.setattr(follower_module, "_PODS_SECONDS", 0.3)


@pytest.fixture
def theatre(fake_kubectl: FakeKubectl) -> Iterator[Theatre]:
    """Give the code under test with the fake behind it."""
    theatre = Theatre(fake_kubectl)
    yield theatre
    theatre.close()


def _log(*lines: str | bytes) -> bytes:
    stamped = enumerate(line if isinstance(line, bytes) else line.encode() for line in lines)
    return b"".join(b"2026-11-20T19:25:02.%09dZ %s\n" % (number, line) for number, line in stamped)


def test_the_lines_of_the_only_container_are_shown_as_they_are_while_it_runs(theatre: Theatre) -> None:
    theatre.watches(pod(main="running"))
    theatre.logs("p", ["one", "  two", ""], then=(NEVER,))
    theatre.until_lines("one", "  two", "")
    assert theatre.log.records == [("info", "one\n  two\n")]


def test_where_the_pods_could_not_be_listed_it_is_still_known_how_far_they_were_shown(theatre: Theatre) -> None:
    stamp = "2026-11-20T19:25:01.000000001Z"
    saved = SavedPosition("uid-of-p", "main", 0, stamp, 1, stamp, 2)
    theatre.catch_up(None, saved=[saved])
    assert theatre.follower.positions() == [saved]
    assert theatre.log.warnings == []


def test_catching_up_waits_for_the_watch_where_kubectl_reads_the_next_run_already(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The watch, not the time, must end the wait.
    monkeypatch.setattr(pauses_module, "_HELD_SECONDS", 60.0)
    first, second = "2026-11-20T19:25:01.{:09}Z", "2026-11-20T19:25:02.{:09}Z"
    saved = SavedPosition("uid-of-p", "main", 0, first.format(1), 1, first.format(1), 2)
    theatre.fake.answers("logs p -c main --previous", "".join(f"{first.format(n)} first-{n}\n" for n in range(3)))
    theatre.fake.answers("logs p -c main", "".join(f"{second.format(n)} second-{n}\n" for n in range(2)))
    theatre.watches(pod(policy="OnFailure", restarts=1, main="running"))
    theatre.catch_up(pod(policy="OnFailure", main="running"), saved=[saved])
    assert theatre.log.lines == ["first-2", "second-0", "second-1"]
    assert [(one.instance, one.line_count) for one in theatre.follower.positions()] == [(1, 2)]


def test_catching_up_where_kubectl_has_read_the_next_run_already_is_put_right_by_the_next_process(
    theatre: Theatre,
) -> None:
    first, second = "2026-11-20T19:25:01.{:09}Z", "2026-11-20T19:25:02.{:09}Z"
    theatre.fake.answers("logs p -c main --previous", "".join(f"{first.format(n)} first-{n}\n" for n in range(3)))
    theatre.fake.answers("logs p -c main", f"{second.format(0)} second-0\n", times=1)
    theatre.fake.answers("logs p -c main", "".join(f"{second.format(n)} second-{n}\n" for n in range(2)))
    theatre.catch_up(pod(policy="OnFailure", main=1))
    assert theatre.log.lines == ["second-0"], "the first run has ended, but its log is not what kubectl reads any more"
    saved = json.loads(json.dumps([asdict(one) for one in theatre.follower.positions()]))
    theatre.catch_up(pod(policy="OnFailure", restarts=1, main="running"), saved=[SavedPosition(**one) for one in saved])
    assert theatre.log.lines == ["second-0", "first-0", "first-1", "first-2", "second-1"]
    assert theatre.log.warnings == []


def test_catching_up_with_a_run_that_has_ended_goes_on_with_the_next_one(theatre: Theatre) -> None:
    first, second = "2026-11-20T19:25:01.{:09}Z", "2026-11-20T19:25:02.{:09}Z"
    theatre.fake.answers("logs p -c main", f"{first.format(0)} first-0\n", times=1)
    theatre.fake.answers("logs p -c main", f"{second.format(0)} second-0\n")
    theatre.catch_up(pod(policy="OnFailure", main=1))
    (saved,) = theatre.follower.positions()
    theatre.catch_up(pod(policy="OnFailure", restarts=1, main="running"), saved=[saved])
    assert (theatre.log.lines, theatre.log.warnings) == (["first-0", "second-0"], [])
    theatre.watch.close()
    theatre.watch = PodWatch(theatre.kubectl, JOB, theatre.mailbox, theatre.log)
    theatre.catch_up(pod("q", main="waiting"), saved=[saved])
    assert theatre.log.warnings == [], "all of it was shown when its pod was deleted"


def test_where_there_is_more_than_one_container_each_line_tells_whose_it_is(theatre: Theatre) -> None:
    theatre.watches(pod(init={"prepare": 0}, main="running", side="running"))
    theatre.logs("p", ["ready"], "prepare")
    theatre.logs("p", ["one"], then=(NEVER,))
    theatre.logs("p", ["two"], "side", then=(NEVER,))
    theatre.until_lines("[p/prepare] ready", "[p/main] one", "[p/side] two")


def test_where_there_is_to_be_more_than_one_pod_the_first_has_the_prefix_already(theatre: Theatre) -> None:
    theatre.follow(PARALLEL_JOB)
    theatre.watches(pod(main="running"))
    theatre.logs("p", ["one"], then=(NEVER,))
    theatre.until_lines("[p/main] one")


def test_pods_that_come_later_are_picked_up_and_from_then_on_there_is_a_prefix(theatre: Theatre) -> None:
    theatre.watches(
        pod("a", main="running"), then=("fail", event(pod("a", "Failed", main=1)), event(pod("b", main="running")))
    )
    theatre.fake.answers("logs a -c main --follow", _log("one"), then=("fail",))
    theatre.logs("a", ["one", "two"])
    theatre.logs("b", ["three"], then=(NEVER,))
    theatre.until_lines("one")
    theatre.fake.open_gate("fail")
    theatre.until_lines("one", "[a/main] two", "[b/main] three")


@pytest.mark.parametrize(
    ("following", "shown"),
    [
        ({}, {"init", "side", "a", "b"}),
        ({"containers": frozenset({"a"})}, {"init", "side", "a"}),
        ({"containers": frozenset({"a"}), "init_containers": frozenset()}, {"a"}),
        ({"containers": frozenset(), "init_containers": frozenset({"init"})}, {"init"}),
        ({"containers": frozenset({"no such"}), "init_containers": frozenset()}, set()),
    ],
)
def test_of_a_recorded_pod_with_init_containers_and_a_sidecar_the_chosen_logs_are_shown(
    theatre: Theatre, following: dict[str, Any], shown: set[str]
) -> None:
    scenario = "two-containers-init-sidecar"
    theatre.follow(recordings.job(scenario), **following)
    theatre.watches(*recordings.pods(scenario))
    for container in ("init", "side", "a", "b"):
        theatre.fake.answers(f"logs -c {container}", _log(f"of {container}"))
    theatre.finish(recordings.job(scenario))
    assert {line.removeprefix(line.split("of ")[0]) for line in theatre.log.lines} == {f"of {one}" for one in shown}
    assert {call[call.index("-c") + 1] for call in theatre.fake.called("logs")} == shown


def test_one_chosen_container_of_several_has_no_prefix(theatre: Theatre) -> None:
    theatre.follow(containers=frozenset({"main"}), init_containers=frozenset())
    theatre.watches(pod(init={"prepare": 0}, main="running", side="running"))
    theatre.logs("p", ["one"], then=(NEVER,))
    theatre.until_lines("one")


def test_a_formatter_makes_the_line_from_the_containers_name_and_the_text(theatre: Theatre) -> None:
    theatre.follow(PARALLEL_JOB, formatter=lambda container, text: f"{container}|{text.upper()}|")
    theatre.watches(pod(main="running"))
    theatre.logs("p", ["one", "ERROR two"], then=(NEVER,))
    theatre.until_lines("main|ONE|", "main|ERROR TWO|")
    assert theatre.log.records == [("info", "main|ONE|"), ("error", "main|ERROR TWO|")]


def test_a_formatter_that_fails_is_told_once_and_costs_no_line(theatre: Theatre) -> None:
    def fail(_: str, text: str) -> str:
        if text == "two":
            raise ValueError("not two!")
        return f"<{text}>"

    theatre.follow(formatter=fail)
    theatre.watches(pod(main="running"))
    theatre.logs("p", ["one"], then=("more", _log("one", "two", "three")[len(_log("one")) :], NEVER))
    theatre.until_lines("<one>")
    theatre.fake.open_gate("more")
    theatre.live(lambda: "three" in theatre.log.lines)
    assert theatre.log.lines == [
        "<one>",
        "log_formatter is not used any more, for it failed: ValueError('not two!').",
        "two",
        "three",
    ]


@pytest.mark.parametrize(("strip", "shown"), [(False, "\x1b[1;31mred\x1b[0m"), (True, "red")])
def test_colours_are_passed_on_or_left_out_by_choice(theatre: Theatre, strip: bool, shown: str) -> None:
    theatre.follow(strip_colours=strip)
    theatre.watches(pod(main="running"))
    theatre.logs("p", ["\x1b[1;31mred\x1b[0m"], then=(NEVER,))
    theatre.until_lines(shown)


def test_a_line_is_logged_at_the_level_that_it_claims(theatre: Theatre) -> None:
    theatre.watches(pod(main="running"))
    theatre.logs("p", ["a", "WARN b", "ERROR c", '{"level": "error"}', "FATAL d", "e"], then=(NEVER,))
    theatre.live(lambda: len(theatre.log.records) == 5)
    assert theatre.log.records == [
        ("info", "a"),
        ("warning", "WARN b"),
        ("error", 'ERROR c\n{"level": "error"}'),
        ("critical", "FATAL d"),
        ("info", "e"),
    ]


def test_levels_can_be_left_alone(theatre: Theatre) -> None:
    theatre.follow(detect_level=False)
    theatre.watches(pod(main="running"))
    theatre.logs("p", ["ERROR a", "b"], then=(NEVER,))
    theatre.until_lines("ERROR a", "b")
    assert theatre.log.records == [("info", "ERROR a\nb")]


def test_invalid_utf_8_is_shown_with_backslashes_and_other_separators_are_no_new_lines(theatre: Theatre) -> None:
    theatre.watches(pod(main="running"))
    theatre.logs("p", [b"caf\xe9 \xff", "ünï \u2028\x0b\x85"], then=(NEVER,))
    theatre.until_lines("caf\\xe9 \\xff", "ünï \u2028\x0b\x85")


def test_at_most_so_many_containers_are_followed_and_the_others_are_read_when_they_end(theatre: Theatre) -> None:
    names = [f"p{number}" for number in range(5)]
    theatre.follow(PARALLEL_JOB, max_streams=2)
    theatre.watches(
        *(pod(name, main="running") for name in names),
        then=("end", *(event(pod(name, "Succeeded", main=0)) for name in reversed(names))),
    )
    for name in names:
        theatre.fake.answers(f"logs {name} -c main --follow", _log(f"{name} one"), then=(NEVER,))
        theatre.logs(name, [f"{name} one", f"{name} two"])
    theatre.until_lines("[p0/main] p0 one", "[p1/main] p1 one")
    live_for(theatre.mailbox, theatre.watch, theatre.follower, seconds=0.1)
    assert len(theatre.fake.called("logs --follow")) == 2
    theatre.fake.open_gate("end")
    expected = [f"[{name}/main] {name} {word}" for name in names for word in ("one", "two")]
    theatre.until_lines(*expected)
    assert len(theatre.fake.called("logs --follow")) == 2
    assert len(theatre.fake.called("logs")) == 7


def test_a_slot_that_becomes_free_is_used_for_a_container_that_still_runs(theatre: Theatre) -> None:
    theatre.follow(PARALLEL_JOB, max_streams=1)
    theatre.watches(
        pod("a", main="running"), pod("b", main="running"), then=("end", event(pod("a", "Succeeded", main=0)))
    )
    theatre.logs("a", ["one"], then=("end",))
    theatre.logs("b", ["two"], then=(NEVER,))
    theatre.until_lines("[a/main] one")
    theatre.fake.open_gate("end")
    theatre.until_lines("[a/main] one", "[b/main] two")


def test_while_the_cluster_is_away_nothing_is_started(theatre: Theatre) -> None:
    theatre.fake.answers(WATCH, event(pod(main="running")), then=("cut",), times=1)
    theatre.fake.answers(WATCH, then=(NEVER,))
    theatre.fake.answers(LIST, then=("back", listed(pod(main="running"))))
    theatre.logs("p", ["one"], then=("cut",), times=1, **REFUSED)
    theatre.logs("p", [], times=3, **REFUSED)
    theatre.logs("p", ["one", "two"], then=(NEVER,))
    theatre.until_lines("one")
    theatre.fake.open_gate("cut")
    theatre.live(lambda: len(theatre.fake.called(LIST)) == 2)
    live_for(theatre.mailbox, theatre.watch, theatre.follower, seconds=0.2)
    started = len(theatre.fake.called("logs"))
    live_for(theatre.mailbox, theatre.watch, theatre.follower, seconds=0.2)
    assert len(theatre.fake.called("logs")) == started <= 2
    theatre.fake.open_gate("back")
    theatre.live(lambda: "two" in theatre.log.lines)
    assert theatre.log.lines == ["one", "two"]


def test_what_is_lost_is_told_with_the_pod_and_in_its_place(theatre: Theatre) -> None:
    theatre.watches(pod(main="running"), then=("delete", event(pod(main="running"), "DELETED")))
    theatre.logs("p", ["one", "two"], then=(NEVER,))
    theatre.until_lines("one", "two")
    theatre.fake.open_gate("delete")
    theatre.live(lambda: len(theatre.log.records) == 2)
    assert theatre.log.records[1] == (
        "warning",
        "[p/main] its log could not be read to the end, and lines after 2026-11-20T19:25:02.000000001Z may be missing: "
        "its pod was deleted.",
    )


def test_after_the_verdict_the_rest_is_read_to_its_end(theatre: Theatre) -> None:
    theatre.watches(pod(main="running"), then=("end", event(pod(phase="Succeeded", main=0))))
    theatre.fake.answers("logs p --follow", _log("one"), then=(NEVER,))
    theatre.logs("p", [f"line {number}" for number in range(20_000)])
    theatre.live(lambda: bool(theatre.log.lines))
    theatre.fake.open_gate("end")
    theatre.finish()
    assert len(theatre.log.lines) == 20_000
    assert theatre.log.warnings == []
    until(lambda: not any("logs" in call for call in _running_commands(theatre.fake)), "a kubectl reads on")


@pytest.mark.usefixtures("no_wait_for_pods")
def test_a_pod_that_the_watch_never_named_is_found_by_listing_and_read(theatre: Theatre) -> None:
    theatre.watches()
    theatre.logs("p", ["one"])
    theatre.finish(found=[pod(phase="Succeeded", main=0)])
    assert theatre.log.records == [("info", "one")]


def test_a_pod_that_was_seen_only_before_it_ran_and_went_in_a_gap_is_told(theatre: Theatre) -> None:
    theatre.fake.answers(WATCH, event(pod(phase="Pending", main="waiting")), times=1)
    theatre.fake.answers(WATCH, then=(NEVER,))
    theatre.fake.answers(LIST, listed())
    theatre.live(lambda: theatre.watch.is_gone("uid-of-p"))
    theatre.finish()
    assert theatre.log.warnings == ["Some pods of the Job were gone before the task saw them; their logs are lost."]


def test_a_pod_that_was_seen_to_go_before_it_ran_has_lost_no_log(theatre: Theatre) -> None:
    waiting = pod(phase="Pending", main="waiting")
    theatre.watches(waiting, then=(event(waiting, "DELETED"),))
    theatre.live(lambda: theatre.watch.is_gone("uid-of-p"))
    theatre.finish()
    assert theatre.log.warnings == []


@pytest.mark.usefixtures("no_wait_for_pods")
def test_pods_that_were_gone_before_anybody_saw_them_are_told(theatre: Theatre) -> None:
    theatre.watches()
    theatre.finish()
    assert theatre.log.warnings == ["Some pods of the Job were gone before the task saw them; their logs are lost."]


@pytest.mark.usefixtures("no_wait_for_pods")
def test_a_list_that_could_not_be_had_gives_no_log_up(theatre: Theatre) -> None:
    theatre.follow(drain_seconds=5.0)
    theatre.watches(pod(main="running"), then=("end", event(pod(phase="Succeeded", main=0))))
    theatre.fake.answers("logs p --follow", _log("one"), then=(NEVER,))
    theatre.logs("p", ["one", "two"])
    theatre.until_lines("one")

    def fail_to_list() -> list[dict[str, Any]]:
        theatre.fake.open_gate("end")
        return []

    theatre.follower.finish(JOB, fail_to_list)
    assert theatre.log.lines == ["one", "two"]


@pytest.mark.usefixtures("no_wait_for_pods")
def test_where_watching_is_forbidden_the_logs_are_read_at_the_end(theatre: Theatre) -> None:
    theatre.fake.answers(WATCH, **FORBIDDEN)
    theatre.fake.answers(LIST, **FORBIDDEN)
    theatre.logs("p", ["one"])
    theatre.live(lambda: bool(theatre.log.warnings))
    theatre.finish(found=[pod(phase="Succeeded", main=0)])
    assert "one" in theatre.log.lines
    assert len(theatre.log.warnings) == 1


def test_the_drain_ends_in_time_and_tells_what_to_paste(theatre: Theatre) -> None:
    theatre.follow(PARALLEL_JOB, drain_seconds=0.5)
    theatre.watches(pod("a", "Succeeded", main=0), pod("b", "Succeeded", main=0), pod("c", "Succeeded", main=0))
    theatre.logs("a", ["one", "two"], then=(NEVER,))
    theatre.logs("b", [], then=(NEVER,))
    theatre.logs("c", ["three"])
    theatre.live(lambda: len(theatre.log.lines) == 3)
    began = time.monotonic()
    theatre.finish(JOB)
    assert 0.4 < time.monotonic() - began < 10
    assert sorted(theatre.log.lines[:3]) == ["[a/main] one", "[a/main] two", "[c/main] three"]
    assert theatre.log.warnings == [
        "Not all logs could be read within 0.5 s (log_drain_seconds). As long as the pods exist, this shows the rest:\n"
        "  kubectl -n here logs a -c main --timestamps --since-time=2026-11-20T19:25:02Z\n"
        "  kubectl -n here logs b -c main --timestamps"
    ]
    until(lambda: not any("logs" in call for call in _running_commands(theatre.fake)), "a kubectl reads on")


def test_a_kubectl_that_does_not_end_holds_nothing_back_for_long(theatre: Theatre) -> None:
    names = [f"p{number}" for number in range(4)]
    theatre.follow(PARALLEL_JOB, drain_seconds=0.2)
    theatre.watches(*(pod(name, "Succeeded", main=0) for name in names))
    for name in names:
        theatre.logs(name, [name], then=("free",), is_stubborn=True)
    theatre.live(lambda: len(theatre.log.lines) == 4)
    began = time.monotonic()
    theatre.finish(JOB)
    assert time.monotonic() - began < 10
    theatre.fake.open_gate("free")


def test_with_much_unread_closing_frees_every_kubectl(theatre: Theatre) -> None:
    theatre.watches(pod(main="running"))
    theatre.logs("p", ["x" * 100] * 40_000, then=(NEVER,))
    theatre.live(lambda: bool(theatre.log.lines))
    theatre.follower.close()
    theatre.follower.close()
    until(lambda: not any("logs" in call for call in _running_commands(theatre.fake)), "a kubectl reads on")
    assert all(line == "x" * 100 for line in theatre.log.lines)


def test_closing_shows_all_that_has_come_already(theatre: Theatre) -> None:
    theatre.watches(pod(phase="Succeeded", main=0))
    lines = [f"{number} {'x' * 1_000}" for number in range(150)]
    theatre.logs("p", lines)
    theatre.live(lambda: bool(theatre.follower._sources) and next(iter(theatre.follower._sources.values())).is_reading)
    until(lambda: not any("logs" in one.argv and one.is_running for one in theatre.processes._processes), "it reads on")
    theatre.follower.close()
    assert theatre.log.lines == lines


def test_a_warning_of_lost_lines_comes_behind_the_lines_before_them(theatre: Theatre) -> None:
    key = ("uid", "main")
    for text in (b"one", b"two"):
        theatre.follower._display.show(key, "p", "main", [Line(b"", text)], is_named=False)
    theatre.follower._display.warnings.warn(key, "p", "main", "lines are lost")
    assert theatre.log.lines == ["one", "two", "[p/main] lines are lost."]


def test_nothing_of_it_is_stopped_at_the_verdict(theatre: Theatre) -> None:
    assert list(theatre.follower.pending()) == []
    theatre.follower.handle(None)


def _running_commands(fake: FakeKubectl) -> list[list[str]]:
    found = []
    for pid in fake.running():
        try:
            with open(f"/proc/{pid}/cmdline") as file:  # noqa: PTH123 - as the helper does
                found.append(file.read().split("\0"))
        except OSError:  # it has ended meanwhile
            continue
    return found


def test_the_lines_go_to_the_containers_log_and_the_warnings_to_the_operators(theatre: Theatre) -> None:
    containers = LevelLog()
    theatre.follower = LogFollower(
        theatre.kubectl,
        JOB,
        theatre.watch,
        theatre.mailbox,
        log=theatre.log,
        container_log=containers,
        following=Following(is_on=True, formatter=lambda _, line: str(int(line))),
    )
    theatre.watches(pod(main="running"))
    theatre.logs("p", ["one"], then=(NEVER,))
    theatre.live(lambda: containers.records != [] and theatre.log.records != [])
    assert containers.records == [("info", "one")]
    assert "log_formatter is not used any more" in theatre.log.records[0][1]


def test_the_last_lines_that_were_shown_are_known_when_the_node_has_them_no_more(theatre: Theatre) -> None:
    theatre.watches(pod(main="running"))
    lines = [f"line {number}" for number in range(30)]
    theatre.logs("p", [*lines, " 1%\r 100%", "x" * 50_000 + "end"], then=(NEVER,))
    theatre.live(lambda: len(theatre.log.lines) == 32)
    last = theatre.follower.last_lines("uid-of-p", "main", 4)
    assert list(last[:3]) == ["line 28", "line 29", " 100%"]
    assert last[3].endswith("xend")
    assert len(last[3]) < 3_000
    assert theatre.follower.last_lines("uid-of-p", "other", 4) == []


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        (b"failed to create fsnotify watcher: too many open files", "max_user_instances"),
        (b'failed to watch file "/var/log/pods/p/main/0.log": no space left on device', "max_user_watches"),
        (b'failed to watch directory "/var/log/pods/p/main": no space left on device', "max_user_watches"),
    ],
)
def test_what_the_kubelet_says_of_many_containers_is_said_once_with_the_cure(
    theatre: Theatre, words: bytes, limit: str
) -> None:
    theatre.watches(pod("a", main="running"), pod("b", main="running"))
    for name in "ab":
        theatre.fake.answers(f"logs {name} -c main", _log("one") + words)
    theatre.live(lambda: len(theatre.fake.called("logs a")) >= 3 and len(theatre.fake.called("logs b")) >= 3)
    (warning,) = theatre.log.warnings
    assert "cannot be followed" in warning
    assert words.decode() in warning
    assert f"What to do: raise fs.inotify.{limit} on the pod's node" in warning


def test_a_warning_that_ends_with_a_cure_has_one_full_stop(theatre: Theatre) -> None:
    theatre.watches(pod("a", restarts=1, main="running"))
    theatre.fake.answers(
        "logs a -c main --timestamps --previous", b"unable to retrieve container logs for containerd://0"
    )
    theatre.live(lambda: theatre.log.warnings != [])
    assert theatre.log.warnings[0].endswith("when it needs room.")
    assert not theatre.log.warnings[0].endswith("..")


def test_a_line_that_is_written_over_and_over_is_shown_once_as_it_stood_at_its_end_however_it_comes(
    theatre: Theatre,
) -> None:
    stamp = b"2026-11-20T19:25:02.000000001Z"
    theatre.watches(pod(main="running"))
    end = b"\r100%\n" + stamp + b" done\n"
    theatre.fake.answers("logs p -c main", stamp + b" \r 1%\r 2%", then=(0.3, b"\r 50%\r 51%", 0.3, end, NEVER))
    theatre.live(lambda: "done" in theatre.log.lines)
    assert theatre.log.lines == ["100%", "done"]
