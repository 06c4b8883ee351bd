"""What Airflow's context says about the task instance and its tries."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
from typing import TYPE_CHECKING, Any, Protocol

from kubectl_job_operator.airflow.compat.features import counts_clears, retries_come_from_the_dag
from kubectl_job_operator.airflow.compat.imports import Context

if TYPE_CHECKING:
    from kubectl_job_operator.attempt.identity import Identity, Round
    from kubectl_job_operator.attempt.memory import Done

_COMPLETE_JOB = "kubectl-job-operator/complete-job"


class Retried(Protocol):
    """What may be tried again: an operator."""

    retries: int | None


def has_next_try(context: Context) -> bool:
    """Whether Airflow starts the task again if this try fails."""
    instance = context["ti"]
    if retries_come_from_the_dag() and not context["task"].retries:
        return False
    return int(instance.try_number) <= int(instance.max_tries or 0)


def identity_of(task: Retried, context: Context) -> Identity:
    """Return who this try of the task is."""
    from kubectl_job_operator.airflow.installation import installation
    from kubectl_job_operator.attempt.identity import Identity

    instance = context["ti"]
    return Identity(
        dag_id=instance.dag_id,
        task_id=instance.task_id,
        run_id=instance.run_id,
        map_index=instance.map_index if instance.map_index is not None else -1,
        try_number=instance.try_number,
        first_try=_first_try(task, context),
        installation=installation(),
        round=round_of(context),
        # `airflow dags test` and `tasks test` of Airflow 2 start a task without telling when.
        started=_as_label(getattr(instance, "start_date", None) or datetime.datetime.now(datetime.timezone.utc)),
        has_exact_round=_has_exact_round(context.get("dag_run")),
    )


def _has_exact_round(run: Any) -> bool:
    """Whether a run that was made again, or a Clear, would have another round: not so where somebody tests.

    In ``airflow dags test`` a run starts at its logical date, or when it was due, however often it is made; and
    ``airflow tasks test``, which sets a variable, takes a run that is there, and counts no try.
    """
    started = getattr(run, "start_date", None)
    due = (getattr(run, "logical_date", None), getattr(run, "run_after", None))
    is_test = started is None or started in due or "AIRFLOW_TEST_MODE" in os.environ
    return counts_clears() and not is_test


def round_of(context: Context) -> Round:
    """Return what Airflow says of the tries that belong together.

    Of a DAG run its start, which it gets anew when it is made again or is cleared after its end, and, from Airflow 3.1
    on, how often its tasks were cleared. Of the task instance ``max_tries``, which a Clear raises and a change of
    ``retries`` in the DAG does not; a task that is cleared while it runs keeps it, but then may try once more than it
    allows. So may one that was taken from a scheduler that died, which is told from a Clear where those are counted.
    """
    from kubectl_job_operator.attempt.identity import Round

    instance, run = context["ti"], context.get("dag_run")
    started = getattr(run, "start_date", None)
    most = int(instance.max_tries or 0)
    return Round(
        run_started=_as_text(started),
        clear_number=int(getattr(run, "clear_number", None) or 0),
        max_tries=most if counts_clears() else max(most, int(instance.try_number) - 1),
    )


class TaskStateMemory:
    """Keeps in Airflow's task state store (3.3 and later) that a Job of this round of tries was Complete.

    Elsewhere it keeps nothing, and neither does a store that fails: it must not get in the way of a task.
    """

    def __init__(self, context: Context) -> None:
        self._store: Any = context.get("task_state_store")
        self._round = str(round_of(context))
        self._has_earlier_try = int(context["ti"].try_number) > 1
        self._has_next_try = has_next_try(context)

    def note(self, done: Done) -> None:
        """Keep that this Job is Complete, if there is a later try to know it.

        :raises TaskUnheardError: if the supervisor is gone, to which a task of Airflow 3 says all: nobody hears it.
        """
        from kubectl_job_operator.attempt.memory import essence
        from kubectl_job_operator.errors import TaskUnheardError
        from kubectl_job_operator.status import keyed

        if self._store is None or not self._has_next_try:
            return
        try:
            self._store.set(
                _COMPLETE_JOB,
                {
                    "round": self._round,
                    "job": essence(done.job),
                    "result": keyed.plain(done.result),
                    "keys": keyed.keys_of(done.result),
                    "pod_names": list(done.pod_names),
                },
            )
        except (EOFError, ConnectionError) as error:
            raise TaskUnheardError(
                "Airflow's supervisor of this task is gone, so nobody hears that the Job is Complete. The next try "
                "takes what it came to."
            ) from error
        except Exception:  # noqa: BLE001 - a store that fails must not get in the way of a task
            return

    def recall(self) -> Done | None:
        """Return the Complete Job that an earlier try of this round has noted."""
        from kubectl_job_operator.attempt.memory import Done
        from kubectl_job_operator.status.keyed import KeyedResult

        noted: Any = None
        if self._store is not None and self._has_earlier_try:
            with contextlib.suppress(Exception):
                noted = self._store.get(_COMPLETE_JOB)
        if not isinstance(noted, dict) or noted.get("round") != self._round:
            return None
        result = noted.get("result")
        if isinstance(result, dict) and noted.get("keys") == result:
            result = KeyedResult(result)
        return Done(noted["job"], result, noted.get("pod_names") or ())


def _first_try(task: Retried, context: Context) -> int:
    """Return the first try that belongs together with this one, for a Job on which no round is written."""
    # A Clear raises max_tries by the retries that the task has, so that this is its first try again.
    return max(1, int(context["ti"].max_tries or 0) - (task.retries or 0) + 1)


def _as_text(moment: datetime.datetime | None) -> str:
    """Write a time so that texts sort as times do; nothing where there is none."""
    if moment is None:
        return ""
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds")


def _as_label(moment: datetime.datetime | None) -> str:
    """Write it as the value of a label."""
    return re.sub(r"[-:]", "", _as_text(moment).removesuffix("+00:00"))
