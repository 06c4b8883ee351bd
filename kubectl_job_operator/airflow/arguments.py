"""What arguments of the operator cannot be together, refused while the DAG is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.operators import KubernetesJobOperator

_CHOICES = {
    "delete_policy": ("Always", "IfSucceeded", "IfFailed", "Never"),
    "on_kill_action": ("delete", "keep"),
    "on_worker_stop": ("adopt", "delete"),
}
_NOT_NEGATIVE = (
    "tail_logs_every",
    "tail_logs_line_count",
    "backoff_limit",
    "startup_timeout_seconds",
    "outage_tolerance_seconds",
    "termination_grace_period_seconds",
    "replay_keep",
)


def check_arguments(task: KubernetesJobOperator) -> None:
    """Refuse what contradicts itself.

    :raises ValueError: naming the arguments.
    """
    _check_source(task)
    _check_pairs(task)
    for name, allowed in _CHOICES.items():
        chosen = getattr(task, name)
        if chosen is not None and chosen not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, but is {chosen!r}")
    for name in _NOT_NEGATIVE:
        number = getattr(task, name)
        if number is not None and number < 0:
            raise ValueError(f"{name} must not be negative, but is {number}")


def _check_source(task: KubernetesJobOperator) -> None:
    if (task.yaml_file_name is None) == (task.job_yaml is None):
        found = "both are" if task.job_yaml is not None else "neither is"
        raise ValueError(f"give exactly one of yaml_file_name and job_yaml; {found} given")
    if task.job_yaml is not None and not isinstance(task.job_yaml, (str, dict, list)):
        kind = type(task.job_yaml).__name__
        raise ValueError(
            f"job_yaml must be a str, a dict or a list of dicts, but is a {kind}; pass what an earlier task returns in "
            "yaml_template_fields"
        )
    if task.yaml_write_filename is not None and task.yaml_write_path is None:
        raise ValueError("yaml_write_filename needs yaml_write_path, the folder to write the file to")
    if task.deadline_from_timeout and task.execution_timeout is None:
        raise ValueError("deadline_from_timeout needs execution_timeout, the time to take it from")


def _check_pairs(task: KubernetesJobOperator) -> None:
    pairs = (
        ("in_cluster", bool(task.in_cluster), "config_file", task.config_file is not None),
        ("in_cluster", bool(task.in_cluster), "cluster_context", task.cluster_context is not None),
        ("tail_logs_every", task.tail_logs_every is not None, "tail_logs_only_at_end", task.tail_logs_only_at_end),
        (
            "delete_policy",
            task.delete_policy is not None,
            "delete_completed_job",
            task.delete_completed_job is not None,
        ),
    )
    for one, is_one_given, other, is_other_given in pairs:
        if is_one_given and is_other_given:
            raise ValueError(f"{one} and {other} contradict each other; give one of them")
