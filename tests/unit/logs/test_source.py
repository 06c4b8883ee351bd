"""One container's log, each line once, through cuts, silence, restarts, rotation and refusals.

The fake kubectl leaves out what is older than ``--since-time``, line by line, as the kubelet does.
"""

from __future__ import annotations

import datetime
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.logs import container_log as container_log_module
from kubectl_job_operator.logs import pauses as pauses_module
from kubectl_job_operator.logs import reading as reading_module
from kubectl_job_operator.logs import silence as silence_module
from kubectl_job_operator.logs.lines import Line
from kubectl_job_operator.logs.reading import Kind
from kubectl_job_operator.logs.source import LogSource
from kubectl_job_operator.status.pod_status import ContainerState
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import REFUSED
from tests.waiting import until

BEGAN = datetime.datetime(2026, 11, 20, 19, 25, tzinfo=datetime.timezone.utc)
FOLLOW, PREVIOUS, REST = "logs p -c main --timestamps --follow", "logs p -c main --timestamps --previous", "logs p"
POD_NOT_FOUND: dict[str, Any] = {"stderr": 'Error from server (NotFound): pods "p" not found\n', "return_code": 1}
FORBIDDEN: dict[str, Any] = {
    "stderr": 'Error from server (Forbidden): pods "p" is forbidden: User "u" cannot get resource "pods/log" in API '
    'group "" in the namespace "here"\n',
    "return_code": 1,
}
NO_PREVIOUS: dict[str, Any] = {
    "stderr": 'Error from server (BadRequest): previous terminated container "main" in pod "p" not found\n',
    "return_code": 1,
}
WAITING: dict[str, Any] = {
    "stderr": 'Error from server (BadRequest): container "main" in pod "p" is waiting to start: ContainerCreating\n',
    "return_code": 1,
}
KUBELET = b"unable to retrieve container logs for containerd://0123456789\n"


def _log(*numbers: float, run: int = 0) -> bytes:
    """Return a log as kubectl prints it: the lines with these numbers, each written so many seconds after the start."""
    return b"".join(
        f"{BEGAN + datetime.timedelta(seconds=number):%Y-%m-%dT%H:%M:%S.%f}000Z {run}:{number:g}\n".encode()
        for number in numbers
    )


def _texts(*numbers: float, run: int = 0) -> list[str]:
    return [f"{run}:{number:g}" for number in numbers]


def _running(instance: int = 0) -> ContainerState:
    return ContainerState("main", False, instance, True, False, instance > 0, True)


def _over(instance: int = 0, *, can_restart: bool = False, waits: bool = False) -> ContainerState:
    return ContainerState("main", False, instance, False, True, instance > 0 and not waits, can_restart)


