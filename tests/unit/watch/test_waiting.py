"""A Job's verdict is found whatever happens to the waits, and a Job that vanishes is noticed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_job_operator.attempt import refusals
from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.errors import ErrorKind, JobVanishedError, KubectlError, TaskKilledError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status
from kubectl_job_operator.watch import waiting
from kubectl_job_operator.watch.waiting import Waiter
from tests.unit import stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import COMPLETE_WAIT, DELETED_WAIT, FAILED_WAIT, TARGET
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("hasty")


class Seen:
    """A witness.

    :param is_there: what it says of the Job, one after the other; the last again and again.
    :param may_fail: what it says of a failure.
    """

    def __init__(self, *is_there: bool | None, may_fail: bool = False) -> None:
        self._is_there = list(is_there)
        self._may_fail = may_fail

    def is_there(self) -> bool | None:
        """Tell it."""
        return self._is_there.pop(0) if len(self._is_there) > 1 else self._is_there[0]

    def may_fail(self) -> bool:
        """Tell it."""
        return self._may_fail


class Waits:
    """A Waiter with the fake behind it."""

    def __init__(self) -> None:
        self.processes = Processes(stage.environment())
        self.mailbox = Mailbox()
        self.kubectl = Kubectl(Access(), stage.NAMESPACE, self.processes, Transcript(lambda _: None))

    def wait(self, job: Object | None = None, witness: Seen | None = None) -> Object:
        """Wait for a Job that was applied."""
        return Waiter(self.kubectl, job or stage.job(), self._look, self.mailbox, witness=witness).wait()

    def _look(self) -> Object | None:
        return self.kubectl.get(TARGET)


@pytest.fixture
def waits(fake_kubectl: FakeKubectl) -> Iterator[Waits]:  # noqa: ARG001 - it is on PATH
    """Give a Waiter that is closed behind the test."""
    waits = Waits()
    yield waits
    waits.processes.close()


def _never(fake_kubectl: FakeKubectl, *words: str) -> None:
    for word in words:
        fake_kubectl.answers(word, after_seconds=NEVER)


@pytest.mark.parametrize(
    ("end", "met", "other"), [("complete", COMPLETE_WAIT, FAILED_WAIT), ("failed", FAILED_WAIT, COMPLETE_WAIT)]
)
def test_the_first_wait_that_is_met_gives_the_job_and_the_other_ends(
    fake_kubectl: FakeKubectl, waits: Waits, end: str, met: str, other: str
) -> None:
    fake_kubectl.answers(met, stage.job(end), once_called=other)
    _never(fake_kubectl, other, DELETED_WAIT)
    assert waits.wait() == stage.job(end)
    assert fake_kubectl.running() == []
    assert not fake_kubectl.called("get")


@pytest.mark.parametrize("state", ["complete", "failed"])
def test_a_job_that_has_its_verdict_already_is_not_waited_for(
    fake_kubectl: FakeKubectl, waits: Waits, state: str
) -> None:
    assert waits.wait(stage.job(state)) == stage.job(state)
    assert fake_kubectl.calls == []


def test_a_job_that_ends_at_once_costs_one_wait_and_no_more(
    fake_kubectl: FakeKubectl, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_UNSEEN_SECONDS", 60.0)
    fake_kubectl.answers(COMPLETE_WAIT, stage.job("complete"))
    waits.wait()
    assert len(fake_kubectl.called("wait")) == len(fake_kubectl.calls) - 1 == 1


def test_while_a_pod_lives_success_alone_is_waited_for(fake_kubectl: FakeKubectl, waits: Waits) -> None:
    fake_kubectl.answers(COMPLETE_WAIT, stage.job("complete"), after_seconds=1.0)
    waits.wait(witness=Seen(True))
    assert len(fake_kubectl.called("wait")) == 1


def test_when_a_pod_has_failed_the_failure_of_the_job_is_waited_for_while_others_live(
    fake_kubectl: FakeKubectl, waits: Waits
) -> None:
    _never(fake_kubectl, COMPLETE_WAIT)
    fake_kubectl.answers(FAILED_WAIT, stage.job("failed"), once_called=COMPLETE_WAIT)
    assert waits.wait(witness=Seen(True, may_fail=True)) == stage.job("failed")
    assert not fake_kubectl.called(DELETED_WAIT)


def test_a_wait_for_the_deletion_ends_when_a_pod_lives_again(fake_kubectl: FakeKubectl, waits: Waits) -> None:
    _never(fake_kubectl, COMPLETE_WAIT, FAILED_WAIT, DELETED_WAIT)

    def wake() -> None:
        fake_kubectl.wait_for_call(DELETED_WAIT)
        until(lambda: len(fake_kubectl.running()) == 3, "not all waits run")
        waits.mailbox.wake()
        until(lambda: len(fake_kubectl.running()) == 2, "the wait for the deletion goes on")
        waits.mailbox.kill()

    waker = threading.Thread(target=wake)
    waker.start()
    try:
        with pytest.raises(TaskKilledError):
            waits.wait(witness=Seen(False, True))
    finally:
        waker.join()


@pytest.mark.parametrize("wait", [FAILED_WAIT, DELETED_WAIT])
def test_where_there_is_a_doubt_failure_and_deletion_are_waited_for_at_once(
    fake_kubectl: FakeKubectl, waits: Waits, monkeypatch: pytest.MonkeyPatch, wait: str
) -> None:
    monkeypatch.setattr(waiting, "_UNSEEN_SECONDS", 3600.0)
    fake_kubectl.answers(wait)
    _never(fake_kubectl, COMPLETE_WAIT, FAILED_WAIT, DELETED_WAIT)
    fake_kubectl.answers(f"get {TARGET}")
    with pytest.raises(JobVanishedError):
        waits.wait(witness=Seen(False))


@pytest.mark.parametrize("wait", [FAILED_WAIT, DELETED_WAIT])
def test_when_no_pod_lives_any_more_failure_and_deletion_are_waited_for(
    fake_kubectl: FakeKubectl, waits: Waits, wait: str
) -> None:
    fake_kubectl.answers(wait)
    _never(fake_kubectl, COMPLETE_WAIT, FAILED_WAIT, DELETED_WAIT)
    fake_kubectl.answers(f"get {TARGET}")
    waits.mailbox.wake()
    with pytest.raises(JobVanishedError):
        waits.wait(witness=Seen(True, None))


ODD_ENDS: dict[str, dict[str, Any]] = {
    "it is killed by a signal": {"by_signal": signal.SIGKILL},
    "it is killed after it has printed half of the Job": {"stdout": '{"kind": "Jo', "by_signal": signal.SIGTERM},
    "it returns 0 without a word": {},
    "it returns 0 with words that are no JSON": {"stdout": "job.batch/countdown condition met\n"},
    "it returns 0 with a Job that has no verdict": {"stdout": stage.job()},
    "it returns 0 with another Job": {"stdout": stage.job("complete", uid="another")},
    "the connection is refused": stage.REFUSED,
    "the line is cut": {"stderr": "error: unexpected EOF\n", "return_code": 1},
    "it gives up by itself": stage.TIMED_OUT,
    "it does not find the Job": stage.NOT_FOUND,
    "the server is busy": {"stderr": "Error from server: etcdserver: leader changed\n", "return_code": 1},
}


@pytest.mark.parametrize(
    ("wait", "odd"), [*((COMPLETE_WAIT, odd) for odd in ODD_ENDS), (FAILED_WAIT, "it gives up by itself")]
)
def test_a_wait_that_ends_oddly_is_armed_again_as_long_as_the_job_runs(
    fake_kubectl: FakeKubectl, waits: Waits, wait: str, odd: str
) -> None:
    fake_kubectl.answers(wait, **ODD_ENDS[odd], times=1)
    fake_kubectl.answers(f"get {TARGET}", stage.job())
    # Time enough for the other wait to be armed, where it is that one.
    seconds = 0.1 if wait == COMPLETE_WAIT else 2.0
    fake_kubectl.answers(COMPLETE_WAIT, stage.job("complete"), once_called=f"get {TARGET}", after_seconds=seconds)
    _never(fake_kubectl, FAILED_WAIT, DELETED_WAIT)
    assert waits.wait() == stage.job("complete")
    assert len(fake_kubectl.called(f"get {TARGET}")) == 1
    assert len(fake_kubectl.called(wait)) == 2


@pytest.mark.parametrize(
    ("odd", "state"), [*((odd, "complete") for odd in ODD_ENDS), ("it gives up by itself", "failed")]
)
def test_after_a_wait_that_ended_oddly_the_verdict_is_looked_up(
    fake_kubectl: FakeKubectl, waits: Waits, odd: str, state: str
) -> None:
    fake_kubectl.answers(COMPLETE_WAIT, **ODD_ENDS[odd])
    fake_kubectl.answers(f"get {TARGET}", stage.job(state))
    _never(fake_kubectl, FAILED_WAIT, DELETED_WAIT)
    assert waits.wait() == stage.job(state)


def test_what_cannot_pass_ends_the_waiting_when_it_goes_on(
    fake_kubectl: FakeKubectl, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "REFUSALS_SECONDS", 0.5)
    fake_kubectl.answers(COMPLETE_WAIT, **stage.FORBIDDEN)
    fake_kubectl.answers(f"get {TARGET}", stage.job())
    _never(fake_kubectl, FAILED_WAIT, DELETED_WAIT)
    with pytest.raises(KubectlError) as caught:
        waits.wait()
    assert caught.value.kind is ErrorKind.FORBIDDEN
    assert len(fake_kubectl.called(COMPLETE_WAIT)) >= 2, "right after a restart servers refuse what they allow"


def test_a_wait_that_is_refused_again_and_again_for_some_seconds_does_not_end_the_waiting(
    fake_kubectl: FakeKubectl, waits: Waits
) -> None:
    fake_kubectl.answers(COMPLETE_WAIT, **stage.FORBIDDEN, times=4)
    fake_kubectl.answers(COMPLETE_WAIT, stage.job("complete"), once_called=FAILED_WAIT)
    fake_kubectl.answers(f"get {TARGET}", stage.job())
    _never(fake_kubectl, FAILED_WAIT, DELETED_WAIT)
    assert waits.wait() == stage.job("complete")
    assert len(fake_kubectl.called(COMPLETE_WAIT)) == 5


def test_a_job_that_was_deleted_has_no_verdict(fake_kubectl: FakeKubectl, waits: Waits) -> None:
    _never(fake_kubectl, COMPLETE_WAIT, FAILED_WAIT)
    fake_kubectl.answers(DELETED_WAIT, f"{TARGET} condition met\n")
    fake_kubectl.answers(f"get {TARGET}")
    with pytest.raises(JobVanishedError, match="here/countdown was deleted while") as caught:
        waits.wait()
    assert (caught.value.namespace, caught.value.name) == ("here", "countdown")
    assert "What to do: " in str(caught.value)


def test_a_job_that_is_gone_before_the_waits_began_has_no_verdict(fake_kubectl: FakeKubectl, waits: Waits) -> None:
    for wait in (COMPLETE_WAIT, FAILED_WAIT, DELETED_WAIT):
        fake_kubectl.answers(wait, **stage.NOT_FOUND)
    fake_kubectl.answers(f"get {TARGET}")
    with pytest.raises(JobVanishedError):
        waits.wait()


def test_a_job_that_another_one_has_replaced_has_no_verdict(fake_kubectl: FakeKubectl, waits: Waits) -> None:
    _never(fake_kubectl, COMPLETE_WAIT, FAILED_WAIT)
    fake_kubectl.answers(DELETED_WAIT)
    fake_kubectl.answers(f"get {TARGET}", stage.job("complete", uid="another"))
    with pytest.raises(JobVanishedError, match="another Job has its name now"):
        waits.wait()


def test_a_job_that_another_one_had_replaced_when_its_deletion_was_waited_for_is_noticed(
    fake_kubectl: FakeKubectl, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That wait goes on until the other one is deleted, and those for the conditions until that one has them."""
    monkeypatch.setattr(waiting, "_CERTAIN_AFTER_SECONDS", (0.2, 0.6))
    _never(fake_kubectl, COMPLETE_WAIT, FAILED_WAIT, DELETED_WAIT)
    fake_kubectl.answers(f"get {TARGET}", stage.job(), times=1)
    fake_kubectl.answers(f"get {TARGET}", stage.job(uid="another"))
    with pytest.raises(JobVanishedError, match="another Job has its name now"):
        waits.wait(witness=Seen(False))
    assert len(fake_kubectl.called("wait")) == 3


