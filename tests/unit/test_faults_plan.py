"""What the fault bench draws by chance."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import yaml

from tests.faults.dag import Stage, manifest
from tests.faults.plan import LATE_SHARE, POLICIES, TaskPlan, draw_plans

APPLY_LINE = (
    '{"event":"$ kubectl -n here apply --server-side --field-manager=kubectl-job-operator -f /tmp/a.yaml -o json"}'
)
LOOK_LINE = '{"event":"::group::Manifest: Job task-00, 1 container"}'
END_LINE = '{"event":"Job here/task-00 is Failed after 2.1 s: BackoffLimitExceeded."}'


def plans(seed: int = 1, *, has_timeout: bool = False, is_aimed: bool = True) -> list[TaskPlan]:
    return draw_plans(
        random.Random(seed), 60, retries=1, backoff_limits=(0, 2), has_timeout=has_timeout, is_aimed=is_aimed
    )


def test_the_same_seed_gives_the_same_plans_and_another_one_others() -> None:
    assert plans(1) == plans(1) != plans(2)


def test_the_jobs_are_mixed() -> None:
    drawn = plans()
    assert {plan.delete_policy for plan in drawn} == set(POLICIES)
    assert {plan.exit_code for plan in drawn} == {0, 3}
    assert {plan.has_companion for plan in drawn} == {True, False}
    assert {plan.backoff_limit for plan in drawn} == {0, 2}
    assert all(1 <= plan.sleep_seconds <= 15 for plan in drawn)


def test_every_task_instance_has_a_name_of_its_own() -> None:
    assert len({plan.task_id for plan in plans()}) == len(plans())


def test_there_are_more_task_instances_than_are_to_be_hit_because_some_are_over_before_that() -> None:
    assert len(plans()) == len(plans(is_aimed=False)) == 60 + 60 * LATE_SHARE


def test_the_moments_are_spread_over_the_whole_life() -> None:
    phases = [plan.moment.phase for plan in plans() if plan.moment]
    assert len(phases) == len(plans())
    assert {phases.count(phase) for phase in phases} == {12}
    assert len(set(phases)) == 6


def test_the_marks_of_the_moments_are_lines_of_a_tasks_log() -> None:
    marks = {plan.moment.mark for plan in plans() if plan.moment} - {""}
    lines = (LOOK_LINE, APPLY_LINE, END_LINE)
    found = [[line for line in lines if re.search(mark, line)] for mark in marks]
    assert sorted(found) == sorted([line] for line in lines)


def test_a_timeout_ends_within_the_life_of_its_task_or_just_after() -> None:
    for plan in plans(has_timeout=True, is_aimed=False):
        assert plan.execution_timeout_seconds
        assert 0 < plan.execution_timeout_seconds < plan.sleep_seconds + 5


def test_the_manifest_is_yaml_with_the_plan_in_it() -> None:
    plan = next(plan for plan in plans() if plan.has_companion and plan.exit_code)
    job, companion = yaml.safe_load_all(yaml.safe_dump_all(manifest(Stage("dag", "here", Path("/bench")), plan)))
    (container,) = job["spec"]["template"]["spec"]["containers"]
    script = container["command"][-1]
    assert f"sleep {plan.sleep_seconds} &" in script
    assert "exit 3" in script
    assert f">> /records/{plan.task_id}" in script
    assert companion["kind"] == "ConfigMap"


def test_all_plans_of_a_fault_bear_a_lost_node_for_as_long_as_it_says() -> None:
    drawn = draw_plans(
        random.Random(1), 2, retries=1, backoff_limits=(0,), has_timeout=False, is_aimed=False, toleration_seconds=20
    )
    assert [plan.toleration_seconds for plan in drawn] == [20, 20]
    assert {plan.toleration_seconds for plan in plans()} == {None}


def test_pods_bear_a_lost_node_for_as_long_as_the_plan_says() -> None:
    stage = Stage("dag", "here", Path("/bench"))
    pods = [manifest(stage, replace(plans()[0], toleration_seconds=seconds))[0] for seconds in (None, 20)]
    first, second = (pod["spec"]["template"]["spec"].get("tolerations", []) for pod in pods)
    assert first == []
    assert [(one["key"], one["tolerationSeconds"]) for one in second] == [
        ("node.kubernetes.io/unreachable", 20),
        ("node.kubernetes.io/not-ready", 20),
    ]