class Stage:
    """One log source in a loop of its own.

    :param fake: the fake kubectl.
    """

    def __init__(self, fake: FakeKubectl) -> None:
        self.fake = fake
        self.shown: list[str] = []
        self.warnings: list[str] = []
        self.transcript: list[str] = []
        self.mailbox = Mailbox()
        self.processes = Processes(os.environ)
        kubectl = Kubectl(Access(), "here", self.processes, Transcript(self.transcript.append))
        self.remarks: list[str] = []
        self.source = LogSource(
            kubectl,
            self.mailbox,
            "p",
            "main",
            show=self._show,
            warn=self.warnings.append,
            remark=self.remarks.append,
        )

    def _show(self, lines: Sequence[Line]) -> None:
        assert lines, "nothing was shown as something"
        self.shown += [line.text.decode() for line in lines]

    def live(self, until: Callable[[], bool], *, seconds: float = 20.0) -> None:
        """Do what the follower does, until a condition holds."""
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, f"it did not come; shown: {self.shown[-9:]}, warned: {self.warnings}"
            has_more = self.source.take()
            limit = self.source.advance()
            kind = self.source.wanted()
            if kind is not None:
                self.source.start(kind)
            process = self.mailbox.receive(0.0 if has_more else min(0.05 if limit is None else limit, 0.05))
            if process is not None:
                self.source.handle(process)

    def live_for(self, seconds: float) -> None:
        """Do it for some time."""
        end = time.monotonic() + seconds
        self.live(lambda: time.monotonic() >= end)

    def until_shown(self, *texts: str) -> None:
        """Do it until so much was shown, and nothing else."""
        self.live(lambda: len(self.shown) >= len(texts))
        assert self.shown == list(texts)

    def until_read(self) -> None:
        """Do it until there is nothing left to read."""
        self.live(lambda: self.source.is_read)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (
        ("_HELD_SECONDS", 0.1),
        ("_NEWS_SECONDS", 0.03),
        ("_FIRST_PAUSE_SECONDS", 0.02),
        ("_LONGEST_PAUSE_SECONDS", 0.05),
    ):
        monkeypatch.setattr(pauses_module, name, seconds)
    monkeypatch.setattr(silence_module, "_AT_ONCE_SECONDS", 0.03)


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no news come late."""
    monkeypatch.setattr(pauses_module, "_NEWS_SECONDS", 20.0)


@pytest.fixture
def stage(fake_kubectl: FakeKubectl) -> Iterator[Stage]:
    """Give the code under test with the fake behind it; no process of it outlives the test."""
    stage = Stage(fake_kubectl)
    yield stage
    stage.source.stop()
    stage.processes.close()


def _since(calls: Sequence[tuple[str, ...]]) -> list[str | None]:
    flag = "--since-time="
    return [next((word.removeprefix(flag) for word in call if word.startswith(flag)), None) for call in calls]


def test_nothing_is_read_before_the_container_has_started(stage: Stage) -> None:
    for state in (None, ContainerState("main", False, 0, False, False, False, True)):
        stage.source.note(state, is_gone=False)
        assert stage.source.wanted() is None
        assert stage.source.advance() is None
        assert stage.source.is_read


def test_a_line_is_shown_while_the_container_runs_and_the_end_is_proven_by_reading_once_more(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1), then=("more", _log(2, 3)))
    stage.fake.answers(REST, _log(1, 2, 3, 4), is_log=True)
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1))
    assert stage.source.is_following
    assert not stage.source.is_read
    stage.fake.open_gate("more")
    stage.until_shown(*_texts(1, 2, 3))
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(1, 2, 3, 4)
    assert stage.warnings == []
    assert "4 lines, 1 of them new" in stage.transcript[-1]


def test_a_stream_that_stays_open_after_the_container_has_ended_is_not_waited_for(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1), then=(NEVER,))
    stage.fake.answers(REST, _log(1, 2), is_log=True)
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1))
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(1, 2)
    assert stage.warnings == []


def test_a_container_that_has_ended_before_it_was_seen_is_read_once(stage: Stage) -> None:
    stage.fake.answers(REST, _log(1, 2))
    stage.source.note(_over(), is_gone=False)
    assert stage.source.wanted() is Kind.REST
    stage.until_read()
    assert stage.shown == _texts(1, 2)
    (call,) = stage.fake.called("logs")
    assert "--follow" not in call
    stage.live_for(0.1)
    assert len(stage.fake.called("logs")) == 1


@pytest.mark.parametrize("end", [{}, {"by_signal": signal.SIGKILL}, REFUSED])
def test_a_stream_that_ends_while_the_container_runs_is_taken_up_again(stage: Stage, end: dict[str, Any]) -> None:
    stage.fake.answers(FOLLOW, _log(1, 2, 2, 2)[:-5], times=1, **end)
    stage.fake.answers(FOLLOW, _log(1, 2, 2, 2, 2, 3), is_log=True, times=1, **end)
    stage.fake.answers(FOLLOW, _log(1, 2, 2, 2, 2, 3, 4), is_log=True, then=(NEVER,))
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1, 2, 2, 2, 2, 3, 4))
    assert stage.warnings == []


def test_a_long_log_is_taken_up_again_from_the_last_whole_second(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_log_module, "_SHORT_LOG_LINES", 3)
    stage.fake.answers(FOLLOW, _log(1, 1.5, 1.9, 2.2, 2.7), times=1)
    stage.fake.answers(FOLLOW, _log(1, 1.5, 1.9, 2.2, 2.7, 3.1), is_log=True, then=(NEVER,))
    stage.fake.answers(REST, _log(1, 1.5, 1.9, 2.2, 2.7, 3.1, 3.2), is_log=True)
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1, 1.5, 1.9, 2.2, 2.7, 3.1))
    stage.source.note(_over(), is_gone=False)
    monkeypatch.setattr(container_log_module, "_LONG_LOG_IDLE_SECONDS", 0.01)
    stage.until_read()
    assert stage.shown == _texts(1, 1.5, 1.9, 2.2, 2.7, 3.1, 3.2)
    assert _since(stage.fake.called("logs")) == [None, "2026-11-20T19:25:02Z", "2026-11-20T19:25:03Z"]
    assert stage.warnings == []


def _by_pieces(*pieces: tuple[float, str, str], since: float = 0.0) -> bytes:
    """Return what kubectl prints of a log's pieces, each whole (F) or cut by the container runtime (P).

    The kubelet leaves out what is older piece by piece, and prints no time behind one that was cut.
    """
    printed, is_new = b"", True
    for number, tag, text in pieces:
        if number >= since:
            stamp = _log(number).split()[0] + b" "
            printed += (stamp if is_new else b"") + text.encode() + (b"\n" if tag == "F" else b"")
        is_new = tag == "F"
    return printed


def test_the_rest_of_a_long_line_that_began_before_the_second_from_which_is_read_on_was_shown_already(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_log_module, "_SHORT_LOG_LINES", 3)
    monkeypatch.setattr(container_log_module, "_LONG_LOG_IDLE_SECONDS", 0.01)
    long = "x" * 16_384
    pieces = [(1.0, "F", "one"), (1.9, "P", long), (2.1, "P", long), (2.2, "F", "end"), (2.7, "F", "two")]
    since = "--since-time=2026-11-20T19:25:02Z"
    stage.fake.answers(f"logs p {since} --follow", _by_pieces(*pieces, (2.8, "F", "three"), since=2), then=(NEVER,))
    stage.fake.answers(f"{REST} {since}", _by_pieces(*pieces, (2.8, "F", "three"), (2.9, "F", "four"), since=2))
    stage.fake.answers(FOLLOW, _by_pieces(*pieces), times=1)
    stage.source.note(_running(), is_gone=False)
    stage.until_shown("one", f"{long}{long}end", "two", "three")
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown[3:] == ["three", "four"]
    assert (stage.warnings, stage.remarks) == ([], [])
    assert len(stage.fake.called("logs")) == 3


@pytest.mark.parametrize(
    ("before", "all_lines"),
    [
        ((10, 11, 3), (10, 11, 3, 4, 5, 12)),  # the clock goes back before the cut
        ((10, 11), (10, 11, 3, 4, 12)),  # while nobody reads
        ((10, 11), (10, 11, 4_000, 4_001)),  # forward
        ((10, 4_000, 12), (10, 4_000, 12, 13)),  # forward, and back again
    ],
)
def test_no_jump_of_the_clock_loses_or_doubles_a_line(
    stage: Stage, before: tuple[float, ...], all_lines: tuple[float, ...]
) -> None:
    stage.fake.answers(FOLLOW, _log(*before), times=1)
    stage.fake.answers(FOLLOW, _log(*all_lines[:-1]), is_log=True, then=(NEVER,))
    stage.fake.answers(REST, _log(*all_lines), is_log=True)
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(*all_lines[:-1]))
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(*all_lines)
    assert stage.warnings == []


def test_the_last_line_without_newline_is_shown_when_the_container_has_ended(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1, 2)[:-1], times=1)
    stage.fake.answers(FOLLOW, _log(1, 2)[:-1], is_log=True, then=(NEVER,))
    stage.fake.answers(REST, _log(1, 2)[:-1], is_log=True)
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1))
    stage.live_for(0.1)
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(1, 2)


def test_the_last_reading_is_cut_too_and_goes_on(stage: Stage) -> None:
    stage.fake.answers(REST, _log(1, 2, 3)[:-3], times=1, by_signal=signal.SIGKILL)
    stage.fake.answers(REST, _log(1, 2, 3), times=2, **REFUSED)
    stage.fake.answers(REST, _log(1, 2, 3))
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(1, 2, 3)
    assert stage.warnings == []


def test_a_silent_stream_is_started_again_and_later_and_later(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    # Longer than a fake kubectl takes to start on a busy machine, or it is started again before it has said a word.
    first = 0.6
    monkeypatch.setattr(silence_module, "_FIRST_SILENCE_SECONDS", first)
    stage = Stage(stage.fake)
    stage.fake.answers(FOLLOW, _log(1), is_log=True, then=(NEVER,), times=2)
    stage.fake.answers(FOLLOW, _log(1, 2), is_log=True, then=(NEVER,))
    silences: list[float] = []
    stage.source.note(_running(), is_gone=False)
    began = time.monotonic()
    for count in (1, 2):
        stage.live(lambda count=count: len(stage.fake.called(FOLLOW)) == count)  # type: ignore[misc]
        silences.append(stage.source._silence.seconds)
    stage.until_shown(*_texts(1, 2))
    # The second silence is twice as long, for nothing new came of the first restart.
    assert time.monotonic() - began >= first + 2 * first
    assert silences == [first, 2 * first]
    assert len(stage.fake.called(FOLLOW)) == 3
    stage.source.stop()
    stage.processes.close()
    assert stage.warnings == []


def test_a_silent_last_reading_is_started_again_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence_module, "_FIRST_SILENCE_SECONDS", 0.1)
    stage = Stage(stage.fake)
    stage.fake.answers(REST, _log(1), then=(NEVER,), times=1)
    stage.fake.answers(REST, _log(1, 2))
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    stage.processes.close()
    assert stage.shown == _texts(1, 2)


def test_a_restart_is_followed_and_what_was_missed_before_it_comes_first(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1, 2), times=1)
    stage.fake.answers(PREVIOUS, _log(1, 2, 3))
    stage.fake.answers(FOLLOW, _log(11, run=1), then=(NEVER,))
    stage.fake.answers(REST, _log(11, 12, run=1))
    stage.source.note(_running(0), is_gone=False)
    stage.until_shown(*_texts(1, 2))
    stage.source.note(_running(1), is_gone=False)
    stage.until_shown(*_texts(1, 2, 3), *_texts(11, run=1))
    stage.source.note(_over(1), is_gone=False)
    stage.until_read()
    assert stage.shown == [*_texts(1, 2, 3), *_texts(11, 12, run=1)]
    assert stage.warnings == []


def test_a_restart_that_was_never_seen_running_is_read_whole(stage: Stage) -> None:
    stage.fake.answers(PREVIOUS, _log(1, 2))
    stage.fake.answers(REST, _log(11, run=1))
    stage.source.note(_over(1), is_gone=False)
    stage.until_read()
    assert stage.shown == [*_texts(1, 2), *_texts(11, run=1)]
    assert stage.warnings == []


@pytest.mark.parametrize("was_seen", [True, False])
def test_of_three_restarts_between_two_looks_the_lost_runs_are_told(stage: Stage, was_seen: bool) -> None:
    stage.fake.answers(FOLLOW, _log(1), times=1)
    stage.fake.answers(PREVIOUS, _log(31, 32, run=2))
    stage.fake.answers(REST, _log(41, run=3))
    if was_seen:
        stage.source.note(_running(0), is_gone=False)
        stage.until_shown(*_texts(1))
    stage.source.note(_over(3), is_gone=False)
    stage.until_read()
    assert stage.shown == [*(_texts(1) if was_seen else []), *_texts(31, 32, run=2), *_texts(41, run=3)]
    assert stage.warnings == ["2 earlier runs of this container came and went before they could be read"]


def test_while_a_container_waits_for_its_restart_only_its_last_run_can_be_read(stage: Stage) -> None:
    stage.fake.answers(REST, _log(21, run=1))
    stage.source.note(_over(1, can_restart=True, waits=True), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(21, run=1)
    assert stage.warnings == ["1 earlier run of this container came and went before they could be read"]
    assert stage.fake.called(PREVIOUS) == []


def test_a_clock_that_goes_back_between_two_runs_hides_nothing_of_the_second(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(100, 101), times=1)
    stage.fake.answers(PREVIOUS, _log(100, 101))
    stage.fake.answers(FOLLOW, _log(5, 6, run=1), is_log=True, then=(NEVER,))
    stage.fake.answers(REST, _log(5, 6, 102, run=1), is_log=True)
    stage.source.note(_running(0), is_gone=False)
    stage.until_shown(*_texts(100, 101))
    stage.source.note(_running(1), is_gone=False)
    stage.until_shown(*_texts(100, 101), *_texts(5, 6, run=1))
    stage.source.note(_over(1), is_gone=False)
    stage.until_read()
    assert stage.shown == [*_texts(100, 101), *_texts(5, 6, 102, run=1)]
    assert stage.warnings == []


def test_where_kubectl_reads_the_next_run_already_each_line_still_comes_once_and_in_order(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1, 2), times=1)
    # The watch is late: this is the second run, and nobody knows.
    stage.fake.answers(FOLLOW, _log(11, 12, run=1), then=(NEVER,))
    stage.fake.answers(PREVIOUS, _log(1, 2, 3))
    stage.source.note(_running(0), is_gone=False)
    stage.until_shown(*_texts(1, 2))
    stage.live(lambda: len(stage.fake.called(FOLLOW)) == 2)
    stage.live(lambda: not stage.source.is_reading)
    stage.source.note(_running(1), is_gone=False)
    stage.until_shown(*_texts(1, 2, 3), *_texts(11, 12, run=1))
    assert stage.warnings == []


def test_where_the_first_lines_that_were_shown_are_of_the_next_run_none_is_lost_or_doubled(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(11, 12, run=1), then=(NEVER,), times=1)
    # The reading of the first run is cut as well.
    stage.fake.answers(PREVIOUS, _log(1, 2, 3), times=1)
    stage.fake.answers(PREVIOUS, _log(1, 2, 3)[:-4], times=1, by_signal=signal.SIGKILL)
    stage.fake.answers(PREVIOUS, _log(1, 2, 3))
    stage.fake.answers(FOLLOW, _log(11, 12, 13, run=1), is_log=True, then=(NEVER,))
    stage.source.note(_running(0), is_gone=False)
    stage.until_shown(*_texts(11, 12, run=1))
    stage.source.note(_running(1), is_gone=False)
    stage.until_shown(*_texts(11, 12, run=1), *_texts(1, 2, 3), *_texts(13, run=1))
    assert stage.warnings == []


def test_the_only_line_of_the_next_run_without_newline_is_not_taken_for_the_end_of_this_one(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1), times=1)
    stage.fake.answers(PREVIOUS, _log(1, 2))
    stage.fake.answers(REST, _log(11, run=1)[:-1])
    stage.source.note(_running(0), is_gone=False)
    stage.until_shown(*_texts(1))
    stage.source.note(_over(0, can_restart=True), is_gone=False)
    stage.live(lambda: len(stage.fake.called("logs")) == 2 and not stage.source.is_reading)
    assert stage.shown == _texts(1)
    stage.source.note(_over(1), is_gone=False)
    stage.until_read()
    assert stage.shown == [*_texts(1, 2), *_texts(11, run=1)]
    assert stage.warnings == []


@pytest.mark.parametrize("was_running", [True, False])
def test_a_run_that_was_over_and_begun_anew_before_it_was_read_is_read_too_and_no_line_twice(
    stage: Stage, was_running: bool
) -> None:
    # The watch is late: this is the second run already.
    stage.fake.answers(FOLLOW, _log(11, run=1), then=(NEVER,), times=int(was_running))
    stage.fake.answers(FOLLOW, _log(11, 12, run=1), then=(NEVER,))
    stage.fake.answers(PREVIOUS, _log(1, 2))
    stage.fake.answers(REST, _log(11, run=1))
    if was_running:
        stage.source.note(_running(0), is_gone=False)
        stage.until_shown(*_texts(11, run=1))
    stage.source.note(_over(0, can_restart=True), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(11, run=1)
    stage.source.note(_running(1), is_gone=False)
    stage.until_shown(*_texts(11, run=1), *_texts(1, 2), *_texts(12, run=1))
    assert stage.warnings == []


def test_lines_of_a_run_that_the_watch_shows_much_too_late_come_once(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1), times=1)
    stage.fake.answers(FOLLOW, _log(11, 12, 13, run=1), then=(NEVER,))
    stage.fake.answers(REST, _log(11, 12, run=1))
    stage.source.note(_running(0), is_gone=False)
    stage.until_shown(*_texts(1))
    stage.source.note(_over(0, can_restart=True), is_gone=False)
    stage.until_read()
    (warning,) = stage.warnings
    assert "may be missing" in warning
    stage.source.note(_running(1), is_gone=False)
    stage.until_shown(*_texts(1), *_texts(11, 12, 13, run=1))
    assert stage.warnings == [warning]


def test_a_previous_run_that_was_removed_is_told(stage: Stage) -> None:
    stage.fake.answers(PREVIOUS, **NO_PREVIOUS)
    stage.fake.answers(REST, _log(11, run=1))
    stage.source.note(_over(1), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(11, run=1)
    assert stage.warnings == [
        "its log could not be read to the end, and lines from its beginning may be missing: the kubelet has removed it"
    ]


def test_a_container_that_its_node_lost_sight_of_is_told_and_not_asked_for(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1), times=1)
    stage.source.note(_running(0), is_gone=False)
    stage.until_shown(*_texts(1))
    stage.source.note(replace(_over(0), is_lost=True), is_gone=False)
    stage.until_read()
    assert stage.fake.called(REST) == stage.fake.called(FOLLOW)
    assert stage.warnings == [
        "its log could not be read to the end, and lines after 2026-11-20T19:25:01.000000000Z may be missing: its node "
        "lost sight of it"
    ]


@pytest.mark.usefixtures("_patient")
def test_where_all_was_shown_and_only_the_proof_is_missing_nothing_is_said_to_be_lost(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1), times=1)
    stage.fake.answers(PREVIOUS, **NO_PREVIOUS)
    stage.fake.answers(FOLLOW, _log(11, run=1), times=1)
    stage.source.note(replace(_running(0), can_restart=True), is_gone=False)
    stage.until_shown(*_texts(1))
    # A rule of the container lets it run anew, and the node keeps nothing of the run before.
    stage.source.note(replace(_running(1), can_restart=True), is_gone=False)
    stage.until_shown(*_texts(1), *_texts(11, run=1))
    stage.source.note(replace(_over(1), is_lost=True), is_gone=False, is_evicted=True)
    stage.until_read()
    assert len(stage.fake.called(PREVIOUS)) == 1
    assert stage.warnings == []


GONE = "its log could not be read to the end, and lines after {} may be missing: its pod was deleted"


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("is_gone", [True, False])
def test_a_last_line_without_newline_that_nothing_can_read_again_is_shown_and_may_be_half_of_one(
    stage: Stage, is_gone: bool
) -> None:
    stage.fake.answers(FOLLOW, _log(1, 2)[:-1], times=1)
    stage.fake.answers(REST, **POD_NOT_FOUND)
    stage.source.note(_running(), is_gone=False)
    stage.live(lambda: bool(stage.shown) and not stage.source.is_reading)
    assert stage.shown == _texts(1)
    stage.source.note(_over(), is_gone=is_gone)
    stage.until_read()
    assert stage.shown == _texts(1, 2)
    assert stage.warnings == [GONE.format("2026-11-20T19:25:02.000000000Z")]


@pytest.mark.usefixtures("_patient")
def test_a_last_line_without_newline_of_a_run_that_is_gone_is_shown_before_the_next_run(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1, 2)[:-1], times=1)
    stage.fake.answers(PREVIOUS, **NO_PREVIOUS)
    stage.fake.answers(FOLLOW, _log(11, run=1), then=(NEVER,))
    stage.source.note(replace(_running(0), can_restart=True), is_gone=False)
    stage.live(lambda: bool(stage.shown) and not stage.source.is_reading)
    stage.source.note(replace(_running(1), can_restart=True), is_gone=False)
    stage.until_shown(*_texts(1, 2), *_texts(11, run=1))
    (warning,) = stage.warnings
    assert "after 2026-11-20T19:25:02.000000000Z may be missing: the kubelet has removed it" in warning


@pytest.mark.usefixtures("_patient")
def test_a_last_line_without_newline_that_a_cut_keeps_from_the_last_reading_is_shown_all_the_same(stage: Stage) -> None:
    """Between the API server and the node a cut is no error for kubectl."""
    stage.fake.answers(FOLLOW, _log(1, 2)[:-1], times=1)
    stage.fake.answers(REST, _log(1))
    stage.source.note(_running(), is_gone=False)
    stage.live(lambda: bool(stage.shown) and not stage.source.is_reading)
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(1, 2)


def test_the_half_of_a_line_of_another_run_is_not_taken_for_this_ones(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1), times=1)
    stage.fake.answers(FOLLOW, _log(11, run=1)[:-1], times=1)
    stage.fake.answers(FOLLOW, _log(11, 12, run=1), then=(NEVER,))
    stage.fake.answers(PREVIOUS, **NO_PREVIOUS)
    stage.source.note(replace(_running(0), can_restart=True), is_gone=False)
    stage.live(lambda: len(stage.fake.called(FOLLOW)) == 2 and not stage.source.is_reading)
    stage.source.note(replace(_running(1), can_restart=True), is_gone=False)
    stage.until_shown(*_texts(1), *_texts(11, 12, run=1))


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("cut", [b"2026-11-20T19:2", b"2026-11-20T19:25:02.000000000Z "])
def test_a_stream_that_was_cut_within_the_time_of_a_line_is_no_proof_either(stage: Stage, cut: bytes) -> None:
    stage.fake.answers(FOLLOW, _log(1) + cut, times=1)
    stage.fake.answers(REST, **POD_NOT_FOUND)
    stage.source.note(_running(), is_gone=False)
    stage.live(lambda: bool(stage.shown) and not stage.source.is_reading)
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(1)
    assert stage.warnings == [GONE.format("2026-11-20T19:25:01.000000000Z")]


def test_half_of_a_line_that_was_shown_already_is_not_shown_again_though_nothing_can_read_it_again(
    stage: Stage,
) -> None:
    stage.fake.answers(FOLLOW, _log(1, 2), times=1, **REFUSED)
    stage.fake.answers(FOLLOW, _log(1, 2)[:-2], times=1)
    stage.source.note(_running(), is_gone=False)
    stage.live(lambda: len(stage.fake.called(FOLLOW)) == 2 and not stage.source.is_reading)
    stage.source.note(_running(), is_gone=True)
    stage.until_read()
    assert stage.shown == _texts(1, 2)
    assert stage.warnings == [GONE.format("2026-11-20T19:25:02.000000000Z")]


def test_a_last_line_without_newline_that_is_read_again_is_shown_once(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1, 2)[:-1], times=1)
    stage.fake.answers(FOLLOW, _log(1, 2, 3)[:-1], times=1)
    stage.fake.answers(FOLLOW, **POD_NOT_FOUND)
    stage.source.note(_running(), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(1, 2, 3)
    assert len(stage.warnings) == 1


@pytest.mark.usefixtures("_patient")
def test_a_short_run_whose_stream_ended_by_itself_is_shown_whole_also_where_the_node_keeps_nothing_of_it(
    stage: Stage,
) -> None:
    stage.fake.answers(FOLLOW, _log(1), then=[0.5], times=1)
    stage.fake.answers(PREVIOUS, KUBELET)
    stage.fake.answers(FOLLOW, _log(11, run=1), then=(NEVER,))
    stage.source.note(replace(_running(0), can_restart=True), is_gone=False)
    stage.until_shown(*_texts(1))
    stage.source.note(replace(_running(1), can_restart=True), is_gone=False)
    stage.until_shown(*_texts(1), *_texts(11, run=1))
    assert len(stage.fake.called(PREVIOUS)) == 1
    assert stage.warnings == []


def test_a_stream_that_was_cut_is_no_proof_for_a_run_that_is_gone(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1), times=1, **REFUSED)
    stage.fake.answers(PREVIOUS, **NO_PREVIOUS)
    stage.source.note(_running(0), is_gone=False)
    stage.live(lambda: stage.shown == _texts(1) and not stage.source.is_reading)
    stage.source.note(_running(1), is_gone=False)
    stage.live(lambda: stage.warnings != [])
    assert "lines after 2026-11-20T19:25:01.000000000Z may be missing: the kubelet has removed it" in stage.warnings[0]


def test_a_stream_that_had_no_time_to_show_all_is_no_proof_for_a_pod_that_is_gone(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1), then=(NEVER,))
    stage.fake.answers(REST, **POD_NOT_FOUND)
    stage.source.note(_running(0), is_gone=False)
    stage.until_shown(*_texts(1))
    stage.source.note(_over(0), is_gone=False)
    stage.until_read()
    assert len(stage.warnings) == 1


def test_a_stream_that_was_quiet_when_the_last_run_had_ended_is_no_proof(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last lines come with the end, and the stream is stopped before they have come."""
    monkeypatch.setattr(reading_module, "_WELL_SECONDS", 0.1)
    stage.fake.answers(FOLLOW, _log(1), then=(NEVER,))
    stage.fake.answers(REST, **POD_NOT_FOUND)
    stage.source.note(_running(0), is_gone=False)
    stage.until_shown(*_texts(1))
    time.sleep(0.3)
    stage.source.note(_over(0), is_gone=False)
    stage.until_read()
    assert stage.warnings == [GONE.format("2026-11-20T19:25:01.000000000Z")]


