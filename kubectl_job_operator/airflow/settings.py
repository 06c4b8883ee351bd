"""From an operator's arguments and Airflow's configuration to how a Job is run."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_job_operator.airflow.compat.imports import Context
from kubectl_job_operator.airflow.defaults import REPLAY_KEEP, REPLAY_KEEP_DAYS, chosen, settled
from kubectl_job_operator.airflow.task import JobTask
from kubectl_job_operator.airflow.task_instance import has_next_try
from kubectl_job_operator.attempt.settings import DeletePolicy, Following, Keeping, KillAction, Patience, Settings, Tail
from kubectl_job_operator.status.result import ResultSource

_TAIL_STEP_SECONDS = 5


def settings_of(task: JobTask, context: Context) -> Settings:
    """Return how this try of the task runs its Job."""
    every = task.tail_logs_every
    if every is not None:
        every = max(_TAIL_STEP_SECONDS, _TAIL_STEP_SECONDS * round(every / _TAIL_STEP_SECONDS))
    return Settings(
        following=Following(
            is_on=task.get_logs and not task.is_tail_chosen,
            containers=_names(task.container_logs),
            init_containers=_names(task.init_container_logs),
            formatter=task.log_formatter,
            detect_level=task.detect_log_level,
            strip_colours=task.strip_log_colors,
            max_streams=task.max_log_streams,
            drain_seconds=task.log_drain_seconds,
        ),
        tail=Tail(task.is_tail_chosen, task.tail_logs_line_count or 0, every),
        log_yaml=task.log_yaml,
        write_path=task.yaml_write_path,
        write_filename=task.yaml_write_filename,
        delete_policy=DeletePolicy(task.delete_policy),
        on_kill=KillAction(task.on_kill_action),
        keep_on_worker_stop=task.on_worker_stop == "adopt" and has_next_try(context),
        patience=Patience(task.startup_timeout_seconds, task.image_pull_grace_seconds),
        outage_tolerance_seconds=task.outage_tolerance_seconds,
        result_from=ResultSource(task.xcom_from) if task.do_xcom_push else None,
        replay_dir=settled("replay_dir", task.replay_dir or None),
        replay_keep=task.replay_keep,
        keeping=keeping(),
    )


def keeping() -> Keeping:
    """Return how much stays of what failed tries leave.

    Of all tasks, so the deployment's: what one task says of its own folders does not hold for those of others.
    """
    return Keeping(chosen(REPLAY_KEEP), chosen(REPLAY_KEEP_DAYS))


def _names(choice: bool | str | Iterable[str]) -> frozenset[str] | None:
    """Return the chosen names of containers; ``None`` for all."""
    if isinstance(choice, bool):
        return None if choice else frozenset()
    return frozenset([choice] if isinstance(choice, str) else choice)
