"""An outage is told while everything waits, and it has its limit."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.attempt.standing import Standing
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.watch import outage as outage_module
from kubectl_job_operator.watch import pods as pods_module
from kubectl_job_operator.watch.outage import Outage
from kubectl_job_operator.watch.pods import PodWatch
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import REFUSED, Log
from tests.unit.watching import FORBIDDEN, JOB, LIST, WATCH, event, listed, live, pod


class Parts:
    """A watch of pods with the fake behind it, and what tells of outages."""

    def __init__(self, tolerance_seconds: float = 60.0) -> None:
        self.mailbox, self.log = Mailbox(), Log()
        self.processes = Processes(os.environ)
        kubectl = Kubectl(Access(), "here", self.processes, Transcript(lambda _: None))
        self.watch = PodWatch(kubectl, JOB, self.mailbox, self.log)
        self.standing = Standing(self.log.warning)
        self.outage = Outage(self.watch, self.standing, tolerance_seconds)

    def close(self) -> None:
        """End all that runs."""
        self.watch.close()
        self.processes.close()


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pods_module, "_FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(outage_module, "_TOLD_AFTER_SECONDS", 0.02)


@pytest.fixture
def parts(fake_kubectl: FakeKubectl) -> Iterator[Parts]:  # noqa: ARG001 - it is on PATH
    """Give the code under test."""
    parts = Parts()
    yield parts
    parts.close()


def test_an_outage_is_told_when_it_has_begun_and_when_it_is_over(fake_kubectl: FakeKubectl, parts: Parts) -> None:
    fake_kubectl.answers(WATCH, event(pod()), times=1)
    fake_kubectl.answers(WATCH, event(pod(phase="Succeeded")), then=(NEVER,))
    fake_kubectl.answers(LIST, times=3, **REFUSED)
    fake_kubectl.answers(LIST, listed(pod()))
    live(parts.mailbox, parts.watch, parts.outage, until=lambda: len(parts.log.warnings) == 2)
    begin, end = parts.log.warnings
    assert begin.startswith("The cluster does not serve us now (")
    assert begin.endswith(" UTC; trying for up to 60 s.")
    assert end.startswith("The cluster serves us again after ")


def test_an_outage_that_lasts_too_long_ends_the_waiting_with_what_was_heard_last(fake_kubectl: FakeKubectl) -> None:
    parts = Parts(tolerance_seconds=0.3)
    fake_kubectl.answers(WATCH, event(pod()), times=1)
    fake_kubectl.answers(LIST, **REFUSED)
    try:
        with pytest.raises(KubectlError) as caught:
            live(parts.mailbox, parts.watch, parts.outage, until=lambda: False)
    finally:
        parts.close()
    assert caught.value.kind is ErrorKind.UNREACHABLE
    assert len(parts.log.warnings) == 1


def test_a_server_that_does_not_answer_at_all_is_told_before_anybody_gives_up_asking(
    fake_kubectl: FakeKubectl, parts: Parts
) -> None:
    fake_kubectl.answers(WATCH, event(pod()), times=1)
    fake_kubectl.answers(LIST, after_seconds=NEVER)
    live(parts.mailbox, parts.watch, parts.outage, until=lambda: bool(parts.log.warnings))
    assert parts.log.warnings[0].startswith("The cluster does not serve us now (no answer), since ")


def test_a_watch_that_ends_now_and_then_is_no_outage(fake_kubectl: FakeKubectl, parts: Parts) -> None:
    fake_kubectl.answers(WATCH, event(pod()), times=3)
    fake_kubectl.answers(WATCH, event(pod(phase="Succeeded")), then=(NEVER,))
    fake_kubectl.answers(LIST, listed(pod()))
    parts.outage._tolerance_seconds = 0.0
    live(parts.mailbox, parts.watch, parts.outage, until=lambda: parts.watch.reconnections == 3)
    assert all("serves us again" in line or "(no answer)" in line for line in parts.log.warnings)


def test_a_refusal_is_an_answer_and_no_outage(fake_kubectl: FakeKubectl, parts: Parts) -> None:
    fake_kubectl.answers(WATCH, **FORBIDDEN)
    fake_kubectl.answers(LIST, **FORBIDDEN)
    live(parts.mailbox, parts.watch, parts.outage, until=lambda: len(fake_kubectl.called(LIST)) > 3)
    assert parts.watch.away_since is None
    assert not any("does not serve us" in line for line in parts.log.warnings)


def test_a_server_that_refuses_everybody_for_a_while_is_told_when_it_begins_and_when_it_is_over(
    fake_kubectl: FakeKubectl, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage_module, "_TOLD_AFTER_SECONDS", 1.0)
    fake_kubectl.answers(WATCH, event(pod()), times=1)
    fake_kubectl.answers(WATCH, event(pod(phase="Succeeded")), then=(NEVER,))
    fake_kubectl.answers(LIST, times=8, **FORBIDDEN)
    fake_kubectl.answers(LIST, listed(pod()))
    live(parts.mailbox, parts.watch, parts.outage, until=lambda: len(parts.log.warnings) == 2)
    begin, end = parts.log.warnings
    assert begin.startswith("The cluster refuses us (forbidden). One that has just started refuses everybody")
    assert end.startswith("The cluster serves us again after ")


def test_what_was_served_to_somebody_else_meanwhile_counts(parts: Parts) -> None:
    parts.watch.away_since = time.monotonic() - 1000.0
    parts.watch.last_error = KubectlError(("kubectl",), 1, "", ErrorKind.UNREACHABLE)
    parts.standing.serves()
    time.sleep(0.03)
    parts.outage.advance()
    assert parts.log.warnings[0].startswith("The cluster does not serve us now (unreachable)")
