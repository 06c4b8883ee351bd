"""Whose Job it is: what is written on it, and what is read back."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kubectl_job_operator.attempt.identity import Identity, Round, owner_of, selector_of
from kubectl_job_operator.manifest.labels import MANAGED_BY_LABEL, ROUND, TASK_INSTANCE_LABEL
from tests.unit import recordings

OURS = Identity("dag", "task", "manual__2026-01-01", -1, try_number=3, first_try=2)
LABEL_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")
LABEL_KEY = re.compile(r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$")
LONGEST_FIELD_MANAGER = 128


def test_all_tries_of_a_task_instance_have_one_digest() -> None:
    assert len({replace(OURS, try_number=number, first_try=first).digest for number in (1, 2) for first in (1, 2)}) == 1


def test_the_digest_is_the_same_in_every_process_and_release() -> None:
    assert Identity("dag", "task", "run").digest == "5dba803a03ca4b1f"


@pytest.mark.parametrize(
    "other",
    [
        replace(OURS, dag_id="dag2"),
        replace(OURS, task_id="task2"),
        replace(OURS, run_id="manual__2026-01-02"),
        replace(OURS, map_index=0),
        replace(OURS, installation="another"),
        Identity("dag.task", "", OURS.run_id),
        Identity("", "dagtask", OURS.run_id),
        Identity('dag", "task', "x", OURS.run_id),
    ],
)
def test_another_task_instance_has_another_digest(other: Identity) -> None:
    assert other.digest != OURS.digest


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
    ours = {"metadata": {"annotations": OURS.annotations()}}
    mapped = {"metadata": {"annotations": replace(OURS, map_index=2).annotations()}}
    assert owner_of(ours) == "task task of DAG dag, run manual__2026-01-01"
    assert owner_of(mapped).endswith("run manual__2026-01-01, map index 2")
    assert owner_of(recordings.job("complete")) == "no task of Airflow"


def test_a_round_is_read_back_as_it_was_written() -> None:
    for one in (Round(), Round("2026-01-01T00:00:00.000000+00:00", 2, 7)):
        assert Round.of({"metadata": {"annotations": replace(OURS, round=one).annotations()}}) == one


@pytest.mark.parametrize("text", [None, "", "no JSON", "{}", "[1]", '["a", "b", "c"]', "[[], 1, 2, 3]"])
def test_a_round_that_cannot_be_read_is_none(text: str | None) -> None:
    assert Round.of({"metadata": {"annotations": {ROUND: text} if text is not None else None}}) is None


def test_each_try_applies_under_a_name_of_its_own_that_the_api_server_takes() -> None:
    names = {
        one.field_manager
        for one in (
            OURS,
            replace(OURS, try_number=4),
            replace(OURS, map_index=1),
            replace(OURS, installation="x"),
            replace(OURS, started="20260101T000000.123456"),
            replace(OURS, started="20260101T090000.123456"),
        )
    }
    assert len(names) == 6
    assert all(len(name) <= LONGEST_FIELD_MANAGER for name in names)
    assert OURS.field_manager == f"kubectl-job-operator-{OURS.digest}-3"


def test_when_a_try_began_is_a_label_that_kubernetes_takes() -> None:
    started = replace(OURS, started="20260101T000000.123456")
    assert started.try_labels() == {
        "kubectl-job-operator/try-number": "3",
        "kubectl-job-operator/try-started": "20260101T000000.123456",
    }
    assert all(LABEL_VALUE.match(value) for value in started.try_labels().values())


def test_what_is_to_be_replaced_is_picked_by_whose_it_was_when_it_was_seen() -> None:
    started = replace(OURS, started="20260101T000000.123456")
    seen = {"metadata": {"labels": started.object_labels()}}
    assert selector_of(seen) == (
        f"kubectl-job-operator/task-instance={OURS.digest},kubectl-job-operator/try-number=3,"
        "kubectl-job-operator/try-started=20260101T000000.123456"
    )
    assert selector_of({"metadata": {}}) == (
        "!kubectl-job-operator/task-instance,!kubectl-job-operator/try-number,!kubectl-job-operator/try-started"
    )