def test_a_stream_that_was_quiet_when_the_next_run_began_has_shown_all(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_module, "_WELL_SECONDS", 0.1)
    stage.fake.answers(FOLLOW, _log(1), then=(NEVER,), times=1)
    stage.fake.answers(PREVIOUS, **NO_PREVIOUS)
    stage.fake.answers(FOLLOW, _log(11, run=1), then=(NEVER,))
    stage.source.note(replace(_running(0), can_restart=True), is_gone=False)
    stage.until_shown(*_texts(1))
    time.sleep(0.3)
    stage.source.note(replace(_running(1), can_restart=True), is_gone=False)
    stage.until_shown(*_texts(1), *_texts(11, run=1))
    assert stage.warnings == []


@pytest.mark.parametrize(
    "then", [(NEVER,), ()], ids=["a stream that never began", "a stream that ended without a line"]
)
def test_a_stream_that_has_shown_nothing_is_no_proof(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, then: tuple[bytes | str | float, ...]
) -> None:
    monkeypatch.setattr(reading_module, "_WELL_SECONDS", 0.1)
    stage.fake.answers(FOLLOW, then=then, times=1)
    stage.fake.answers(PREVIOUS, KUBELET)
    stage.fake.answers(FOLLOW, _log(11, run=1), then=(NEVER,))
    stage.source.note(_running(0), is_gone=False)
    stage.live(lambda: len(stage.fake.called(FOLLOW)) == 1)
    time.sleep(0.3)
    stage.source.note(_running(1), is_gone=False)
    stage.until_shown(*_texts(11, run=1))
    (warning,) = stage.warnings
    assert "from its beginning may be missing: the kubelet says: unable to retrieve" in warning


