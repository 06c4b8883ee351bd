"""A deferred Job with thousands of pods holds nobody up who waits in the same event loop."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kubectl_job_operator.life import deferred_wait
from kubectl_job_operator.life.deferred_wait import Terms, wait_for_job
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.life.obstacles import Obstacles
from kubectl_job_operator.objects import Object
from kubectl_job_operator.watch import pace as pace_module
from kubectl_job_operator.watch.shared_watch import SharedWatch
from kubectl_job_operator.watch.sightings import Sightings
from kubectl_job_operator.watch.watched import read_job, read_pod
from tests.benchmarks.model import fields_of, job, pod_steps
from tests.unit.stage import NAME, NAMESPACE, UID, US, Log

_MANY = 300
_PENDING, _RUNNING, _SUCCEEDED = 1, 2, -1


@pytest.fixture
def sightings() -> Sightings:
    """Give what is known of a Job that runs, and of no pod yet."""
    sightings = Sightings(lambda _: None)
    event = {"type": "ADDED", "object": job(_MANY, _MANY, is_complete=False)}
    seen = read_job(json.dumps(event).encode())
    assert seen is not None
    sightings.take_job(seen)
    return sightings


def _see(sightings: Sightings, numbers: Sequence[int], step: int) -> None:
    text = fields_of(pod_steps()[step])
    seen = [read_pod(text.replace("__NUMBER__", f"{number:08}").encode()) for number in numbers]
    sightings.take_pods([one for one in seen if one is not None])


def _phases(sightings: Sightings) -> list[str]:
    return [json.loads(text)["status"]["phase"] for text in sightings.telling_pods(UID).texts]


def test_of_pods_that_run_well_one_stands_for_all(sightings: Sightings) -> None:
    _see(sightings, range(_MANY), _RUNNING)
    assert _phases(sightings) == ["Running"]
    assert sightings.telling_pods(UID).left_out == _MANY - 1


def test_of_pods_that_ended_well_the_last_and_the_newest_stand_for_all(sightings: Sightings) -> None:
    _see(sightings, range(_MANY), _RUNNING)
    _see(sightings, range(_MANY), _SUCCEEDED)
    assert set(_phases(sightings)) == {"Succeeded"}
    assert len(_phases(sightings)) <= 2
    assert sightings.telling_pods(UID).left_out == 0


def test_each_pod_that_does_not_run_is_looked_at(sightings: Sightings) -> None:
    _see(sightings, range(_MANY), _PENDING)
    assert len(_phases(sightings)) == _MANY


@pytest.mark.parametrize(("count", "is_in_loop"), [(5, True), (_MANY, False)])
def test_many_pods_are_read_once_for_a_look_and_not_in_the_loop(
    sightings: Sightings, monkeypatch: pytest.MonkeyPatch, count: int, is_in_loop: bool
) -> None:
    monkeypatch.setattr(pace_module, "_SECONDS_PER_POD", 0.0)
    _see(sightings, range(count), _PENDING)
    looks: list[tuple[int, int]] = []
    read = {"pods": 0}
    real = Obstacles.advance

    def advance(obstacles: Any) -> float:
        pods: Sequence[Object] = obstacles._pods()
        looks.append((len(pods), threading.get_ident()))
        return real(obstacles)

    def loads(text: str) -> Any:
        found = json.JSONDecoder().decode(text)
        read["pods"] += found["kind"] == "Pod"
        return found

    monkeypatch.setattr(Obstacles, "advance", advance)
    monkeypatch.setattr(deferred_wait, "json", SimpleNamespace(loads=loads))
    asyncio.run(_wait(sightings, lambda: len(looks) >= 2))
    assert {size for size, _ in looks} == {count}
    assert read["pods"] == count * len(looks)
    assert {thread == threading.get_ident() for _, thread in looks} == {is_in_loop}


def test_what_many_pods_want_to_be_read_is_asked_for_in_the_loop(
    sightings: Sightings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace_module, "_SECONDS_PER_POD", 0.0)
    monkeypatch.setattr("kubectl_job_operator.life.obstacles._EVENTS_AFTER_SECONDS", (0.0, 60.0))
    _see(sightings, range(_MANY), _PENDING)
    asked: list[int] = []
    asyncio.run(_wait(sightings, lambda: bool(asked), lambda: asked.append(threading.get_ident())))
    assert asked == [threading.get_ident()]


async def _wait(sightings: Sightings, is_enough: Any, want_events: Any = lambda: None) -> None:
    subscription = _Subscription(sightings, want_events)
    watch = SimpleNamespace(
        subscribe=lambda _uid, _name: subscription,
        watches=list,
        knows_pods=True,
        names_all_pods=True,
        silent_since=None,
        refusal=None,
        last_error="",
    )
    handover = Handover(NAMESPACE, NAME, UID, {"a": "b"}, "job.v1.batch", US.selector(), time.time())
    waiting = asyncio.create_task(wait_for_job(cast("SharedWatch", watch), handover, Terms(), Log()))
    deadline = time.monotonic() + 60
    while not is_enough():
        assert time.monotonic() < deadline, "nobody looked"
        await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


class _Subscription:
    """One who is woken all the time."""

    is_gone, failure, name = False, "", NAME

    def __init__(self, sightings: Sightings, want_events: Any) -> None:
        self._sightings = sightings
        self.want_events = want_events

    @property
    def seen(self) -> Any:
        return self._sightings.job(UID)

    def telling_pods(self) -> Any:
        return self._sightings.telling_pods(UID)

    def events(self) -> list[Object]:
        return []

    async def news(self, _seconds: float) -> None:
        await asyncio.sleep(0.01)

    def close(self) -> None:
        """Wait no longer."""
