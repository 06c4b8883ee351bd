"""While nothing ends, it is told who is waited for: once, and again after some minutes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.life import patience
from kubectl_job_operator.life.patience import JobReader, WhoIsWaitedFor
from tests.unit import stage
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import Log
from tests.unit.watching import live
from tests.unit.watching import pod as running_pod

FINALIZED = {"deletionTimestamp": "2026-11-20T19:25:02Z", "finalizers": ["example.com/audit"]}


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


def _held() -> dict[str, Any]:
    job = stage.job()
    job["metadata"] |= FINALIZED
    return job


def test_each_is_told_once_and_again_after_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, log = Clock(), Log()
    monkeypatch.setattr(patience, "time", clock)
    who = WhoIsWaitedFor(stage.job(), log, list)
    who.advance()
    assert log.lines == []
    who.note_job(_held())
    for _ in range(20):
        clock.now += 10.0
        who.advance()
    (line,) = log.warnings
    assert "finalizer example.com/audit" in line
    clock.now += 200.0
    who.advance()
    assert log.warnings == [line, line]


def test_what_is_over_and_comes_again_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, log = Clock(), Log()
    monkeypatch.setattr(patience, "time", clock)
    who = WhoIsWaitedFor(_held(), log, list)
    for job in (_held(), stage.job(), _held()):
        who.note_job(job)
        who.advance()
    assert len(log.warnings) == 2


def _lost_with_its_node(name: str = "a-1") -> dict[str, Any]:
    made: dict[str, Any] = running_pod(name, main="running")
    terminated = {"exitCode": 255, "reason": "Unknown"}
    made["status"] |= {"phase": "Failed", "containerStatuses": [{"name": "main", "state": {"terminated": terminated}}]}
    return made


def test_a_pod_that_its_node_has_ended_is_told_once_though_the_job_goes_on_with_another() -> None:
    log, pods = Log(), [running_pod("a-1", main="running")]
    who = WhoIsWaitedFor(stage.job(), log, lambda: pods)
    who.advance()
    pods[:] = [_lost_with_its_node(), running_pod("a-2", main="running")]
    for _ in range(3):
        who.advance()
    (line,) = log.warnings
    assert "a-1" in line
    assert "its node was started again while it ran" in line


def test_a_pod_is_told_that_was_one_of_many_that_ran_well_and_need_no_look() -> None:
    log, pods = Log(), [running_pod("a-2", main="running")]
    who = WhoIsWaitedFor(stage.job(), log, lambda: pods, lambda: 1)
    who.advance()
    pods[:] = [_lost_with_its_node(), running_pod("a-2", main="running")]
    who.advance()
    (line,) = log.warnings
    assert "a-1" in line


def test_a_pod_that_was_over_before_is_not_told() -> None:
    log = Log()
    WhoIsWaitedFor(stage.job(), log, lambda: [_lost_with_its_node()]).advance()
    assert log.warnings == []


def test_the_end_of_a_pod_that_was_told_to_be_ended_is_not_told_again() -> None:
    log, evicted = Log(), running_pod("a-1", main="running")
    evicted["status"]["conditions"] = [
        {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
    ]
    pods = [evicted]
    who = WhoIsWaitedFor(stage.job(), log, lambda: pods)
    who.advance()
    pods[:] = [{**evicted, "status": {**evicted["status"], "phase": "Failed"}}]
    who.advance()
    (line,) = log.warnings
    assert "is being ended" in line


class Parts:
    """A reader of the Job with the fake behind it."""

    def __init__(self, *pods: dict[str, Any]) -> None:
        self.log, self.mailbox = Log(), Mailbox()
        self.processes = Processes(os.environ)
        self.seen: list[Any] = []
        kubectl = Kubectl(Access(), stage.NAMESPACE, self.processes, Transcript(lambda _: None))
        who = WhoIsWaitedFor(stage.job(), self.log, lambda: pods)
        self.reader = JobReader(
            kubectl, stage.job(), who, pods=lambda: pods, on_job=self.seen.append, on_exit=self.mailbox.post
        )


@pytest.fixture
def parts(fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:  # noqa: ARG001 - on PATH
    """Give a reader that is quick, of a Job without a pod."""
    monkeypatch.setattr(patience, "_JOB_IS_READ_AFTER_SECONDS", (0.05, 0.05, 60.0))
    parts = Parts()
    yield parts
    parts.processes.close()


def test_where_no_pod_does_anything_the_job_is_read_and_tells_what_holds_it(
    fake_kubectl: FakeKubectl, parts: Parts
) -> None:
    fake_kubectl.answers(f"get {stage.TARGET}", _held())
    live(parts.mailbox, parts.reader, until=lambda: bool(parts.log.warnings))
    assert "finalizer example.com/audit" in parts.log.warnings[0]
    assert parts.seen[0]["metadata"]["finalizers"] == ["example.com/audit"]


def test_it_is_read_seldom(fake_kubectl: FakeKubectl, parts: Parts) -> None:
    fake_kubectl.answers(f"get {stage.TARGET}", stage.job())
    live(parts.mailbox, parts.reader, until=lambda: len(parts.seen) == 2)
    assert parts.reader._next_read - parts.reader._idle_since > 50  # type: ignore[operator]


def test_a_job_of_the_same_name_and_one_that_cannot_be_read_tell_nothing(
    fake_kubectl: FakeKubectl, parts: Parts
) -> None:
    fake_kubectl.answers(
        f"get {stage.TARGET}", {**_held(), "metadata": {**_held()["metadata"], "uid": "other"}}, times=1
    )
    fake_kubectl.answers(f"get {stage.TARGET}", **stage.REFUSED)
    live(parts.mailbox, parts.reader, until=lambda: len(fake_kubectl.called("get")) == 2 and not parts.reader.pending())
    assert parts.seen == []
    assert parts.log.warnings == []


def test_as_long_as_a_pod_runs_nothing_is_read() -> None:
    working = Parts(running_pod(main="running"))
    working.reader.advance()
    assert working.reader._idle_since is None