def test_where_the_log_was_rotated_away_one_warning_tells_from_when_to_when(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1, 2), times=1)
    stage.fake.answers(FOLLOW, _log(50, 51), is_log=True, times=1)
    stage.fake.answers(FOLLOW, _log(50, 51, 52), is_log=True, times=2)
    stage.fake.answers(FOLLOW, then=(NEVER,))
    stage.fake.answers(REST, _log(51, 52, 53), is_log=True)
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1, 2, 50, 51, 52))
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(1, 2, 50, 51, 52, 53)
    (warning,) = stage.warnings
    assert warning.startswith(
        "lines between 2026-11-20T19:25:02.000000000Z and 2026-11-20T19:25:50.000000000Z may be missing"
    )
    assert "rotated" in warning


def test_where_the_last_line_is_gone_and_nothing_followed_it_that_is_told(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1, 2), times=1)
    stage.fake.answers(REST)
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1, 2))
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    (warning,) = stage.warnings
    assert warning.startswith("lines after 2026-11-20T19:25:02.000000000Z may be missing")


def test_a_pod_that_is_deleted_while_its_log_is_read_is_told_once(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, _log(1), then=(NEVER,))
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1))
    stage.source.note(_running(), is_gone=True)
    stage.until_read()
    stage.live_for(0.1)
    assert stage.warnings == [
        "its log could not be read to the end, and lines after 2026-11-20T19:25:01.000000000Z may be missing: its pod "
        "was deleted"
    ]
    assert len(stage.fake.called("logs")) == 1