def test_where_a_pod_lives_again_nobody_looks_whether_the_job_is_there(
    fake_kubectl: FakeKubectl, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_CERTAIN_AFTER_SECONDS", (0.2, 0.6))
    fake_kubectl.answers(COMPLETE_WAIT, stage.job("complete"), after_seconds=1.5)
    _never(fake_kubectl, FAILED_WAIT, DELETED_WAIT)
    waits.wait(witness=Seen(False, True))
    assert not fake_kubectl.called(f"get {TARGET}")


def test_the_verdict_of_another_job_of_the_name_is_not_taken(fake_kubectl: FakeKubectl, waits: Waits) -> None:
    fake_kubectl.answers(COMPLETE_WAIT, stage.job("complete", uid="another"))
    fake_kubectl.answers(f"get {TARGET}", stage.job("complete", uid="another"))
    _never(fake_kubectl, FAILED_WAIT, DELETED_WAIT)
    with pytest.raises(JobVanishedError):
        waits.wait()


def test_a_job_that_ended_just_before_it_was_deleted_keeps_its_verdict(
    fake_kubectl: FakeKubectl, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_VERDICT_GRACE_SECONDS", 20.0)
    fake_kubectl.answers(DELETED_WAIT)
    fake_kubectl.answers(COMPLETE_WAIT, stage.job("complete"), once_called=DELETED_WAIT, after_seconds=0.2)
    _never(fake_kubectl, FAILED_WAIT)
    fake_kubectl.answers(f"get {TARGET}")
    assert waits.wait() == stage.job("complete")


@pytest.mark.parametrize("how", ["a thread", "a signal handler"])
def test_a_kill_ends_the_waiting_at_once(fake_kubectl: FakeKubectl, waits: Waits, how: str) -> None:
    _never(fake_kubectl, COMPLETE_WAIT, FAILED_WAIT, DELETED_WAIT)
    before = signal.signal(signal.SIGUSR1, lambda *_: waits.mailbox.kill())

    def kill() -> None:
        fake_kubectl.wait_for_call(DELETED_WAIT)
        if how == "a thread":
            waits.mailbox.kill()
        else:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(TaskKilledError):
            waits.wait()
    finally:
        killer.join()
        signal.signal(signal.SIGUSR1, before)


def test_the_job_of_the_stage_is_as_kubernetes_shows_it() -> None:
    assert [job_status.verdict(stage.job(state)) is None for state in ("running", "complete", "failed")] == [
        True,
        False,
        False,
    ]
    assert [one["type"] for one in stage.job("complete")["status"]["conditions"]] == ["SuccessCriteriaMet", "Complete"]
