"""The only place that knows where Airflow 2 and Airflow 3 keep the same thing."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Connection, Context
    from airflow.sdk.exceptions import AirflowFailException
else:
    try:
        from airflow.sdk import BaseOperator, Connection, Context
    except ImportError:
        from airflow.models.baseoperator import BaseOperator
        from airflow.models.connection import Connection
        from airflow.utils.context import Context
    try:
        from airflow.sdk.exceptions import AirflowFailException
    except ImportError:
        from airflow.exceptions import AirflowFailException

__all__ = ["AirflowFailException", "BaseOperator", "Connection", "Context", "get_connection"]


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