def test_a_pod_that_is_gone_long_after_its_stream_has_ended_is_told(stage: Stage) -> None:
    """Its stream was cut by an outage, in which the container wrote on, ended and was deleted."""
    stage.fake.answers(FOLLOW, _log(1))
    stage.source.note(_running(), is_gone=False)
    stage.live(lambda: bool(stage.shown) and not stage.source.is_reading)
    time.sleep(2 * pauses_module._NEWS_SECONDS)
    stage.source.note(_running(), is_gone=True)
    stage.live_for(0.05)
    assert stage.warnings == [
        "its log could not be read to the end, and lines after 2026-11-20T19:25:01.000000000Z may be missing: its pod "
        "was deleted"
    ]
    assert len(stage.fake.called("logs")) == 1


def test_a_pod_that_is_gone_when_its_log_is_asked_for_is_told_once(stage: Stage) -> None:
    stage.fake.answers(REST, **POD_NOT_FOUND)
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    stage.source.note(_over(), is_gone=True)
    stage.live_for(0.05)
    assert stage.warnings == [
        "its log could not be read to the end, and lines from its beginning may be missing: its pod was deleted"
    ]
    assert len(stage.fake.called("logs")) == 1


def test_a_pod_that_is_deleted_when_all_was_read_is_no_loss(stage: Stage) -> None:
    stage.fake.answers(REST, _log(1))
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    stage.source.note(_over(), is_gone=True)
    stage.live_for(0.05)
    assert stage.warnings == []


