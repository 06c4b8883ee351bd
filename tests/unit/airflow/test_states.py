"""What Airflow 2 and Airflow 3 keep in different places is asked for in one way."""

from __future__ import annotations

import asyncio
import datetime
import importlib
import importlib.util
from types import SimpleNamespace
from typing import Any

import pytest

from kubectl_job_operator.airflow.compat import states
from kubectl_job_operator.airflow.compat.states import state_of_deferred
from kubectl_job_operator.airflow.stopping import stop_of, words_for

HAS_TASK_SDK = importlib.util.find_spec("airflow.sdk") is not None


def instance(map_index: int | None = -1) -> Any:
    return SimpleNamespace(dag_id="dag", task_id="task", run_id="run", map_index=map_index)


def context(map_index: int | None = -1) -> Any:
    return {"ti": instance(map_index)}


def wants(given: Any) -> bool:
    return stop_of(given).is_worker_only


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Put states into the place of Airflow's, and give what was asked for and what is answered."""
    run_states: dict[tuple[str, str], str] = {}
    kept: dict[str, Any] = {"index": None, "answer": {"task": "running"}, "runs": run_states}

    def get_task_states(*, dag_id: str, task_ids: list[str], run_ids: list[str], map_index: int) -> dict[str, Any]:
        assert (dag_id, task_ids, run_ids) == ("dag", ["task"], ["run"])
        kept["index"] = map_index
        return {"run": kept["answer"]}

    def state_in_database(asked_of: Any, index: int) -> str:
        found = get_task_states(
            dag_id=asked_of.dag_id, task_ids=[asked_of.task_id], run_ids=[asked_of.run_id], map_index=index
        )
        return str(next(iter(found["run"].values()), "no such"))

    if HAS_TASK_SDK:
        home = importlib.import_module("airflow.sdk.execution_time.task_runner").RuntimeTaskInstance
        monkeypatch.setattr(home, "get_task_states", staticmethod(get_task_states))
        monkeypatch.setattr(home, "get_dagrun_state", staticmethod(lambda dag_id, run_id: run_states[dag_id, run_id]))
    else:
        monkeypatch.setattr(states, "_state_in_database", state_in_database)
        monkeypatch.setattr(
            states, "_run_state_in_database", lambda asked_of: run_states[asked_of.dag_id, asked_of.run_id]
        )
    return kept


@pytest.mark.parametrize(
    ("state", "is_wanted"),
    [
        ("running", True),
        ("queued", True),
        ("scheduled", True),
        ("failed", False),
        ("success", False),
        ("restarting", False),
        # Airflow itself has taken the task from its worker: a Clear of a running task makes it "restarting".
        (None, True),
    ],
)
def test_a_worker_and_a_triggerer_see_the_same_state_of_a_task(
    state: str | None, is_wanted: bool, asked: dict[str, Any]
) -> None:
    asked["answer"] = {"task": state}
    assert wants(context()) is is_wanted
    assert asyncio.run(state_of_deferred(instance())) == str(state)


@pytest.mark.parametrize(
    ("state", "is_unwanted"),
    [
        *((state, True) for state in ("failed", "success", "skipped", "removed", "restarting")),
        *((state, False) for state in ("running", "queued", None, "of another version")),
    ],
)
def test_only_what_somebody_has_ended_is_unwanted(state: str | None, is_unwanted: bool, asked: dict[str, Any]) -> None:
    asked["answer"] = {"task": state}
    assert stop_of(context()).is_unwanted is is_unwanted


def test_where_airflow_does_not_tell_nobody_has_ended_the_task(asked: dict[str, Any]) -> None:
    asked["answer"] = None
    assert not stop_of(context()).is_unwanted


def test_a_task_instance_that_was_deleted_is_not_wanted(asked: dict[str, Any]) -> None:
    asked["answer"] = {}
    assert not wants(context())
    assert asyncio.run(state_of_deferred(instance())) == "no such"


@pytest.mark.parametrize(("given", "index"), [(None, -1), (-1, -1), (0, 0), (7, 7)])
def test_the_state_is_that_of_this_task_instance_among_the_mapped_ones(
    given: int | None, index: int, asked: dict[str, Any]
) -> None:
    assert wants(context(given))
    assert asked.pop("index") == index
    assert asyncio.run(state_of_deferred(instance(given))) == "running"
    assert asked["index"] == index


def test_where_airflow_does_not_tell_nothing_is_wanted_and_nothing_is_known(
    asked: dict[str, Any],
) -> None:
    asked["answer"] = None
    assert not wants(context())
    assert asyncio.run(state_of_deferred(instance())) == "unknown"


@pytest.mark.parametrize(
    ("state", "dag", "words"),
    [
        ("running", {}, "Only the worker was told to stop"),
        ("restarting", {}, "Somebody cleared the task"),
        (None, {}, "Airflow has taken the task from this worker, to start it again"),
        ("failed", {}, "Somebody marked the task or its DAG run as failed"),
        ("failed", {"fail_fast": True}, "or another task of it failed (fail_fast)"),
        ("success", {}, "Somebody marked the task or its DAG run as a success"),
        ("skipped", {"dagrun_timeout": datetime.timedelta(hours=1)}, "ran into its dagrun_timeout of 1:00:00"),
        ("skipped", {}, "Somebody marked the task as skipped"),
        ("removed", {}, "The task instance was deleted"),
        ("of another version", {}, "The task was told to stop"),
    ],
)
def test_the_state_that_a_task_has_been_given_tells_who_stopped_it(
    state: str | None, dag: dict[str, Any], words: str, asked: dict[str, Any]
) -> None:
    asked["answer"] = {"task": state}
    given = context()
    given["dag"] = SimpleNamespace(**dag)
    assert words in stop_of(given).words


@pytest.mark.parametrize(
    ("state", "run_state", "words"),
    [
        ("failed", "failed", "Somebody marked the DAG run as failed"),
        ("failed", "running", "Somebody marked the task as failed, or Airflow had heard nothing of it for too long"),
        ("success", "success", "Somebody marked the DAG run as a success"),
        ("success", "running", "Somebody marked the task as a success"),
        ("skipped", "failed", "The DAG run ran into its dagrun_timeout of 1:00:00"),
        ("skipped", "running", "Somebody marked the task as skipped"),
        ("up_for_retry", "running", "Airflow itself gave the task up"),
    ],
)
def test_the_state_of_the_dag_run_tells_a_persons_mark_from_an_end_by_airflow_itself(
    state: str, run_state: str, words: str, asked: dict[str, Any]
) -> None:
    asked["answer"], asked["runs"]["dag", "run"] = {"task": state}, run_state
    given = context()
    given["dag"] = SimpleNamespace(dagrun_timeout=datetime.timedelta(hours=1))
    said = stop_of(given).words
    assert said.startswith(words)
    assert ("Airflow had heard" in said) == ((state, run_state) == ("failed", "running"))


def test_where_airflow_does_not_tell_nobody_is_named(asked: dict[str, Any]) -> None:
    asked["answer"] = None
    assert stop_of(context()).words == words_for("unknown") == "The task was told to stop"
