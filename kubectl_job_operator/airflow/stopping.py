"""Who stopped a task, from the state that Airflow has given it meanwhile."""

from __future__ import annotations

from typing import Any

from kubectl_job_operator.airflow.compat.imports import Context
from kubectl_job_operator.airflow.compat.states import (
    RESET,
    UNWANTED_STATES,
    WANTED_STATES,
    state_of_dag_run,
    state_of_running,
)
from kubectl_job_operator.attempt.stop import Stop


def stop_of(context: Context) -> Stop:
    """Ask Airflow why the task was told to stop, or whether it was."""
    state = state_of_running(context)
    if state == RESET:
        # A task that runs is "restarting" after a Clear. If it was cleared all the same, the next try will know.
        return Stop("Airflow has taken the task from this worker, to start it again", is_worker_only=True)
    run_state = "" if state in WANTED_STATES else state_of_dag_run(context)
    return Stop(words_for(state, context.get("dag"), run_state), state in WANTED_STATES, state in UNWANTED_STATES)


def words_for(state: str, dag: Any = None, run_state: str = "") -> str:
    """Begin a sentence with who stopped a task.

    :param state: what its state has become.
    :param dag: its DAG; ``None`` if it is not at hand.
    :param run_state: what the state of its DAG run is then, which tells a mark on the one from a mark on the other;
        empty if it is not known.
    """
    timeout = getattr(dag, "dagrun_timeout", None)
    if state in WANTED_STATES:
        return "Only the worker was told to stop"
    if state in ("restarting", "None"):
        return "Somebody cleared the task"
    if state == "failed":
        fails_fast = getattr(dag, "fail_fast", None) or getattr(dag, "fail_stop", None)
        another = ", or another task of it failed (fail_fast)" if fails_fast else ""
        # Airflow's own end of a task that it has lost sight of, and a mark on the task, look alike.
        lost = "" if run_state == state else ", or Airflow had heard nothing of it for too long and gave it up"
        return f"Somebody marked {_marked(state, run_state)} as failed{another}{lost}"
    if state == "success":
        return f"Somebody marked {_marked(state, run_state)} as a success"
    if state == "up_for_retry":
        return "Airflow itself gave the task up, as it does when it hears nothing of it, and tries it again"
    if state == "skipped" and run_state and run_state != "failed":
        return "Somebody marked the task as skipped"
    if state == "skipped" and timeout:
        return f"The DAG run ran into its dagrun_timeout of {timeout}"
    if state == "skipped":
        return "Somebody marked the task as skipped, or its DAG run ran into its dagrun_timeout"
    if state in ("removed", "no such"):
        return "The task instance was deleted"
    return Stop.words


def _marked(state: str, run_state: str) -> str:
    """Tell what was marked: with its DAG run a task that runs is marked too, and else only the task is."""
    if not run_state:
        return "the task or its DAG run"
    return "the DAG run" if run_state == state else "the task"
