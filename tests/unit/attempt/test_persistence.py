"""What can pass is tried again, up to a limit, and said in two lines."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from kubectl_job_operator.attempt import persistence
from kubectl_job_operator.attempt.persistence import persist
from kubectl_job_operator.errors import ErrorKind, KubectlError, TaskKilledError

CAN_PASS = [kind for kind in ErrorKind if kind.can_pass]
CANNOT_PASS = [kind for kind in ErrorKind if not kind.can_pass]


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

    def ask(self, tolerance_seconds: float = 60.0, pause: Callable[[float], None] | None = None) -> str:
        """Ask it persistently; a pause is noted and takes no time."""
        return persist(
            self.serve,
            tolerance_seconds=tolerance_seconds,
            pause=pause or self.pauses.append,
            show=self.shown.append,
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
    assert begin == "The cluster does not serve us now (unreachable); trying for up to 90 s."
    assert end.startswith("The cluster serves us again after ")


def test_a_server_that_comes_back_may_refuse_for_a_moment() -> None:
    cluster = Cluster(_error(ErrorKind.UNREACHABLE), _error(ErrorKind.FORBIDDEN), _error(ErrorKind.UNAUTHORIZED))
    cluster.ask()
    assert len(cluster.shown) == 2


def test_an_outage_that_turns_into_a_refusal_ends_with_the_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persistence, "REFUSALS_SECONDS", 0.0)
    refusal = _error(ErrorKind.FORBIDDEN)
    cluster = Cluster(_error(ErrorKind.UNREACHABLE), refusal)
    with pytest.raises(KubectlError) as caught:
        cluster.ask()
    assert caught.value is refusal
    assert len(cluster.shown) == 1


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
