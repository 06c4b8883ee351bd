"""Each object is waited for through refusals, which are believed only when they go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_job_operator.attempt import refusals
from kubectl_job_operator.attempt.session import Session
from kubectl_job_operator.errors import ErrorKind, KubectlError, NotInTimeError
from kubectl_job_operator.status.awaited import DELETE, Awaited
from kubectl_job_operator.watch import arrivals, rearmed
from tests.unit import beside
from tests.unit.beside import CLAIM
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import FORBIDDEN, REFUSED, TIMED_OUT, Log

pytestmark = pytest.mark.usefixtures("hasty")

WAIT = f"wait {CLAIM} --for=delete"


@pytest.fixture
def session(fake_kubectl: FakeKubectl) -> Iterator[Session]:  # noqa: ARG001 - it is on PATH
    """Give a session that is closed behind the test."""
    session = beside.session(Log())
    yield session
    session.processes.close()
    session.workspace.remove()


def wait(session: Session, seconds: float = 20.0) -> None:
    arrivals.wait_for_all(session, {CLAIM: Awaited.parse(DELETE)}, seconds)


def test_a_wait_that_is_refused_again_and_again_for_some_seconds_does_not_end_the_waiting(
    fake_kubectl: FakeKubectl, session: Session
) -> None:
    fake_kubectl.answers(WAIT, times=4, **FORBIDDEN)
    fake_kubectl.answers(WAIT)
    wait(session)
    assert len(fake_kubectl.called(WAIT)) == 5


def test_a_refusal_that_goes_on_ends_the_waiting(
    fake_kubectl: FakeKubectl, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "REFUSALS_SECONDS", 0.5)
    fake_kubectl.answers(WAIT, **FORBIDDEN)
    with pytest.raises(KubectlError) as caught:
        wait(session)
    assert caught.value.kind is ErrorKind.FORBIDDEN
    assert len(fake_kubectl.called(WAIT)) >= 2


@pytest.mark.parametrize(("served_after_seconds", "is_told"), [(30.0, True), (0.1, False)])
def test_what_does_not_come_in_time_is_told_with_a_refusal_unless_it_was_waited_for_long_since(
    *,
    served_after_seconds: float,
    is_told: bool,
    fake_kubectl: FakeKubectl,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rearmed, "_SERVED_AFTER_SECONDS", served_after_seconds)
    fake_kubectl.answers(WAIT, times=1, **FORBIDDEN)
    fake_kubectl.answers(WAIT, after_seconds=NEVER)
    fake_kubectl.answers(f"get {CLAIM}", beside.claim())
    with pytest.raises(NotInTimeError) as caught:
        wait(session, 1.0)
    assert ("; to wait for it was refused (" in str(caught.value)) is is_told


@pytest.mark.parametrize(
    "between",
    [{"after_seconds": 0.5, **REFUSED}, {"after_seconds": 0.5, **TIMED_OUT}, {"after_seconds": 2.0, **FORBIDDEN}],
    ids=["an error that can pass", "a timeout", "a wait that was served for long"],
)
def test_a_refusal_long_after_another_is_borne_where_a_wait_between_them_was_served_or_could_not_be(
    fake_kubectl: FakeKubectl, session: Session, monkeypatch: pytest.MonkeyPatch, between: dict[str, Any]
) -> None:
    monkeypatch.setattr(refusals, "REFUSALS_SECONDS", 0.4)
    monkeypatch.setattr(rearmed, "_SERVED_AFTER_SECONDS", 1.5)
    fake_kubectl.answers(WAIT, times=1, **FORBIDDEN)
    fake_kubectl.answers(WAIT, times=1, **between)
    fake_kubectl.answers(WAIT, times=1, **FORBIDDEN)
    fake_kubectl.answers(WAIT)
    wait(session)
    assert len(fake_kubectl.called(WAIT)) == 4
