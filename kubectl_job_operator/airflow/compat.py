"""The only place that knows where Airflow 2 and Airflow 3 keep the same thing."""

from __future__ import annotations

import asyncio
import functools
import importlib
import importlib.util
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

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

Result = TypeVar("Result")

_STATE_SECONDS = 10.0
"""A triggerer that is about to end may never answer its triggers."""
UNKNOWN = "unknown"
"""The state of a task instance about which Airflow does not tell."""

_PLAIN_TEXT = "any text"

# What a task instance is before somebody ends it; `airflow dags test` of Airflow 2 never sets running.
WANTED_STATES = frozenset({"scheduled", "queued", "running"})
# What it becomes when somebody ends it.
UNWANTED_STATES = frozenset({"failed", "success", "skipped", "removed", "upstream_failed", "restarting", "no such"})
RESET = "None"
"""Its state when a new scheduler has taken it from one that died; of a deferred one, when somebody has cleared it."""

__all__ = [
    "RESET",
    "UNKNOWN",
    "UNWANTED_STATES",
    "WANTED_STATES",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowSkipException",
    "BaseOperator",
    "BaseOperatorLink",
    "Connection",
    "Context",
    "DecoratedOperator",
    "comes_back",
    "counts_clears",
    "determine_kwargs",
    "get_connection",
    "import_base_hook",
    "import_base_sensor",
    "import_macros",
    "import_redact",
    "import_sensor_timeout",
    "is_secret_name",
    "mask_secrets",
    "pull_for_link",
    "read_dags",
    "redact",
    "resumes_after_timeout",
    "retries_come_from_the_dag",
    "sorts_logs",
    "state_of_dag_run",
    "state_of_deferred",
    "state_of_running",
    "task_decorator_factory",
    "to_thread_with_airflow",
    "triggers_have_on_kill",
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


def import_macros() -> Any:
    """Import what a template calls ``macros``."""
    try:
        return importlib.import_module("airflow.sdk.execution_time.macros")
    except ImportError:
        return importlib.import_module("airflow.macros")


def mask_secrets(values: Iterable[str], name: str | None = None) -> None:
    """Let Airflow mask values from now on.

    For each of them Airflow compiles anew all that it masks, here and in the process that supervises the task: beside a
    kubeconfig, which it masks as a whole, that is a twentieth of a second of CPU in both.

    :param name: where it is given, only if Airflow takes it for a secret's.
    """
    # What is shorter Airflow would not mask either, and warn of that in front of whatever comes then.
    known: list[Any] = list(dict.fromkeys(one for one in values if len(one) >= _shortest_secret()))
    if not known:
        return
    try:
        from airflow.sdk.log import mask_secret as mask
    except ImportError:
        mask = importlib.import_module("airflow.utils.log.secrets_masker").mask_secret
    mask(known, name)


@functools.cache
def _shortest_secret() -> int:
    """Return how long a secret must be for Airflow to mask it; older versions mask all."""
    from airflow.configuration import conf

    return int(conf.getint("logging", "min_length_masked_secret", fallback=0))


def redact(text: str) -> str:
    """Return a text with every value masked that Airflow masks."""
    return str(import_redact()(text))


@functools.cache
def is_secret_name(name: str) -> bool:
    """Whether Airflow takes a name for a secret's, as ``password``."""
    return bool(import_redact()(_PLAIN_TEXT, name) != _PLAIN_TEXT)


@functools.cache
def import_redact() -> Any:
    """Import what masks in a text, or in a dict by the names of its keys."""
    for home in ("airflow.sdk.log", "airflow.sdk.execution_time.secrets_masker", "airflow.utils.log.secrets_masker"):
        try:
            return importlib.import_module(home).redact
        except (ImportError, AttributeError):
            continue
    raise ImportError("this version of Airflow has no redact() where others have it")


def pull_for_link(ti_key: Any, key: str) -> str | None:
    """Return an XCom for a link: Airflow 2 makes links on the web server, Airflow 3 where the task has run."""
    if _has_task_sdk():
        return None
    value = importlib.import_module("airflow.models.xcom").XCom.get_value(ti_key=ti_key, key=key)
    return None if value is None else str(value)


def workers_know_the_database() -> bool:
    """Whether a task is told where Airflow's database is."""
    return not _has_task_sdk()


def counts_clears() -> bool:
    """Whether each Clear of a task raises ``clear_number`` of its DAG run, and a task sees that: from 3.1 on."""
    from airflow import __version__

    return tuple(map(int, __version__.split(".")[:2])) >= (3, 1)


def retries_come_from_the_dag() -> bool:
    """Whether ``retries=0`` in the DAG ends the tries of a run that began with more, as in Airflow 2.

    Airflow 3 goes by ``max_tries`` alone, which the run keeps (``is_eligible_to_retry``).
    """
    return not _has_task_sdk()


def sorts_logs() -> bool:
    """Whether the lines of a log are sorted by what looks like a time in them, as Airflow 2 shows it."""
    return not _has_task_sdk()


def _has_task_sdk() -> bool:
    return importlib.util.find_spec("airflow.sdk") is not None


def state_of_running(context: Context) -> str:
    """Return the state of the task instance that runs here, as Airflow now has it; the words are those below.

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
        if not _has_task_sdk():
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


def triggers_have_on_kill() -> bool:
    """Whether Airflow tells a trigger when somebody ends its task."""
    from airflow.triggers.base import BaseTrigger

    return hasattr(BaseTrigger, "on_kill")


def resumes_after_timeout() -> bool:
    """Whether a deferred task comes back to a worker after its ``execution_timeout``; Airflow 2 fails it before."""
    return _has_task_sdk()


async def to_thread_with_airflow(action: Callable[..., Result], *arguments: Any) -> Result:
    """Call something in a thread from which Airflow's connections and states can be asked for."""
    from asgiref.sync import sync_to_async

    # Its threads know the loop they come from: some versions of Airflow can answer them only through that one.
    return await sync_to_async(action)(*arguments)


async def state_of_deferred(instance: Any) -> str:
    """Return the state of the task instance of a trigger, as Airflow now has it.

    ``None`` is that of one that was cleared, ``no such`` that of one that was deleted.
    """
    try:
        return await asyncio.wait_for(to_thread_with_airflow(_state_of, instance), _STATE_SECONDS)
    except Exception:  # noqa: BLE001 - whatever it is: who does not know must not act
        return UNKNOWN


def _state_of(instance: Any) -> str:
    """Ask for the state of a task instance: on Airflow 2 its database, on Airflow 3 the process that we run under."""
    index = instance.map_index if instance.map_index is not None else -1
    if not _has_task_sdk():
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
