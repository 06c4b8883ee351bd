"""What can pass is tried again, up to a limit, and said in two lines."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from kubectl_job_operator.attempt import refusals
from kubectl_job_operator.attempt.retrying import persist
from kubectl_job_operator.attempt.standing import Standing
from kubectl_job_operator.errors import ErrorKind, KubectlError, RightsMissingError, TaskKilledError

CAN_PASS = [kind for kind in ErrorKind if kind.can_pass]
DOUBTFUL = [ErrorKind.FORBIDDEN, ErrorKind.UNAUTHORIZED, ErrorKind.UNKNOWN_RESOURCE]
CANNOT_PASS = [kind for kind in ErrorKind if not kind.can_pass and kind not in DOUBTFUL]


def _error(kind: ErrorKind, number: int = 0) -> KubectlError:
    return KubectlError(("kubectl", "get", str(number)), 1, "words", kind)


class Cluster:
    """A cluster that fails in the given ways, one after the other, then serves; it notes pauses and lines.

    :param failures: what it raises.
    """

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0
        self.pauses: list[float] = []
        self.shown: list[str] = []

    def serve(self) -> str:
        """Answer or fail."""
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "served"

    def ask(
        self,
        tolerance_seconds: float = 60.0,
        pause: Callable[[float], None] | None = None,
        standing: Standing | None = None,
        is_ready: Callable[[], bool | None] = lambda: True,
    ) -> str:
        """Ask it persistently; a pause is noted and takes no time."""
        return persist(
            self.serve,
            tolerance_seconds=tolerance_seconds,
            pause=pause or self.pauses.append,
            show=self.shown.append,
            standing=standing,
            is_ready=is_ready,
        )


def test_what_works_at_once_is_done_once_and_not_spoken_of() -> None:
    cluster = Cluster()
    assert cluster.ask() == "served"
    assert (cluster.calls, cluster.pauses, cluster.shown) == (1, [], [])


@pytest.mark.parametrize("kind", CAN_PASS)
def test_what_can_pass_is_tried_again_until_it_has_passed(kind: ErrorKind) -> None:
    cluster = Cluster(*(_error(kind) for _ in range(4)))
    assert cluster.ask() == "served"
    assert cluster.calls == 5
    assert len(cluster.pauses) == 4


@pytest.mark.parametrize("kind", CANNOT_PASS)
def test_what_cannot_pass_is_raised_at_once(kind: ErrorKind) -> None:
    error = _error(kind)
    cluster = Cluster(error)
    with pytest.raises(KubectlError) as caught:
        cluster.ask()
    assert caught.value is error
    assert (cluster.calls, cluster.pauses, cluster.shown) == (1, [], [])


def test_an_error_that_is_not_kubectls_is_raised_at_once() -> None:
    cluster = Cluster(OSError("disk"))
    with pytest.raises(OSError, match="disk"):
        cluster.ask()
    assert cluster.calls == 1


def test_an_outage_is_two_lines_however_long_it_is() -> None:
    cluster = Cluster(*(_error(kind) for kind in (ErrorKind.UNREACHABLE, *CAN_PASS * 3)))
    cluster.ask(tolerance_seconds=90.0)
    begin, end = cluster.shown
    assert re.fullmatch(
        r"The cluster does not serve us now \(unreachable\), since \d\d:\d\d:\d\d UTC; trying for up to 90 s\.", begin
    )
    assert end.startswith("The cluster serves us again after ")


def test_a_server_that_comes_back_may_refuse_for_a_moment() -> None:
    cluster = Cluster(_error(ErrorKind.UNREACHABLE), _error(ErrorKind.FORBIDDEN), _error(ErrorKind.UNAUTHORIZED))
    cluster.ask()
    assert len(cluster.shown) == 2


def test_an_outage_that_turns_into_a_refusal_ends_with_the_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "REFUSALS_SECONDS", 0.0)
    refusal = _error(ErrorKind.FORBIDDEN)
    cluster = Cluster(_error(ErrorKind.UNREACHABLE), refusal)
    with pytest.raises(KubectlError) as caught:
        cluster.ask()
    assert caught.value is refusal
    assert len(cluster.shown) == 1


@pytest.mark.parametrize("refusal", [*map(_error, DOUBTFUL), RightsMissingError("here", ["get pods"])])
def test_a_refusal_is_believed_when_it_comes_again_from_a_server_that_is_ready(refusal: Exception) -> None:
    cluster = Cluster(*[refusal] * 50)
    began = time.monotonic()
    with pytest.raises(type(refusal)) as caught:
        cluster.ask(pause=time.sleep)
    assert caught.value is refusal
    assert 2 <= cluster.calls <= 3
    assert 1.0 <= time.monotonic() - began < 1.9, "an author's fault is not borne"
    (said,) = cluster.shown
    assert said.startswith("The cluster refuses us (")
    assert said.endswith("asked again before that is believed.")


@pytest.mark.parametrize("kind", DOUBTFUL)
def test_a_server_that_has_just_started_is_not_believed_once(kind: ErrorKind) -> None:
    cluster = Cluster(_error(kind))
    assert cluster.ask() == "served"
    assert len(cluster.shown) == 2


@pytest.mark.parametrize("kind", [ErrorKind.FORBIDDEN, ErrorKind.UNKNOWN_RESOURCE])
@pytest.mark.parametrize("readiness", [False, None])
def test_nothing_is_believed_of_a_server_that_is_not_ready_or_does_not_tell(
    kind: ErrorKind, readiness: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "_APART_SECONDS", 0.0)
    cluster = Cluster(*[_error(kind)] * 20)
    assert cluster.ask(is_ready=lambda: readiness) == "served"


def test_a_refusal_from_before_the_server_was_ready_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_APART_SECONDS", 0.0)
    refusal = [_error(ErrorKind.FORBIDDEN, number) for number in range(9)]
    cluster = Cluster(*refusal)
    readiness = iter([False, None, False, True])
    with pytest.raises(KubectlError) as caught:
        cluster.ask(is_ready=lambda: next(readiness))
    assert caught.value is refusal[4]


def test_where_the_server_never_tells_whether_it_is_ready_a_refusal_is_believed_after_some_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refusals, "UNTOLD_SECONDS", 0.1)
    cluster = Cluster(*[_error(ErrorKind.FORBIDDEN)] * 1000)
    with pytest.raises(KubectlError):
        cluster.ask(is_ready=lambda: None, pause=lambda _: time.sleep(0.01))
    assert cluster.calls > 2


def test_whom_the_cluster_has_served_once_it_may_not_know_for_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_APART_SECONDS", 0.0)
    cluster = Cluster()
    standing = Standing(cluster.shown.append)
    cluster.ask(standing=standing)
    cluster.failures = [_error(ErrorKind.UNAUTHORIZED)] * 20
    assert cluster.ask(standing=standing, tolerance_seconds=0.0) == "served"
    assert cluster.shown[0].startswith("The cluster refuses us (unauthorized). ")
    monkeypatch.setattr(refusals, "REFUSALS_SECONDS", 0.0)
    cluster.failures = [_error(ErrorKind.UNAUTHORIZED)]
    with pytest.raises(KubectlError):
        cluster.ask(standing=standing)


def test_it_gives_up_after_the_tolerance_with_the_last_error() -> None:
    errors = [_error(ErrorKind.UNREACHABLE, number) for number in range(1000)]
    cluster = Cluster(*errors)
    with pytest.raises(KubectlError) as caught:
        cluster.ask(tolerance_seconds=0.05, pause=lambda _: time.sleep(0.01))
    assert caught.value is errors[cluster.calls - 1]
    assert 1 < cluster.calls < 100
    assert len(cluster.shown) == 1


def test_pauses_grow_but_stay_bounded() -> None:
    cluster = Cluster(*(_error(ErrorKind.UNREACHABLE) for _ in range(60)))
    cluster.ask()
    assert all(0 <= pause <= 10 for pause in cluster.pauses)
    assert max(cluster.pauses[:2]) <= 1.0
    assert max(cluster.pauses) > 1.0


def test_what_a_pause_raises_ends_it_at_once() -> None:
    def killed(_: float) -> None:
        raise TaskKilledError("stop")

    cluster = Cluster(*(_error(ErrorKind.UNREACHABLE) for _ in range(3)))
    with pytest.raises(TaskKilledError, match="stop"):
        cluster.ask(pause=killed)
    assert cluster.calls == 1
