"""Whose Job it is, and what a new try does about the one that has the name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kubectl_job_operator.attempt.identity import (
    Decision,
    Identity,
    decide,
    owner_of,
)
from kubectl_job_operator.manifest.labels import MANAGED_BY_LABEL, TASK_INSTANCE_LABEL, TRY_LABEL
from tests.unit import recordings

OURS = Identity("dag", "task", "manual__2026-01-01", -1, try_number=3, first_try=2)
OTHER_RUN = replace(OURS, run_id="manual__2026-01-02")
LABEL_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")
LABEL_KEY = re.compile(r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$")


def _job(scenario: str, owner: Identity | None = None, *, deleted: bool = False) -> dict[str, Any]:
    job = recordings.job(scenario)
    if owner:
        job["metadata"]["labels"] = {**owner.labels(), **owner.try_label()}
        job["metadata"]["annotations"] = owner.annotations()
    if deleted:
        job["metadata"]["deletionTimestamp"] = "2026-11-20T19:25:02Z"
    return job


RUNNING, COMPLETE, FAILED, SUSPENDED = "unschedulable", "complete", "failed-exit-code", "suspended"
EARLIER = replace(OURS, try_number=2)
CLEARED = replace(OURS, try_number=1)
LATER = replace(OURS, try_number=10)

DECISIONS: dict[str, tuple[dict[str, Any] | None, Decision, str]] = {
    "nothing": (None, Decision.APPLY, "there is none"),
    "ours, running, of an earlier try": (
        _job(RUNNING, EARLIER),
        Decision.ADOPT,
        "its? .*from try 2, and it has not ended",
    ),
    "ours, suspended": (_job(SUSPENDED, EARLIER), Decision.ADOPT, "has not ended"),
    "ours, Complete": (_job(COMPLETE, EARLIER), Decision.ADOPT, "from try 2, and it is Complete"),
    "ours, running, of this very try": (_job(RUNNING, OURS), Decision.ADOPT, "from try 3"),
    "ours, Failed": (_job(FAILED, EARLIER), Decision.REPLACE, "from try 2, and it failed"),
    "ours, running, from before a Clear": (
        _job(RUNNING, CLEARED),
        Decision.REPLACE,
        "from try 1, before the task was cleared",
    ),
    "ours, Complete, from before a Clear": (_job(COMPLETE, CLEARED), Decision.REPLACE, "before the task was cleared"),
    "ours, running, of a later try": (
        _job(RUNNING, LATER),
        Decision.REFUSE,
        "^try 10 of this task has taken it over from try 3$",
    ),
    "ours, Complete, of a later try": (_job(COMPLETE, LATER), Decision.REFUSE, "try 10"),
    "ours, Failed, of a later try": (_job(FAILED, LATER), Decision.REFUSE, "try 10"),
    "ours, of a later try, being deleted": (_job(RUNNING, LATER, deleted=True), Decision.REFUSE, "try 10"),
    "another run's, Complete, of a later try": (
        _job(COMPLETE, replace(OTHER_RUN, try_number=10)),
        Decision.REPLACE,
        "has ended",
    ),
    "ours, running, being deleted": (_job(RUNNING, EARLIER, deleted=True), Decision.REPLACE, "being deleted"),
    "another run's, running": (_job(RUNNING, OTHER_RUN), Decision.REFUSE, "run manual__2026-01-02 and has not ended"),
    "another run's, Complete": (_job(COMPLETE, OTHER_RUN), Decision.REPLACE, r"has ended \(Complete\)"),
    "another run's, Failed": (_job(FAILED, OTHER_RUN), Decision.REPLACE, r"has ended \(Failed\)"),
    "another run's, being deleted": (_job(RUNNING, OTHER_RUN, deleted=True), Decision.REPLACE, "being deleted"),
    "nobody's, running": (_job(RUNNING), Decision.REFUSE, "no task of Airflow and has not ended"),
    "nobody's, suspended": (_job(SUSPENDED), Decision.REFUSE, "has not ended"),
    "nobody's, Complete": (_job(COMPLETE), Decision.REPLACE, r"no task of Airflow and has ended \(Complete\)"),
}


@pytest.mark.parametrize("case", DECISIONS)
def test_what_is_done_about_the_job_that_has_the_name(case: str) -> None:
    job, expected, why = DECISIONS[case]
    decision, reason = decide(job, OURS)
    assert decision is expected
    assert re.search(why, reason), reason


@pytest.mark.parametrize("number", ["", "many", "-1", None])
def test_a_job_of_ours_with_an_unreadable_try_is_replaced(number: str | None) -> None:
    job = _job(RUNNING, EARLIER)
    job["metadata"]["labels"].pop(TRY_LABEL, None)
    job["metadata"]["labels"].update({TRY_LABEL: number} if number is not None else {})
    assert decide(job, OURS)[0] is Decision.REPLACE


def test_all_tries_of_a_task_instance_have_one_digest() -> None:
    assert len({replace(OURS, try_number=number, first_try=first).digest for number in (1, 2) for first in (1, 2)}) == 1


def test_the_digest_is_the_same_in_every_process_and_release() -> None:
    assert Identity("dag", "task", "run").digest == "5dba803a03ca4b1f"


@pytest.mark.parametrize(
    "other",
    [
        replace(OURS, dag_id="dag2"),
        replace(OURS, task_id="task2"),
        OTHER_RUN,
        replace(OURS, map_index=0),
        Identity("dag.task", "", OURS.run_id),
        Identity("", "dagtask", OURS.run_id),
        Identity('dag", "task', "x", OURS.run_id),
    ],
)
def test_another_task_instance_has_another_digest(other: Identity) -> None:
    assert other.digest != OURS.digest
    assert decide(_job(RUNNING, other), OURS)[0] is Decision.REFUSE


@given(some.text(), some.text(), some.text(), some.integers(-1, 10**6))
def test_labels_are_ones_that_kubernetes_takes_whatever_airflows_ids_are(
    dag_id: str, task_id: str, run_id: str, map_index: int
) -> None:
    labels = Identity(dag_id, task_id, run_id, map_index).labels()
    assert labels.keys() == {MANAGED_BY_LABEL, TASK_INSTANCE_LABEL}
    for key, value in labels.items():
        assert LABEL_KEY.match(key)
        assert LABEL_VALUE.match(value)
        assert 0 < len(value) <= 63


def test_annotations_are_strings_that_people_can_read() -> None:
    assert replace(OURS, map_index=4).annotations() == {
        "kubectl-job-operator/dag-id": "dag",
        "kubectl-job-operator/task-id": "task",
        "kubectl-job-operator/run-id": "manual__2026-01-01",
        "kubectl-job-operator/map-index": "4",
    }


def test_the_owner_is_named_for_people() -> None:
    assert owner_of(_job(RUNNING, OURS)) == "task task of DAG dag, run manual__2026-01-01"
    assert owner_of(_job(RUNNING, replace(OURS, map_index=2))).endswith("run manual__2026-01-01, map index 2")
    assert owner_of(_job(RUNNING)) == "no task of Airflow"
