"""A Job that does not start is noticed when the time is over, not before, and never while it is suspended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kubectl_job_operator.errors import JobStartupError
from kubectl_job_operator.jobs.startup import StartupLimit
from tests.unit import recordings
from tests.unit.jobs import stage

Pods = Sequence[Any]


def limit(job: Any, pods: Pods, seconds: float = 0.0) -> StartupLimit:
    """Make a limit over a recorded Job and its pods, whose time is over at once unless told otherwise."""
    return StartupLimit(stage.job(), seconds, lambda: job, lambda _: pods)


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("unschedulable", "Unschedulable"),
        ("image-pull", "container main: ErrImagePull"),
        ("invalid-image-name", "container main: InvalidImageName"),
        ("config-missing", "container main: CreateContainerConfigError"),
        ("volume-unbound", "Unschedulable"),
    ],
)
def test_a_job_without_a_running_container_fails_with_what_its_pod_waits_for(scenario: str, reason: str) -> None:
    with pytest.raises(JobStartupError) as failure:
        limit(recordings.job(scenario), recordings.pods(scenario)).advance()
    assert reason in str(failure.value)
    assert "startup_timeout_seconds" in str(failure.value)


def test_a_job_without_a_pod_says_so() -> None:
    with pytest.raises(JobStartupError, match="It has no pod"):
        limit(recordings.job("quota"), []).advance()


def test_nothing_is_asked_before_the_time_is_over() -> None:
    left = limit(recordings.job("unschedulable"), recordings.pods("unschedulable"), 60).advance()
    assert left is not None
    assert 0 < left <= 60


@pytest.mark.parametrize("scenario", ["complete", "failed-exit-code", "on-failure-restarts", "oom-killed"])
def test_a_job_whose_container_has_run_is_left_alone_for_good(scenario: str) -> None:
    assert limit(recordings.job(scenario), recordings.pods(scenario)).advance() is None


def test_the_time_while_a_job_is_suspended_does_not_count() -> None:
    suspended = StartupLimit(stage.job(), 0.0, lambda: recordings.job("suspended"), lambda _: [])
    assert suspended.advance() == 0.0


def test_a_job_that_is_gone_is_for_the_waits_to_tell() -> None:
    assert limit(None, []).advance() is None
