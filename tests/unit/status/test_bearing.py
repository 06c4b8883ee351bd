"""Of a pod that is called well there is nothing to tell, and those that are left out change nothing that is told."""

from __future__ import annotations

import copy
import datetime
import json
from typing import Any

import pytest

from kubectl_job_operator.status.bearing import Bearing, bearing_of, failed_part
from kubectl_job_operator.status.lingering import end_by_others, is_out_of_reach, lingering
from kubectl_job_operator.status.pending import obstacles
from kubectl_job_operator.status.pod_status import has_ended, has_started, is_running
from kubectl_job_operator.watch.known_pods import KnownPods
from tests.unit import recordings

_SCENARIOS = sorted(
    folder.name
    for folder in (recordings.FIXTURES / "kubernetes-1.36").iterdir()
    if (folder / "pod-events.jsonl").exists()
)
_JOB = recordings.job("parallel-indexed")
_JOB["status"] = {}
_LATER = datetime.datetime(2036, 1, 1, tzinfo=datetime.timezone.utc)
_RUNNING = next(event["object"] for event in recordings.pod_events("parallel-indexed") if is_running(event["object"]))


@pytest.mark.parametrize("scenario", _SCENARIOS)
def test_of_a_recorded_pod_that_is_well_nothing_is_told_and_one_that_has_ended_is_not_well(scenario: str) -> None:
    for event in recordings.pod_events(scenario):
        pod = event["object"]
        bearing = bearing_of(pod)
        assert bearing.is_ended == has_ended(pod)
        if bearing is Bearing.WELL:
            assert obstacles(_JOB, [pod], recordings.events(scenario)) == []
            assert lingering(_JOB, [pod], _LATER) == []
            assert is_running(pod)
            assert not is_out_of_reach(pod, _LATER)


def test_a_pod_whose_containers_run_is_well() -> None:
    assert bearing_of(_RUNNING) is Bearing.WELL


_TROUBLES: dict[str, dict[str, Any]] = {
    "it is being deleted": {"metadata": {"deletionTimestamp": "2026-11-20T19:25:02Z"}},
    "it is being disrupted": {
        "status": {"conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}]}
    },
    "its node is lost": {"status": {"conditions": [{"type": "Ready", "status": "False"}]}},
    "nobody knows of it": {"status": {"phase": "Unknown"}},
    "another container of it cannot start": {
        "status": {
            "containerStatuses": [
                *_RUNNING["status"]["containerStatuses"],
                {"name": "other", "state": {"waiting": {"reason": "ImagePullBackOff"}}},
            ]
        }
    },
}


@pytest.mark.parametrize("trouble", _TROUBLES)
def test_a_pod_in_trouble_is_not_well(trouble: str) -> None:
    pod = copy.deepcopy(_RUNNING)
    for part, changes in _TROUBLES[trouble].items():
        pod[part].update(changes)
    assert bearing_of(pod) is Bearing.LIVES


_LOST = {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": "x" * 4_000}}
_FAILURES: dict[str, dict[str, Any]] = {
    "its program": {},
    "its node, which is full": {"reason": "Evicted", "message": "low on memory"},
    "its node, which has refused it": {"reason": "OutOfcpu", "message": "none left", "containerStatuses": []},
    "a drain": _TROUBLES["it is being disrupted"]["status"],
    "its node, which lost sight of it": {"containerStatuses": [{"name": "main", "restartCount": 1, "state": _LOST}]},
}


@pytest.mark.parametrize("failure", _FAILURES)
def test_the_part_of_a_failed_pod_tells_what_the_whole_does(failure: str) -> None:
    pod = copy.deepcopy(_RUNNING)
    pod["status"].update({"phase": "Failed", **_FAILURES[failure]})
    part = failed_part(pod)
    assert bearing_of(part) is Bearing.FAILED
    assert end_by_others(part) == end_by_others(pod)
    assert obstacles(_JOB, [part]) == obstacles(_JOB, [pod])
    assert has_started(part) == has_started(pod)
    assert len(json.dumps(part)) < 0.4 * len(json.dumps(pod))


def test_what_is_told_of_all_pods_is_told_of_those_that_are_looked_at() -> None:
    known = KnownPods()
    for scenario in _SCENARIOS:
        for event in recordings.pod_events(scenario):
            known.see(event["object"])
            if event["type"] == "DELETED":
                known.lose(event["object"]["metadata"]["uid"])
    for pod in recordings.pods("image-pull"):
        known.see(pod)
    for number in range(5):
        pod = copy.deepcopy(_RUNNING)
        pod["metadata"].update(uid=f"uid-{number}", name=f"well-{number}")
        known.see(pod)
    ending = copy.deepcopy(_JOB)
    ending["metadata"].update(deletionTimestamp="2026-11-20T19:25:02Z", finalizers=["foregroundDeletion"])
    assert known.left_out == 4
    for job in (_JOB, ending):
        all_of_them = {one.key: one.sentence.split()[-2:] for one in lingering(job, known.present(), _LATER)}
        told = {one.key: one.sentence.split()[-2:] for one in lingering(job, known.telling(), _LATER, known.left_out)}
        assert told == all_of_them
        assert told or job is _JOB
        found, found_of_all = obstacles(job, known.telling()), obstacles(job, known.present())
        assert sorted(map(str, found)) == sorted(map(str, found_of_all))
        assert found
