"""How a task leaves its worker, and how it comes back to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.task import JobTask
    from kubectl_job_operator.airflow.triggers import KubernetesJobTrigger
    from kubectl_job_operator.attempt.outcome import Outcome
    from kubectl_job_operator.life.handover import Handover

METHOD = "execute_complete"
NO_EVENT = "Airflow sends the task back without what its trigger has found out, so it begins anew."
"""So it does with one that is cleared in the moment of its deferral."""


def defers_by_default() -> bool:
    """Return what Airflow's ``[operators] default_deferrable`` says."""
    from airflow.configuration import conf

    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))


def prepare() -> None:
    """Import what a trigger needs before there is a Job: a timeout that comes later would find nobody to delete it."""
    import kubectl_job_operator.airflow.triggers  # noqa: F401 - it takes a while


def make_trigger(task: JobTask, handover: Handover) -> KubernetesJobTrigger:
    """Make what waits for the task's Job."""
    from kubectl_job_operator.airflow.triggers import KubernetesJobTrigger
    from kubectl_job_operator.attempt.settings import DeletePolicy
    from kubectl_job_operator.life.deferred_timeout import deadline_of

    return KubernetesJobTrigger(
        handover=handover.to_text(),
        kubernetes_conn_id=task.kubernetes_conn_id,
        config_file=task.config_file,
        cluster_context=task.cluster_context,
        in_cluster=task.in_cluster,
        startup_timeout_seconds=task.startup_timeout_seconds,
        image_pull_grace_seconds=task.image_pull_grace_seconds,
        outage_tolerance_seconds=task.outage_tolerance_seconds,
        # Tails that are to be shown now and then need a worker as well.
        logging_interval=task.logging_interval if task.logging_interval is not None else task.tail_logs_every,
        deadline=deadline_of(task.execution_timeout, handover.began),
        on_kill_action=task.on_kill_action,
        delete_policy=DeletePolicy(task.delete_policy).value,
    )


def read_event(event: Mapping[str, Any]) -> tuple[Handover, Outcome]:
    """Read what the trigger has sent."""
    from kubectl_job_operator.attempt.outcome import News, Outcome
    from kubectl_job_operator.life.handover import Handover

    outcome = Outcome(News(event["news"]), event["message"], event["job"])
    return Handover.from_text(event["handover"]), outcome
