"""What the installed version of Airflow does, and others do not."""

from __future__ import annotations

import importlib.util


def has_task_sdk() -> bool:
    """Whether this is an Airflow 3, whose tasks run without its database."""
    return importlib.util.find_spec("airflow.sdk") is not None


def workers_know_the_database() -> bool:
    """Whether a task is told where Airflow's database is."""
    return not has_task_sdk()


def counts_clears() -> bool:
    """Whether each Clear of a task raises ``clear_number`` of its DAG run, and a task sees that: from 3.1 on."""
    from airflow import __version__

    return tuple(map(int, __version__.split(".")[:2])) >= (3, 1)


def retries_come_from_the_dag() -> bool:
    """Whether ``retries=0`` in the DAG ends the tries of a run that began with more, as in Airflow 2.

    Airflow 3 goes by ``max_tries`` alone, which the run keeps (``is_eligible_to_retry``).
    """
    return not has_task_sdk()


def sorts_logs() -> bool:
    """Whether the lines of a log are sorted by what looks like a time in them, as Airflow 2 shows it."""
    return not has_task_sdk()


def triggers_have_on_kill() -> bool:
    """Whether Airflow tells a trigger when somebody ends its task."""
    from airflow.triggers.base import BaseTrigger

    return hasattr(BaseTrigger, "on_kill")


def resumes_after_timeout() -> bool:
    """Whether a deferred task comes back to a worker after its ``execution_timeout``; Airflow 2 fails it before."""
    return has_task_sdk()
