"""The only place that knows where Airflow 2 and Airflow 3 keep the same thing."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Connection, Context
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
else:
    try:
        from airflow.sdk import BaseOperator, Connection, Context
    except ImportError:
        from airflow.models.baseoperator import BaseOperator
        from airflow.models.connection import Connection
        from airflow.utils.context import Context
    try:
        from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
    except ImportError:
        from airflow.exceptions import AirflowFailException, AirflowSkipException

# What a task instance is before somebody ends it; `airflow dags test` of Airflow 2 never sets running.
_WANTED_STATES = frozenset({"scheduled", "queued", "running"})

__all__ = [
    "AirflowFailException",
    "AirflowSkipException",
    "BaseOperator",
    "Connection",
    "Context",
    "get_connection",
    "is_wanted_by_airflow",
]


def get_connection(conn_id: str) -> Connection:
    """Look an Airflow connection up, as a worker does."""
    hook = _import_base_hook()
    connection: Connection = hook.get_connection(conn_id)
    return connection


def _import_base_hook() -> Any:
    """Import what only a task with a connection needs."""
    try:
        from airflow.sdk import BaseHook
    except ImportError:
        return importlib.import_module("airflow.hooks.base").BaseHook
    return BaseHook


def is_wanted_by_airflow(context: Context) -> bool:
    """Whether Airflow still wants the task instance to run.

    Asked when the task was told to stop: after a user's Clear or mark the state is another one; where only the worker
    is told to stop, it still is the old one. False, too, where Airflow does not tell.
    """
    instance: Any = context["ti"]
    try:
        if hasattr(instance, "current_state"):
            return str(instance.current_state()) in _WANTED_STATES  # Airflow 2
        index = instance.map_index if instance.map_index is not None else -1
        states = instance.get_task_states(
            dag_id=instance.dag_id,
            task_ids=[instance.task_id],
            run_ids=[instance.run_id],
            **({"map_index": index} if index >= 0 else {}),
        )
    except Exception:  # noqa: BLE001 - whatever it is, it must not get in the way of the clean-up
        return False
    found = [str(state) for tasks in states.values() for state in tasks.values()]
    return len(found) == 1 and found[0] in _WANTED_STATES
