"""While a pod of the Job lives, what befalls the Job shows at it; nobody else has to wait for that."""

from __future__ import annotations

import copy
from typing import Any, cast

import pytest

from kubectl_job_operator.watch.known_pods import KnownPods
from kubectl_job_operator.watch.pods import PodWatch
from kubectl_job_operator.watch.witnesses import Witnesses
from tests.unit import recordings

JOB = recordings.job("complete")


class Watched(KnownPods):
    """What is known of the pods."""

    sees_changes: bool | None = True

    def see_one(self, name: str, **changes: Any) -> None:
        """See a pod change."""
        self.see(pod(name, **changes))


def pod(
    name: str, phase: str = "Running", *, is_deleted: bool = False, owners: list[Any] | None = None
) -> dict[str, Any]:
    """Return a recorded pod of the Job with these changes."""
    made = copy.deepcopy(recordings.pods("complete")[0])
    made["metadata"]["uid"] = name
    made["status"]["phase"] = phase
    if is_deleted:
        made["metadata"]["deletionTimestamp"] = "2026-11-20T19:25:02Z"
    if owners is not None:
        made["metadata"]["ownerReferences"] = owners
    return made


@pytest.fixture
def watched() -> Watched:
    """Give what is known of the pods: nothing."""
    return Watched()


@pytest.fixture
def witnesses(watched: Watched) -> Witnesses:
    """Give the code under test."""
    return Witnesses(JOB, cast("PodWatch", watched))


@pytest.mark.parametrize("phase", ["Pending", "Running", "Unknown"])
def test_a_pod_that_lives_vouches_for_its_job(watched: Watched, witnesses: Witnesses, phase: str) -> None:
    watched.see_one("ended", phase="Succeeded")
    watched.see_one("lives", phase=phase)
    assert witnesses.is_there() is True


def test_without_a_pod_nobody_vouches(witnesses: Witnesses) -> None:
    assert witnesses.is_there() is None


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_does_not_vouch_for_it_may_outlive_its_job(
    watched: Watched, witnesses: Witnesses, phase: str
) -> None:
    watched.see_one("ended", phase=phase)
    assert witnesses.is_there() is None


def test_pods_that_nobody_sees_now_do_not_vouch(watched: Watched, witnesses: Witnesses) -> None:
    watched.see_one("lives")
    watched.sees_changes = None
    assert witnesses.is_there() is None


def test_pods_that_may_not_be_watched_leave_a_doubt_from_the_beginning(watched: Watched, witnesses: Witnesses) -> None:
    watched.sees_changes = False
    assert witnesses.is_there() is False


LOST: dict[str, dict[str, Any]] = {
    "it is being deleted": {"is_deleted": True},
    "it was taken from the Job": {"owners": []},
    "it belongs to another Job": {"owners": [{"uid": "another"}]},
}


@pytest.mark.parametrize("how", LOST)
def test_a_pod_that_is_lost_speaks_against_the_job_whoever_else_lives(
    watched: Watched, witnesses: Witnesses, how: str
) -> None:
    watched.see_one("lives")
    watched.see_one("lost")
    assert witnesses.is_there() is True
    watched.see_one("lost", **LOST[how])
    assert witnesses.is_there() is False


def test_a_pod_that_is_gone_speaks_against_the_job(watched: Watched, witnesses: Witnesses) -> None:
    watched.see_one("lives")
    watched.see_one("gone")
    watched.lose("gone")
    assert witnesses.is_there() is False


def test_where_no_pod_has_failed_the_job_has_not(watched: Watched, witnesses: Witnesses) -> None:
    assert not witnesses.may_fail()
    watched.see_one("lives")
    watched.see_one("ended", phase="Succeeded")
    assert not witnesses.may_fail()


def test_where_a_pod_has_failed_the_job_may_have_also_when_that_pod_is_gone(
    watched: Watched, witnesses: Witnesses
) -> None:
    watched.see_one("lives")
    watched.see_one("broken", phase="Failed")
    assert witnesses.may_fail()
    assert witnesses.is_there() is True
    watched.lose("broken")
    watched.see_one("lives")
    assert witnesses.may_fail()