def test_a_refusal_that_goes_on_is_believed_and_told_with_kubectls_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses_module, "REFUSALS_SECONDS", 0.2)
    stage.fake.answers(FOLLOW, **FORBIDDEN)
    stage.source.note(_running(), is_gone=False)
    stage.until_read()
    (warning,) = stage.warnings
    assert "lines from its beginning may be missing: kubectl refuses to read it: Error from server (Forb" in warning
    assert len(stage.fake.called("logs")) >= 2


def test_a_refusal_or_two_and_a_container_that_is_not_ready_are_borne(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, times=2, **FORBIDDEN)
    stage.fake.answers(FOLLOW, times=4, **WAITING)
    stage.fake.answers(FOLLOW, times=4, **REFUSED)
    stage.fake.answers(FOLLOW, _log(1), then=(NEVER,))
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1))
    assert stage.warnings == []


@pytest.mark.parametrize(
    "between",
    [{"after_seconds": 0.5}, {"after_seconds": 0.5, **REFUSED}, {"after_seconds": 0.5, **WAITING}, {"then": (NEVER,)}],
    ids=["an end without a line", "an error that can pass", "a container that waits", "silence"],
)
def test_a_refusal_long_after_another_is_borne_where_a_reading_between_them_was_not_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, between: dict[str, Any]
) -> None:
    monkeypatch.setattr(pauses_module, "REFUSALS_SECONDS", 0.4)
    monkeypatch.setattr(silence_module, "_FIRST_SILENCE_SECONDS", 1.5)
    stage = Stage(stage.fake)
    stage.fake.answers(FOLLOW, times=1, **FORBIDDEN)
    stage.fake.answers(FOLLOW, times=1, **between)
    stage.fake.answers(FOLLOW, times=1, **FORBIDDEN)
    stage.fake.answers(FOLLOW, _log(1), then=(NEVER,))
    stage.source.note(_running(), is_gone=False)
    stage.live(lambda: bool(stage.shown or stage.warnings))
    stage.source.stop()
    stage.processes.close()
    assert stage.warnings == []
    assert stage.shown == _texts(1)


