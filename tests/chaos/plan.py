"""What each task instance does and which blows of its own it gets, and what breaks beside that: all out of a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from tests.faults.plan import POLICIES, TaskPlan

_T = TypeVar("_T")

DISK_FULL = "temporary disk full"

BLOWS: Mapping[str, int] = {
    "worker killed": 5,
    "worker stopped": 4,
    "kubectl killed": 5,
    "pod deleted": 3,
    "pod evicted": 3,
    "Job deleted": 2,
    "Job deleted after its pods": 2,
    DISK_FULL: 2,
    "task marked as a success": 2,
    "task marked as failed": 2,
}
"""What hits one task instance, and how often beside the others."""

CLEAR = "task cleared"
CLEAR_WEIGHT = 15
"""This one hits only task instances of some DAG runs: what it does to others of its run would hide what is harm."""

RUN_JOBS = 20
_RUNS_FOR_A_CLEAR = 5

CONNECTION = "chaos"
"""By which half of the tasks find the cluster; it holds a kubeconfig."""

TIMEOUT = "execution_timeout"
"""Airflow deals this one out."""

STORMS: Mapping[str, Mapping[str, int]] = {
    "control plane": {"API server killed": 3, "etcd paused": 1, "network cut": 2, "network hangs": 2},
    "nodes": {"kubelet restarted": 4, "node drained": 2, "node killed": 2, "node frozen": 2, "node dead": 1},
    "Airflow": {
        "triggerer killed": 3,
        "triggerer frozen": 3,
        "triggerer frozen and replaced": 2,
        "triggerer's kubectl killed": 3,
        "scheduler killed": 1,
        "scheduler killed with its workers": 1,
    },
}
"""What hits all at once, and how often beside the others of its strand; only those of different strands overlap."""

CALM_SECONDS: Mapping[str, tuple[float, float]] = {
    "control plane": (20.0, 80.0),
    "nodes": (40.0, 140.0),
    "Airflow": (20.0, 80.0),
}
"""How long each strand rests before its next storm."""

_BLOWS_EACH = {0: 30, 1: 50, 2: 15, 3: 5}
_FAILING_SHARE, _TIMEOUT_SHARE, _SHORT_TOLERATION_SHARE = 0.06, 0.05, 0.5
_SLEEP_SECONDS, _FAILING_SLEEP_SECONDS = (1.0, 12.0), (1.0, 3.0)
_RETRIES, _FAILING_RETRIES = 8, 3
_LONGEST_BEGINNING_SECONDS = 12.0
_TOLERATION_SECONDS = 20


@dataclass(frozen=True)
class Blow:
    """A fault that hits one task instance.

    :param name: one of ``BLOWS``, or ``CLEAR``.
    :param after_seconds: how long after its first call of ``execute``; later if there is nothing to hit yet.
    """

    name: str
    after_seconds: float


@dataclass(frozen=True)
class ChaosPlan:
    """One task instance.

    :param task: what it does.
    :param blows: what hits it, the first one first.
    """

    task: TaskPlan
    blows: Sequence[Blow] = ()


def draw_plans(chance: random.Random, jobs: int) -> list[ChaosPlan]:
    """Draw so many task instances; every other one is deferrable."""
    return [_draw_plan(chance, index) for index in range(jobs)]


def draw_storms(chance: random.Random, strand: str) -> Iterator[tuple[float, str]]:
    """Draw one storm of a strand after the other, without an end: how long it rests before, in seconds, and which."""
    kinds = STORMS[strand]
    while True:
        yield chance.uniform(*CALM_SECONDS[strand]), _choose(chance, kinds)


def _draw_plan(chance: random.Random, index: int) -> ChaosPlan:
    is_failing = chance.random() < _FAILING_SHARE
    sleep = round(chance.uniform(*(_FAILING_SLEEP_SECONDS if is_failing else _SLEEP_SECONDS)), 2)
    task = TaskPlan(
        task_id=f"task-{index:04}",
        sleep_seconds=sleep,
        exit_code=3 if is_failing else 0,
        delete_policy=chance.choice(POLICIES),
        has_companion=chance.random() < 0.5,
        # A failing Job with many pods would only be a longer one; another one bears more than one dead pod.
        backoff_limit=0 if is_failing else chance.choice((0, 1, 4)),
        # As often as a task can be hit and a bit more, or bad luck alone would end it.
        retries=_FAILING_RETRIES if is_failing else _RETRIES,
        toleration_seconds=_TOLERATION_SECONDS if chance.random() < _SHORT_TOLERATION_SHARE else None,
        deferrable=index % 2 == 1,
        connection=CONNECTION if chance.random() < 0.5 else None,
        lines=chance.choice((0, 1, 20, 200)),
    )
    if chance.random() < _TIMEOUT_SHARE:
        timeout = round(chance.uniform(1.0, _LONGEST_BEGINNING_SECONDS + sleep), 2)
        return ChaosPlan(replace(task, execution_timeout_seconds=timeout, retries=1))
    kinds = {**BLOWS, CLEAR: CLEAR_WEIGHT} if index // RUN_JOBS % _RUNS_FOR_A_CLEAR == 0 else BLOWS
    blows = [
        Blow(_choose(chance, kinds), round(chance.uniform(0.0, _LONGEST_BEGINNING_SECONDS + sleep), 3))
        for _ in range(_choose(chance, _BLOWS_EACH))
    ]
    return ChaosPlan(task, tuple(sorted(blows, key=lambda blow: blow.after_seconds)))


def _choose(chance: random.Random, weights: Mapping[_T, int]) -> _T:
    return chance.choices(list(weights), list(weights.values()))[0]
