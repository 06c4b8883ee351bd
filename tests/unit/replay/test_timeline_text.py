"""The time line in the log: a few lines that tell what each container did when, and what it waited for."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.replay.timeline_text import has_slow_start, timeline_text
from tests.unit import recordings

JOB: dict[str, Any] = {
    "metadata": {"name": "load", "namespace": "here", "creationTimestamp": "2026-11-20T10:00:00Z"},
    "status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]},
}


def at(seconds: int) -> str:
    """Return a time, in seconds after the Job's creation."""
    return f"2026-11-20T10:{seconds // 60:02}:{seconds % 60:02}Z"


def pod(name: str, *, scheduled: int, started: int, ended: int, exit_code: int = 0) -> dict[str, Any]:
    """Return a pod whose one container has ended."""
    ended_state = {"startedAt": at(started), "finishedAt": at(ended), "exitCode": exit_code}
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": at(0)},
        "status": {
            "conditions": [{"type": "PodScheduled", "status": "True", "lastTransitionTime": at(scheduled)}],
            "containerStatuses": [{"name": "main", "state": {"terminated": ended_state}}],
        },
    }


def pulled(name: str, seconds: int) -> dict[str, Any]:
    """Return the event of an image that was there."""
    about = {"uid": f"uid-{name}", "fieldPath": "spec.containers{main}"}
    return {"reason": "Pulled", "involvedObject": about, "firstTimestamp": at(seconds)}


def test_each_container_has_a_bar_over_one_axis_and_tells_what_it_waited_for() -> None:
    pods = [
        pod("a", scheduled=6, started=18, ended=32),
        pod("b", scheduled=0, started=1, ended=12, exit_code=3),
    ]
    assert timeline_text(JOB, pods, [pulled("a", 17)]).split("\n") == [
        "Job here/load is Failed: BackoffLimitExceeded",
        "· waits for a node   ░ pulls its image   ▒ starts   █ runs   ▓ runs and ends badly",
        "                           0                           32 s",
        "a / main                   ······░░░░░░░░░░░▒██████████████ exit 0; node 6 s, image 11 s, start 1 s",
        "b / main                   ▒▓▓▓▓▓▓▓▓▓▓▓                     exit 3; start 1 s",
    ]


def test_an_image_that_was_there_already_is_not_waited_for() -> None:
    event = pulled("a", 9) | {"message": 'Container image "busybox" already present on machine'}
    drawn = timeline_text(JOB, [pod("a", scheduled=0, started=10, ended=12)], [event])
    assert drawn.endswith("exit 0; start 10 s")


@pytest.mark.parametrize("scenario", ["complete", "parallel-indexed", "backoff-exhausted", "image-pull", "quota"])
def test_it_fits_the_screen(scenario: str) -> None:
    drawn = timeline_text(recordings.job(scenario), recordings.pods(scenario), recordings.events(scenario)).split("\n")
    assert len(drawn) == 3 + sum(len(one["status"].get("containerStatuses", "x")) for one in recordings.pods(scenario))
    assert max(map(len, drawn)) <= 100


def test_of_a_hundred_pods_it_shows_those_that_ended_badly_and_waited_longest_in_25_lines() -> None:
    pods = [
        pod(f"{n:03}-{'x' * 60}", scheduled=n % 50, started=50, ended=90, exit_code=int(n == 70)) for n in range(100)
    ]
    drawn = timeline_text(JOB, pods).split("\n")
    assert len(drawn) == 25
    assert max(map(len, drawn)) <= 100
    assert next(line for line in drawn if "exit 1" in line).startswith("070-x")
    assert drawn[-1] == "and 79 more: 79 x exit 0"
    assert [line[:3] for line in drawn[3:-1]] == sorted(line[:3] for line in drawn[3:-1]), "in the order of their start"


@pytest.mark.parametrize(("started", "is_slow"), [(5, False), (6, True)])
def test_a_start_is_slow_if_it_is_worth_asking_for_the_image(started: int, is_slow: bool) -> None:
    assert has_slow_start([pod("a", scheduled=1, started=started, ended=20)]) is is_slow
    assert not has_slow_start([])
