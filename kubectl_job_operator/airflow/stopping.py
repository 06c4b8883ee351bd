"""Who stopped a task, from the state that Airflow has given it meanwhile."""

from __future__ import annotations

from typing import Any

from kubectl_job_operator.airflow.compat import WANTED_STATES, Context, state_of_running
from kubectl_job_operator.attempt.stop import Stop


def stop_of(context: Context) -> Stop:
    """Ask Airflow why the task was told to stop."""
    state = state_of_running(context)
    return Stop(words_for(state, context.get("dag")), state in WANTED_STATES)


def words_for(state: str, dag: Any = None) -> str:
    """Begin a sentence with who stopped a task.

    :param state: what its state has become.
    :param dag: its DAG; ``None`` if it is not at hand.
    """
    timeout = getattr(dag, "dagrun_timeout", None)
    if state in WANTED_STATES:
        return "Only the worker was told to stop"
    if state in ("restarting", "None"):
        return "Somebody cleared the task"
    if state == "failed":
        fails_fast = getattr(dag, "fail_fast", None) or getattr(dag, "fail_stop", None)
        another = ", or another task of it failed (fail_fast)" if fails_fast else ""
        return f"Somebody marked the task or its DAG run as failed{another}"
    if state == "success":
        return "Somebody marked the task or its DAG run as a success"
    if state == "skipped" and timeout:
        return f"The DAG run ran into its dagrun_timeout of {timeout}"
    if state == "skipped":
        return "Somebody marked the task as skipped, or its DAG run ran into its dagrun_timeout"
    if state in ("removed", "no such"):
        return "The task instance was deleted"
    return Stop.words
