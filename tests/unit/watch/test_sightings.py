"""Of what many wait for only as much is kept as somebody needs."""

from __future__ import annotations

import pytest

from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.shared import JOBS_WATCH, PODS_WATCH, eventually, line, pod_line, quiet, run, watch

pytestmark = pytest.mark.usefixtures("hasty_watches")


def test_of_a_finished_job_only_a_little_is_kept_and_of_its_pods_nothing(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(PODS_WATCH, pod_line(1, "config-missing"), then=[NEVER])
    fake_kubectl.answers(JOBS_WATCH, b"", then=["end", line(1, "complete"), NEVER])
    quiet(fake_kubectl)

    async def look() -> None:
        shared = watch()
        subscription = shared.subscribe("0b5b6d9e-0000-4000-8000-000000000001", "job-1")
        await eventually(lambda: bool(subscription.telling_pods().texts), "the pod was not seen")
        fake_kubectl.open_gate("end")
        await eventually(lambda: subscription.seen is not None, "the Job was not seen")
        assert subscription.telling_pods().texts == ()
        assert subscription.seen is not None
        assert len(subscription.seen.text) < 1000
        subscription.close()

    run(look())


def test_of_pods_that_outlive_their_job_nothing_is_kept(fake_kubectl: FakeKubectl) -> None:
    pods = pod_line(1, "config-missing") + pod_line(1, "config-missing", "DELETED")
    fake_kubectl.answers(PODS_WATCH, b"", then=["pods", pods, NEVER])
    fake_kubectl.answers(JOBS_WATCH, line(1) + line(1, type_="DELETED") + line(2), then=[NEVER])
    quiet(fake_kubectl)

    async def look() -> None:
        shared = watch()
        subscription = shared.subscribe("0b5b6d9e-0000-4000-8000-000000000002", "job-2")
        await eventually(lambda: subscription.seen is not None, "the other Job was not seen")
        fake_kubectl.open_gate("pods")
        await eventually(lambda: shared._pods_stream.has_spoken, "no pod was seen")
        assert shared._sightings._pods == {}
        assert set(shared._sightings._jobs) == {subscription.uid}
        subscription.close()

    run(look())
