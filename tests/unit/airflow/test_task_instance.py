"""What a try knows of the tries before it."""

from __future__ import annotations

import datetime
import json
from types import SimpleNamespace
from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow import task_instance
from kubectl_job_operator.airflow.compat.features import counts_clears
from kubectl_job_operator.airflow.task_instance import TaskStateMemory, has_next_try, identity_of, round_of
from kubectl_job_operator.attempt.identity import Round
from kubectl_job_operator.attempt.memory import Done
from kubectl_job_operator.errors import TaskUnheardError
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit import stage

UTC = datetime.timezone.utc
BERLIN = datetime.timezone(datetime.timedelta(hours=1))
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
    """One that cannot be reached.

    :param error: what comes of it.
    """

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get(self, key: str) -> Any:  # noqa: ARG002 - as the real one
        """Return what was kept."""
        raise self._error

    def set(self, key: str, value: Any) -> None:  # noqa: ARG002 - as the real one
        """Keep it."""
        raise self._error


def memory(store: Any, *, try_number: int, max_tries: int = 1) -> TaskStateMemory:
    with DAG("dag", schedule=None):
        task = KubernetesJobOperator(task_id="task", yaml_file_name="job.yaml", retries=1)
    context = context_for(task, run_id="one", try_number=try_number)
    context["ti"].max_tries = max_tries
    return TaskStateMemory({**context, **({"task_state_store": store} if store else {})})


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


@pytest.mark.parametrize("error", [EOFError("Request socket closed before length"), BrokenPipeError()])
def test_where_nobody_hears_that_the_job_is_complete_the_try_ends(error: Exception) -> None:
    """So ends a word to a supervisor that was killed, in Airflow 3."""
    with pytest.raises(TaskUnheardError, match="supervisor of this task is gone"):
        memory(BrokenStore(error), try_number=1).note(COMPLETE)
    memory(BrokenStore(error), try_number=2).note(COMPLETE)  # nobody comes later


@pytest.mark.parametrize("store", [None, BrokenStore(RuntimeError("no such host"))])
def test_without_a_store_that_works_nothing_is_known_and_nothing_is_raised(store: Any) -> None:
    memory(store, try_number=1).note(COMPLETE)
    assert memory(store, try_number=2).recall() is None


@pytest.mark.parametrize(
    ("retries", "is_from_the_dag", "try_number", "expected"),
    [
        (1, True, 2, True),
        (1, True, 4, False),
        (0, True, 2, False),
        (0, False, 2, True),
        (0, False, 4, False),
    ],
)
def test_whether_another_try_comes_is_decided_as_this_airflow_decides_it(
    retries: int, is_from_the_dag: bool, try_number: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``retries`` may be another in the DAG by now than when the run began."""
    monkeypatch.setattr(task_instance, "retries_come_from_the_dag", lambda: is_from_the_dag)
    context = context_of(try_number=try_number, max_tries=3)
    context["task"].retries = retries
    assert has_next_try(context) is expected


RUN = SimpleNamespace(start_date=datetime.datetime(2026, 1, 1, 8, tzinfo=BERLIN), clear_number=1)


def context_of(*, try_number: int = 2, max_tries: int = 3, run: Any = RUN, start: Any = None) -> Any:
    with DAG("dag", schedule=None):
        task = KubernetesJobOperator(task_id="task", yaml_file_name="job.yaml", retries=1)
    context = context_for(task, run_id="one", try_number=try_number)
    context["ti"].max_tries = max_tries
    context["ti"].start_date = start
    return {**context, "dag_run": run, "task": task}


DAY = datetime.datetime(2026, 1, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("counts", "run", "is_exact"),
    [
        (True, SimpleNamespace(start_date=RUN.start_date, logical_date=None, run_after=None), True),
        (True, RUN, True),
        (True, SimpleNamespace(start_date=RUN.start_date, logical_date=DAY, run_after=None), False),
        (True, SimpleNamespace(start_date=RUN.start_date, logical_date=None, run_after=DAY), False),
        (True, SimpleNamespace(start_date=None), False),
        (True, None, False),
        (False, RUN, False),
    ],
)
def test_a_round_is_exact_but_in_a_test_of_a_dag_and_where_clears_are_not_counted(
    counts: bool, run: Any, is_exact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``airflow dags test`` gives all runs of one day one start, also on Airflow 3."""
    monkeypatch.setattr(task_instance, "counts_clears", lambda: counts)
    context = context_of(run=run)
    assert identity_of(context["task"], context).has_exact_round is is_exact


def test_a_round_is_not_exact_in_a_test_of_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """``airflow tasks test`` takes a run that is there, and neither counts a try nor has a task instance of its own."""
    monkeypatch.setattr(task_instance, "counts_clears", lambda: True)
    monkeypatch.setenv("AIRFLOW_TEST_MODE", "True")
    context = context_of()
    assert not identity_of(context["task"], context).has_exact_round


def test_the_round_is_what_airflow_says_of_run_and_task_instance() -> None:
    assert round_of(context_of()) == Round("2026-01-01T07:00:00.000000+00:00", 1, 3)


@pytest.mark.parametrize("run", [None, SimpleNamespace(), SimpleNamespace(start_date=None, clear_number=None)])
def test_what_airflow_does_not_say_of_the_run_is_left_open(run: Any) -> None:
    assert round_of(context_of(run=run)) == Round("", 0, 3)


def test_a_try_above_what_the_round_allows_is_of_another_round_where_a_clear_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(task_instance, "counts_clears", lambda: False)
    # Airflow lets a task that was cleared while it ran try once more, and leaves max_tries as it is.
    assert round_of(context_of(try_number=4, max_tries=3)) == round_of(context_of(try_number=1, max_tries=3))
    assert round_of(context_of(try_number=5, max_tries=3)) != round_of(context_of(try_number=4, max_tries=3))


def test_a_try_above_what_the_round_allows_is_of_the_same_round_where_each_clear_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A new scheduler that takes a task from one that died lets it try once more."""
    monkeypatch.setattr(task_instance, "counts_clears", lambda: True)
    assert round_of(context_of(try_number=5, max_tries=3)) == round_of(context_of(try_number=4, max_tries=3))


@pytest.mark.parametrize(
    ("version", "counts"), [("2.11.2", False), ("3.0.6", False), ("3.1.0", True), ("3.10.0rc1", True), ("4.0.0", True)]
)
def test_clears_are_counted_from_airflow_3_1_on(version: str, counts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.__version__", version)
    assert counts_clears() is counts


def test_when_the_try_began_is_written_so_that_it_sorts_by_time_everywhere() -> None:
    moments = [datetime.datetime(2026, 1, 1, 8, tzinfo=BERLIN), datetime.datetime(2026, 1, 1, 7, 30, tzinfo=UTC)]
    task = context_of()["task"]
    first, second = (identity_of(task, context_of(start=moment)).started for moment in moments)
    assert first == "20260101T070000.000000"
    assert first < second


def test_where_airflow_does_not_say_when_a_try_began_it_began_now() -> None:
    """As `airflow dags test` of Airflow 2, which gives all runs of one day one start, and their tasks none."""
    task = context_of()["task"]
    first, second = (identity_of(task, context_of(start=None)).started for _ in range(2))
    assert "20260101" < first < second