def test_what_the_kubelet_says_instead_of_lines_is_told_and_never_shown_as_a_line(stage: Stage) -> None:
    stage.fake.answers(REST, KUBELET)
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown == []
    (warning,) = stage.warnings
    assert "the kubelet says: unable to retrieve container logs for containerd://0123456789\nWhat to do: " in warning
    assert len(stage.fake.called("logs")) == 3


def test_a_previous_run_of_which_the_kubelet_has_only_words_does_not_hold_up_the_next(stage: Stage) -> None:
    stage.fake.answers(PREVIOUS, KUBELET)
    stage.fake.answers(FOLLOW, _log(11, run=1), then=(NEVER,))
    stage.source.note(_running(1), is_gone=False)
    stage.until_shown(*_texts(11, run=1))
    (warning,) = stage.warnings
    assert "from its beginning may be missing: the kubelet says: unable to retrieve" in warning
    assert len(stage.fake.called(PREVIOUS)) == 1


def test_a_container_that_runs_is_never_given_up_for_the_kubelets_words(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, KUBELET, times=5)
    stage.fake.answers(FOLLOW, _log(1), then=(NEVER,))
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1))
    assert stage.warnings == []


def test_what_the_kubelet_says_now_and_then_is_borne(stage: Stage) -> None:
    stage.fake.answers(FOLLOW, KUBELET, times=2)
    stage.fake.answers(FOLLOW, _log(1) + KUBELET, times=1)
    stage.fake.answers(FOLLOW, _log(1, 2), then=(NEVER,))
    stage.fake.answers(REST, _log(1, 2, 3) + KUBELET, times=1)
    stage.fake.answers(REST, _log(1, 2, 3))
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1, 2))
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(1, 2, 3)
    assert stage.warnings == []


