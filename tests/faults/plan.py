"""What each task instance of the bench does, and at which moment of its life a fault hits it: drawn by chance."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from kubectl_job_operator.airflow.argument_types import DeletePolicyChoice

POLICIES: tuple[DeletePolicyChoice, ...] = ("Always", "IfSucceeded", "IfFailed", "Never")
LATE_SHARE = 0.2
"""So many task instances more than asked for: when a fault comes, some are over already."""

_LOOK = r"::group::Manifest: "  # The look itself is told only when it is over.
_APPLY = r"\$ kubectl [^$]* apply "
_END = r"is (Complete|Failed) after"
_BEGINNING_SECONDS = 1.0
_PENDING_SECONDS = 1.5
_SHORTEST_SLEEP_SECONDS, _LONGEST_SLEEP_SECONDS = 1.0, 15.0
_FAILING_SHARE = 0.25


@dataclass(frozen=True)
class Moment:
    """When a fault hits a task instance.

    :param phase: the part of the life that it is meant for.
    :param mark: what the task's log must show before; empty: nothing, the worker is about to call ``execute``.
    :param delay_seconds: how long after that.
    """

    phase: str
    mark: str
    delay_seconds: float


@dataclass(frozen=True)
class TaskPlan:
    """One task instance.

    :param task_id: Airflow's, and its Job's name.
    :param sleep_seconds: how long the Job's container works.
    :param exit_code: what it returns then.
    :param delete_policy: the operator's argument.
    :param has_companion: whether a ConfigMap comes with the Job.
    :param backoff_limit: the Job's.
    :param retries: the task's.
    :param execution_timeout_seconds: the task's; ``None`` for none.
    :param moment: when the fault hits it; ``None`` if that is not its own to choose.
    :param toleration_seconds: how long its pods bear a node that is lost; ``None`` is as long as Kubernetes lets them.
    :param deferrable: the operator's argument.
    :param connection: its ``kubernetes_conn_id``; ``None`` for none.
    :param lines: how many lines its container writes when it starts, and as many before it ends.
    """

    task_id: str
    sleep_seconds: float
    exit_code: int
    delete_policy: DeletePolicyChoice
    has_companion: bool
    backoff_limit: int
    retries: int
    execution_timeout_seconds: float | None = None
    moment: Moment | None = None
    toleration_seconds: int | None = None
    deferrable: bool = False
    connection: str | None = None
    lines: int = 0

    @property
    def usual_seconds(self) -> float:
        """How long its first try takes, about."""
        return _BEGINNING_SECONDS + _PENDING_SECONDS + self.sleep_seconds


def draw_plans(
    chance: random.Random,
    runs: int,
    *,
    retries: int,
    backoff_limits: tuple[int, ...],
    has_timeout: bool,
    is_aimed: bool,
    toleration_seconds: int | None = None,
) -> list[TaskPlan]:
    """Draw the task instances of one fault: ``runs`` and some more.

    :param backoff_limits: to choose from.
    :param has_timeout: whether the fault is the task's own ``execution_timeout``.
    :param is_aimed: whether each task instance has a moment of its own at which it is hit.
    :param toleration_seconds: how long pods bear a node that is lost.
    """
    drawn = [
        _draw_plan(chance, index, retries, chance.choice(backoff_limits), has_timeout=has_timeout, is_aimed=is_aimed)
        for index in range(runs + round(runs * LATE_SHARE))
    ]
    return [replace(plan, toleration_seconds=toleration_seconds) for plan in drawn]


def _draw_plan(
    chance: random.Random, index: int, retries: int, backoff_limit: int, *, has_timeout: bool, is_aimed: bool
) -> TaskPlan:
    sleep = round(chance.uniform(_SHORTEST_SLEEP_SECONDS, _LONGEST_SLEEP_SECONDS), 2)
    exit_code = 3 if chance.random() < _FAILING_SHARE else 0
    return TaskPlan(
        task_id=f"task-{index:02}",
        sleep_seconds=sleep,
        exit_code=exit_code,
        delete_policy=chance.choice(POLICIES),
        has_companion=chance.random() < 0.5,
        # A failing Job with many pods would only be a longer one.
        backoff_limit=0 if exit_code else backoff_limit,
        retries=retries,
        execution_timeout_seconds=_draw_timeout(chance, sleep) if has_timeout else None,
        moment=_draw_moment(chance, index, sleep) if is_aimed else None,
    )


def _draw_moment(chance: random.Random, index: int, sleep_seconds: float) -> Moment:
    """Draw a moment within a phase; the phases take turns, or the short ones would hardly ever be hit."""
    over = _PENDING_SECONDS + sleep_seconds
    phases = (
        ("before the look", "", 0.0, 0.5),
        ("between look and apply", _LOOK, 0.0, 0.5),
        ("pending", _APPLY, 0.0, _PENDING_SECONDS),
        ("running", _APPLY, _PENDING_SECONDS, over),
        ("around the end", _APPLY, over - 0.5, over + 1.5),
        ("clean-up", _END, 0.0, 0.6),
    )
    phase, mark, earliest, latest = phases[index % len(phases)]
    return Moment(phase, mark, round(chance.uniform(earliest, latest), 3))


def _draw_timeout(chance: random.Random, sleep_seconds: float) -> float:
    """Draw a time that ends anywhere in the life of a task, in a quarter of the cases near its end."""
    whole = 1.0 + _PENDING_SECONDS + sleep_seconds
    earliest = whole - 1.0 if chance.random() < 0.25 else 0.1
    return round(chance.uniform(earliest, whole + 1.0), 2)
