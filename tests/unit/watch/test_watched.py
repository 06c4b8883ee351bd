"""What is kept of a pod is enough."""

from __future__ import annotations

import json

import pytest

from kubectl_job_operator import objects
from kubectl_job_operator.status import pod_status
from kubectl_job_operator.watch import watched
from tests.unit import recordings
from tests.unit.shared import pod_line


@pytest.mark.parametrize("scenario", ["complete", "failed-exit-code", "unschedulable"])
def test_what_is_kept_of_a_pod_tells_the_same_as_the_whole_of_it(scenario: str) -> None:
    whole = recordings.pods(scenario)[0]
    seen = watched.read_pod(pod_line(1, scenario).rstrip(b"\n"))
    assert seen is not None
    kept = json.loads(seen.text)
    for tell in (pod_status.has_started, pod_status.is_running, pod_status.has_ended, pod_status.phase, objects.uid):
        assert tell(kept) == tell(whole)
    assert kept["metadata"]["name"] == whole["metadata"]["name"]
