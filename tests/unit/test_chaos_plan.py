"""What the chaos bench draws by chance."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest

from tests.chaos import storms
from tests.chaos.blows import HITS
from tests.chaos.plan import (
    BLOWS,
    CALM_SECONDS,
    CLEAR,
    CONNECTION,
    RUN_JOBS,
    STORMS,
    ChaosPlan,
    draw_plans,
    draw_storms,
)
from tests.faults.plan import POLICIES

JOBS = 1000


def plans(seed: int = 1) -> list[ChaosPlan]:
    return draw_plans(random.Random(seed), JOBS)


def test_the_same_seed_gives_the_same_plans_and_another_one_others() -> None:
    assert plans(1) == plans(1) != plans(2)


def test_every_other_task_instance_is_deferrable_and_half_have_a_connection() -> None:
    drawn = [plan.task for plan in plans()]
    assert sum(task.deferrable for task in drawn) == JOBS / 2
    assert 0.4 < sum(task.connection == CONNECTION for task in drawn) / JOBS < 0.6
    assert {(task.deferrable, task.connection) for task in drawn} == set(
        itertools.product((True, False), (CONNECTION, None))
    )


def test_the_jobs_are_mixed_and_have_names_of_their_own() -> None:
    drawn = [plan.task for plan in plans()]
    assert len({task.task_id for task in drawn}) == JOBS
    assert {task.delete_policy for task in drawn} == set(POLICIES)
    assert {task.has_companion for task in drawn} == {True, False}
    assert {task.lines for task in drawn} == {0, 1, 20, 200}
    assert 0.03 < sum(task.exit_code != 0 for task in drawn) / JOBS < 0.1


def test_a_thousand_get_each_blow_and_many_get_none_or_more_than_one() -> None:
    counts = Counter(blow.name for plan in plans() for blow in plan.blows)
    assert set(counts) == {*BLOWS, CLEAR}
    assert min(counts.values()) >= 20
    assert set(Counter(len(plan.blows) for plan in plans())) == {0, 1, 2, 3}


def test_only_one_dag_run_of_five_has_tasks_that_are_cleared() -> None:
    cleared = {i // RUN_JOBS for i, plan in enumerate(plans()) if any(blow.name == CLEAR for blow in plan.blows)}
    assert cleared == set(range(0, JOBS // RUN_JOBS, 5))


def test_the_blows_of_a_task_instance_come_one_after_the_other() -> None:
    for plan in plans():
        moments = [blow.after_seconds for blow in plan.blows]
        assert moments == sorted(moments)


def test_what_airflow_itself_ends_gets_no_blow_beside() -> None:
    limited = [plan for plan in plans() if plan.task.execution_timeout_seconds is not None]
    assert 20 <= len(limited) <= 80
    assert not any(plan.blows for plan in limited)


@pytest.mark.parametrize("strand", STORMS)
def test_the_storms_of_a_strand_come_from_the_seed_with_rests_between(strand: str) -> None:
    first, again = (list(itertools.islice(draw_storms(random.Random(7), strand), 200)) for _ in range(2))
    assert first == again
    assert {name for _, name in first} == set(STORMS[strand])
    least, most = CALM_SECONDS[strand]
    assert all(least <= rest <= most for rest, _ in first)


def test_all_that_is_drawn_can_be_brought_about_and_nothing_else() -> None:
    assert {*BLOWS, CLEAR} == set(HITS)
    assert {name for kinds in STORMS.values() for name in kinds} == set(storms.STORMS)
