"""What Airflow 2 and Airflow 3 keep in different modules."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kubectl_job_operator.airflow.compat.features import has_task_sdk

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, BaseOperatorLink, Connection, Context
    from airflow.sdk.bases.decorator import DecoratedOperator, determine_kwargs, task_decorator_factory
    from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, AirflowSkipException
else:
    try:
        from airflow.sdk import BaseOperator, BaseOperatorLink, Connection, Context
    except ImportError:
        from airflow.models.baseoperator import BaseOperator
        from airflow.models.baseoperatorlink import BaseOperatorLink
        from airflow.models.connection import Connection
        from airflow.utils.context import Context
    try:
        from airflow.sdk.bases.decorator import DecoratedOperator, determine_kwargs, task_decorator_factory
    except ImportError:
        from airflow.decorators.base import DecoratedOperator, task_decorator_factory
        from airflow.utils.operator_helpers import determine_kwargs
    try:
        from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, AirflowSkipException
    except ImportError:
        from airflow.exceptions import AirflowFailException, AirflowNotFoundException, AirflowSkipException

__all__ = [
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowSkipException",
    "BaseOperator",
    "BaseOperatorLink",
    "Connection",
    "Context",
    "DecoratedOperator",
    "determine_kwargs",
    "get_connection",
    "import_base_hook",
    "import_base_sensor",
    "import_macros",
    "import_sensor_timeout",
    "pull_for_link",
    "read_dags",
    "task_decorator_factory",
]


def get_connection(conn_id: str) -> Connection:
    """Look an Airflow connection up, as a worker does."""
    hook = import_base_hook()
    connection: Connection = hook.get_connection(conn_id)
    return connection


def import_base_hook() -> Any:
    """Import what only a task with a connection needs."""
    try:
        from airflow.sdk import BaseHook
    except ImportError:
        return importlib.import_module("airflow.hooks.base").BaseHook
    return BaseHook


def import_base_sensor() -> Any:
    """Import what only a sensor needs."""
    try:
        from airflow.sdk import BaseSensorOperator
    except ImportError:
        return importlib.import_module("airflow.sensors.base").BaseSensorOperator
    return BaseSensorOperator


def import_sensor_timeout() -> type[Exception]:
    """Import the exception after which Airflow tries a sensor no more."""
    for home in ("airflow.sdk.exceptions", "airflow.exceptions"):
        try:
            found: type[Exception] = importlib.import_module(home).AirflowSensorTimeout
        except (ImportError, AttributeError):
            continue
        return found
    raise ImportError("this version of Airflow has no AirflowSensorTimeout where others have it")


def import_macros() -> Any:
    """Import what a template calls ``macros``."""
    try:
        return importlib.import_module("airflow.sdk.execution_time.macros")
    except ImportError:
        return importlib.import_module("airflow.macros")


def read_dags(file: str) -> tuple[Mapping[str, Any], str]:
    """Read the file of DAGs, and return these by their names, and what Airflow says where it cannot."""
    try:
        bag_of = importlib.import_module("airflow.dag_processing.dagbag").DagBag
    except ImportError:
        bag_of = importlib.import_module("airflow.models.dagbag").DagBag
    how = {"safe_mode": False}
    if "include_examples" in inspect.signature(bag_of).parameters:
        how["include_examples"] = False
    bag = bag_of(file, **how)
    return bag.dags, "\n".join(str(words).strip() for words in bag.import_errors.values())


def pull_for_link(ti_key: Any, key: str) -> str | None:
    """Return an XCom for a link: Airflow 2 makes links on the web server, Airflow 3 where the task has run."""
    if has_task_sdk():
        return None
    value = importlib.import_module("airflow.models.xcom").XCom.get_value(ti_key=ti_key, key=key)
    return None if value is None else str(value)
