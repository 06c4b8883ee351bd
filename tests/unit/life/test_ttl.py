"""A Job whose end nobody has seen yet stays, also where the cluster itself would delete it soon."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_job_operator.attempt.settings import DeletePolicy, Settings
from tests.unit import stage
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import TARGET, Log

pytestmark = pytest.mark.usefixtures("hasty")

KEEP = Settings(delete_policy=DeletePolicy.NEVER)


def _job(seconds: int | None) -> dict[str, Any]:
    """Return the Job as a cluster has it that adds what nobody has asked for."""
    job = stage.job()
    job["spec"]["ttlSecondsAfterFinished"] = seconds
    return job


def _changes(fake_kubectl: FakeKubectl) -> list[Any]:
    return [json.loads(call[-1])["spec"]["ttlSecondsAfterFinished"] for call in fake_kubectl.called("patch")]


def _script(fake_kubectl: FakeKubectl, *, patched: int | None) -> None:
    fake_kubectl.answers("apply", _job(5))
    fake_kubectl.answers(f"get {TARGET}", "", times=1)
    fake_kubectl.answers(f"get {TARGET}", _job(patched))
    fake_kubectl.answers("patch", "job.batch/countdown patched\n")
    stage.script(fake_kubectl)


def test_a_time_to_live_that_the_cluster_has_added_counts_from_when_the_task_has_seen_the_end(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    _script(fake_kubectl, patched=3600)
    stage.runner(log, settings=KEEP).run()
    assert _changes(fake_kubectl) == [3600, 5]
    assert "The cluster has set ttlSecondsAfterFinished of Job here/countdown to 5; it counts from when" in log.text
    assert log.warnings == []


def test_a_cluster_that_does_not_let_it_be_changed_is_told(fake_kubectl: FakeKubectl, log: Log) -> None:
    _script(fake_kubectl, patched=5)
    stage.runner(log, settings=KEEP).run()
    (warning,) = log.warnings
    assert warning.startswith(
        "The cluster deletes Job here/countdown 5 s after its end, and does not let that be changed"
    )


@pytest.mark.parametrize("seconds", [None, 3600, 86400])
def test_a_time_that_is_long_enough_is_left_alone(fake_kubectl: FakeKubectl, log: Log, seconds: int | None) -> None:
    fake_kubectl.answers("apply", _job(seconds))
    stage.script(fake_kubectl)
    stage.runner(log, settings=KEEP).run()
    assert _changes(fake_kubectl) == []