WATCHER = b"failed to create fsnotify watcher: too many open files"


@pytest.mark.parametrize("newline", [b"", b"\n"])
@pytest.mark.parametrize("begun", [b"", b"2026-11-20T19:25:03.000000000Z half a li"])
def test_a_kubelet_that_cannot_follow_is_asked_ever_more_seldom_and_told(
    stage: Stage, newline: bytes, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses_module, "_LONGEST_PAUSE_SECONDS", 0.32)
    for count in range(1, 6):
        stage.fake.answers(FOLLOW, _log(*range(count)) + (b"" if newline else begun) + WATCHER + newline, times=1)
    stage.fake.answers(FOLLOW, _log(*range(5)) + WATCHER + newline)
    stage.fake.answers(REST, _log(*range(7)), is_log=True)
    stage.source.note(_running(), is_gone=False)
    stage.live(lambda: stage.source._pauses._remark_pause > 0.3 and not stage.source.is_reading)
    assert set(stage.remarks) == {WATCHER.decode()}
    began, count = time.monotonic(), len(stage.fake.called("logs"))
    stage.source._pauses._retry_at += 60  # what is left when it ends is read at once
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert time.monotonic() - began < 10
    assert len(stage.fake.called("logs")) == count + 1
    assert stage.shown == _texts(*range(7))
    assert stage.warnings == []


def test_more_than_a_pipe_holds_comes_through_once_however_slowly_it_is_taken(stage: Stage) -> None:
    numbers = range(40_000)
    stage.fake.answers(REST, _log(*numbers))
    stage.source.note(_over(), is_gone=False)
    stage.source.start(Kind.REST)
    until(lambda: bool(stage.fake.called("logs")), "kubectl did not start")
    time.sleep(0.1)
    stage.until_read()
    assert stage.shown == _texts(*numbers)


def test_a_stop_with_much_unread_ends_kubectl_and_what_was_not_shown_is_read_later(stage: Stage) -> None:
    numbers = range(40_000)
    stage.fake.answers(FOLLOW, _log(*numbers), then=(NEVER,), times=1)
    stage.fake.answers(REST, _log(*numbers), is_log=True)
    stage.source.note(_running(), is_gone=False)
    stage.live(lambda: len(stage.shown) > 0)
    reading = stage.source._reading
    assert reading is not None
    until(reading.output._chunks.full, "it is not read on")
    time.sleep(0.1)  # one more chunk is read, and waits
    stage.source.stop()
    stage.source.stop()
    until(lambda: not stage.fake.running(), "kubectl goes on")
    until(lambda: not any(one.is_running for one in stage.processes._processes), "its thread waits to be heard")
    assert len(stage.shown) < 40_000
    stage.source.note(_over(), is_gone=False)
    stage.until_read()
    assert stage.shown == _texts(*numbers)


def test_the_command_for_the_rest_goes_on_where_the_log_was_shown_to(stage: Stage) -> None:
    assert stage.source.rest_command() == "kubectl -n here logs p -c main --timestamps"
    stage.fake.answers(FOLLOW, _log(1, 2.5), then=(NEVER,))
    stage.source.note(_running(), is_gone=False)
    stage.until_shown(*_texts(1, 2.5))
    command = "kubectl -n here logs p -c main --timestamps --since-time=2026-11-20T19:25:02Z"
    assert stage.source.rest_command() == command
    stage.source.note(_running(1), is_gone=False)
    assert stage.source.rest_command() == f"{command} --previous"
    assert stage.source.name == "p/main"
