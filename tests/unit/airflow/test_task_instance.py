"""What a try knows of the tries before it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow.task_instance import TaskStateMemory
from kubectl_job_operator.attempt.memory import Done
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit import stage

COMPLETE = Done(stage.job("complete"), {"rows": 3}, ["pod-1"])


class Store:
    """Airflow's task state store: it takes JSON, and all tries of a task instance share it."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def get(self, key: str) -> Any:
        """Return what was kept."""
        return json.loads(self.texts[key]) if key in self.texts else None

    def set(self, key: str, value: Any) -> None:
        """Keep it."""
        self.texts[key] = json.dumps(value)


class BrokenStore:
    """One that cannot be reached."""

    def get(self, key: str) -> Any:
        """Return what was kept."""
        raise RuntimeError(key)

    def set(self, key: str, value: Any) -> None:
        """Keep it."""
        raise RuntimeError(f"{key}: {value}")


def memory(store: Any, *, try_number: int, max_tries: int = 1) -> TaskStateMemory:
    with DAG("dag", schedule=None):
        task = KubernetesJobOperator(task_id="task", yaml_file_name="job.yaml", retries=1)
    context = context_for(task, run_id="one", try_number=try_number)
    context["ti"].max_tries = max_tries
    return TaskStateMemory(task, {**context, **({"task_state_store": store} if store else {})})


def test_the_next_try_knows_the_job_that_was_complete() -> None:
    store = Store()
    memory(store, try_number=1).note(COMPLETE)
    recalled = memory(store, try_number=2).recall()
    assert recalled
    assert recalled.job["metadata"]["uid"] == stage.UID
    assert recalled.job["status"]["conditions"] == COMPLETE.job["status"]["conditions"]
    assert (recalled.result, recalled.pod_names) == ({"rows": 3}, ["pod-1"])


def test_after_a_clear_the_work_is_to_be_done_again() -> None:
    store = Store()
    memory(store, try_number=1).note(COMPLETE)
    assert memory(store, try_number=2, max_tries=2).recall() is None
    assert memory(store, try_number=3, max_tries=2).recall() is None


def test_the_last_try_has_nobody_to_keep_it_for() -> None:
    store = Store()
    memory(store, try_number=2).note(COMPLETE)
    assert store.texts == {}


@pytest.mark.parametrize("store", [None, BrokenStore()])
def test_without_a_store_that_works_nothing_is_known_and_nothing_is_raised(store: Any) -> None:
    memory(store, try_number=1).note(COMPLETE)
    assert memory(store, try_number=2).recall() is None
