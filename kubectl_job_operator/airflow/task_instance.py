"""What Airflow's context says about the task instance and its tries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_job_operator.airflow.compat import BaseOperator, Context

if TYPE_CHECKING:
    from kubectl_job_operator.jobs.identity import Identity


def has_next_try(context: Context) -> bool:
    """Whether Airflow starts the task again if this try fails."""
    instance = context["ti"]
    return int(instance.try_number) <= int(instance.max_tries or 0)


def identity_of(task: BaseOperator, context: Context) -> Identity:
    """Return who this try of the task is."""
    from kubectl_job_operator.jobs.identity import Identity

    instance = context["ti"]
    return Identity(
        dag_id=instance.dag_id,
        task_id=instance.task_id,
        run_id=instance.run_id,
        map_index=instance.map_index if instance.map_index is not None else -1,
        try_number=instance.try_number,
        # A Clear raises max_tries by the retries that the task has, so that this is its first try again.
        first_try=max(1, (instance.max_tries or 0) - (task.retries or 0) + 1),
    )
