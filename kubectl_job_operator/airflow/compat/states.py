"""What Airflow now has for the state of a task instance, asked where a task or a trigger runs."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any, TypeVar

from kubectl_job_operator.airflow.compat.features import has_task_sdk
from kubectl_job_operator.airflow.compat.imports import Context

Result = TypeVar("Result")

_STATE_SECONDS = 10.0
"""A triggerer that is about to end may never answer its triggers."""
UNKNOWN = "unknown"
"""The state of a task instance about which Airflow does not tell."""

# What a task instance is before somebody ends it; `airflow dags test` of Airflow 2 never sets running.
WANTED_STATES = frozenset({"scheduled", "queued", "running"})
# What it becomes when somebody ends it.
UNWANTED_STATES = frozenset({"failed", "success", "skipped", "removed", "upstream_failed", "restarting", "no such"})
RESET = "None"
"""Its state when a new scheduler has taken it from one that died; of a deferred one, when somebody has cleared it."""


def state_of_running(context: Context) -> str:
    """Return the state of the task instance that runs here, as Airflow now has it; the words are those above.

    Asked when the task was told to stop: after a user's Clear or mark the state is another one; where only the worker
    is told to stop, it still is one of ``WANTED_STATES``.
    """
    try:
        return _state_of(context["ti"])
    except Exception:  # noqa: BLE001 - whatever it is, it must not get in the way of the clean-up
        return UNKNOWN


def state_of_dag_run(context: Context) -> str:
    """Return the state of the DAG run of the task instance that runs here, as Airflow now has it; empty if unknown."""
    instance: Any = context["ti"]
    try:
        if not has_task_sdk():
            return _run_state_in_database(instance)
        home = importlib.import_module("airflow.sdk.execution_time.task_runner").RuntimeTaskInstance
        state = home.get_dagrun_state(dag_id=instance.dag_id, run_id=instance.run_id)
        return str(getattr(state, "value", state))
    except Exception:  # noqa: BLE001 - whatever it is, it must not get in the way of the clean-up
        return ""


def comes_back(context: Context) -> bool:
    """Whether the task comes back to a worker after it was deferred."""
    instance: Any = context["ti"]
    from_server = getattr(instance, "_ti_context_from_server", None)  # Airflow 3
    return bool(getattr(instance, "next_method", None) or getattr(from_server, "next_method", None))


async def state_of_deferred(instance: Any) -> str:
    """Return the state of the task instance of a trigger, as Airflow now has it.

    ``None`` is that of one that was cleared, ``no such`` that of one that was deleted.
    """
    try:
        return await asyncio.wait_for(to_thread_with_airflow(_state_of, instance), _STATE_SECONDS)
    except Exception:  # noqa: BLE001 - whatever it is: who does not know must not act
        return UNKNOWN


async def to_thread_with_airflow(action: Callable[..., Result], *arguments: Any) -> Result:
    """Call something in a thread from which Airflow's connections and states can be asked for."""
    from asgiref.sync import sync_to_async

    # Its threads know the loop they come from: some versions of Airflow can answer them only through that one.
    return await sync_to_async(action)(*arguments)


def _state_of(instance: Any) -> str:
    """Ask for the state of a task instance: on Airflow 2 its database, on Airflow 3 the process that we run under."""
    index = instance.map_index if instance.map_index is not None else -1
    if not has_task_sdk():
        return _state_in_database(instance, index)
    home = importlib.import_module("airflow.sdk.execution_time.task_runner").RuntimeTaskInstance
    states = home.get_task_states(
        dag_id=instance.dag_id, task_ids=[instance.task_id], run_ids=[instance.run_id], map_index=index
    )
    found = [str(getattr(state, "value", state)) for tasks in states.values() for state in tasks.values()]
    if not found:
        return "no such"
    return found[0] if len(found) == 1 else UNKNOWN


def _state_in_database(instance: Any, index: int) -> str:
    from airflow.utils.session import create_session

    model = importlib.import_module("airflow.models.taskinstance").TaskInstance
    with create_session() as session:
        row = (
            session.query(model.state)
            .filter_by(dag_id=instance.dag_id, task_id=instance.task_id, run_id=instance.run_id, map_index=index)
            .one_or_none()
        )
    return "no such" if row is None else str(row[0])


def _run_state_in_database(instance: Any) -> str:
    from airflow.utils.session import create_session

    model = importlib.import_module("airflow.models.dagrun").DagRun
    with create_session() as session:
        row = session.query(model.state).filter_by(dag_id=instance.dag_id, run_id=instance.run_id).one_or_none()
    return "" if row is None else str(row[0])
