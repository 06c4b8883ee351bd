"""What arguments of the operator cannot be, alone or together, refused while the DAG is parsed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, get_args

from kubectl_job_operator.airflow import xcoms_in_yaml
from kubectl_job_operator.airflow.argument_types import DeletePolicyChoice, KillChoice, ResultChoice, WorkerStopChoice
from kubectl_job_operator.airflow.shorthand import check_shorthand
from kubectl_job_operator.airflow.type_checks import check_types
from kubectl_job_operator.airflow.xcoms_in_yaml import is_reference
from kubectl_job_operator.manifest import kustomization, rules
from kubectl_job_operator.manifest.names import LONGEST_NAME

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.task import JobTask

_CHOICES = {
    "delete_policy": DeletePolicyChoice,
    "on_kill_action": KillChoice,
    "on_worker_stop": WorkerStopChoice,
    "xcom_from": ResultChoice,
}
_SOURCES = ("yaml_file_name", "job_yaml", "kustomize_dir", "from_cronjob")
_SHORTEST_UNIQUE_NAME = 10
_EXIT_CODES = ("skip_on_exit_code", "fail_on_exit_code")
_RULES = ("success_when", "failure_when")
_NOT_NEGATIVE = (
    "tail_logs_every",
    "tail_logs_line_count",
    "log_drain_seconds",
    "backoff_limit",
    "startup_timeout_seconds",
    "image_pull_grace_seconds",
    "outage_tolerance_seconds",
    "termination_grace_period_seconds",
    "replay_keep",
)


def check_arguments(task: JobTask) -> None:
    """Refuse what contradicts itself.

    :raises ValueError: naming the arguments.
    """
    check_types(task)
    _check_source(task)
    _check_pairs(task)
    for name, choice in _CHOICES.items():
        chosen, allowed = getattr(task, name), get_args(choice)
        is_left_out = chosen is None and name == "delete_policy"
        if not is_left_out and chosen not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, but is {chosen!r}")
    for name in _NOT_NEGATIVE:
        number = getattr(task, name)
        if number is not None and number < 0:
            raise ValueError(f"{name} must not be negative, but is {number}")
    if task.log_formatter is not None and not callable(task.log_formatter):
        raise ValueError(f"log_formatter must be a function of two strings, but is {task.log_formatter!r}")
    if task.logging_interval is not None and task.logging_interval < 1:
        raise ValueError(f"logging_interval must be at least 1 second, but is {task.logging_interval}")
    if task.logging_interval is not None and not task.deferrable:
        raise ValueError("logging_interval needs deferrable=True: a task that keeps its worker shows its logs at once")
    if task.max_name_length is not None and not _SHORTEST_UNIQUE_NAME <= task.max_name_length <= LONGEST_NAME:
        bounds = f"{_SHORTEST_UNIQUE_NAME} to {LONGEST_NAME}"
        raise ValueError(f"max_name_length must be from {bounds}, but is {task.max_name_length}")
    if task.max_log_streams < 1:
        raise ValueError(f"max_log_streams must be at least 1, but is {task.max_log_streams}")
    _check_exit_codes(task)
    _check_rules(task)
    _check_main_container(task)
    check_shorthand(task.shorthand())


def exit_codes(given: int | Iterable[int] | None) -> frozenset[int]:
    """Return the exit codes that an argument names: none, one or several."""
    if given is None:
        return frozenset()
    return frozenset([given] if isinstance(given, int) else given)


def rule_texts(given: str | Sequence[str] | None) -> list[str]:
    """Return the rules that an argument names: none, one or several."""
    return [] if given is None else [given] if isinstance(given, str) else list(given)


def _check_rules(task: JobTask) -> None:
    for name in _RULES:
        given = getattr(task, name)
        texts = rule_texts(given) if isinstance(given, (str, list, tuple, type(None))) else [given]
        if not texts and given is not None:
            raise ValueError(f"{name} must have at least one rule, but is empty")
        for text in texts:
            if not isinstance(text, str):
                raise ValueError(f"{name} must be a str or a list of such, but has {text!r}")  # noqa: TRY004
            try:
                rules.parse(text)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
    both = set(rule_texts(task.success_when)) & set(rule_texts(task.failure_when))
    if both:
        raise ValueError(f"success_when and failure_when contradict each other: both have {min(both)!r}")


def _check_main_container(task: JobTask) -> None:
    if task.main_container is None:
        return
    for name in _RULES:
        if getattr(task, name) is not None:
            raise ValueError(f"main_container and {name} contradict each other; give one of them")
    for name, only in (("backoff_limit", 0), ("parallelism", 1), ("completions", 1)):
        number = getattr(task, name)
        if isinstance(number, int) and number != only:
            raise ValueError(
                f"main_container needs a Job of one pod that is not replaced, but {name} is {number}: leave it out, "
                "for the task's retries run it again"
            )


def _check_exit_codes(task: JobTask) -> None:
    for name in _EXIT_CODES:
        given = getattr(task, name)
        listed = given if isinstance(given, (list, tuple)) else [] if given is None else [given]
        wrong = [one for one in listed if isinstance(one, bool) or not isinstance(one, int) or not 0 < one <= 255]  # noqa: PLR2004
        if wrong:
            raise ValueError(f"{name} must be an int from 1 to 255 or a list of such, but has {wrong[0]!r}")
    both = exit_codes(task.skip_on_exit_code) & exit_codes(task.fail_on_exit_code)
    if both:
        raise ValueError(f"skip_on_exit_code and fail_on_exit_code contradict each other: both have {min(both)}")


def _check_source(task: JobTask) -> None:
    given = [name for name in _SOURCES if getattr(task, name) is not None]
    if len(given) > 1:
        raise ValueError(f"give only one of {' and '.join(given)}; {'both' if len(given) == 2 else 'all'} are given")  # noqa: PLR2004
    if task.yaml_template_fields and given and not task.has_template:
        raise ValueError(f"yaml_template_fields has no effect with {given[0]}: there is no template")
    _check_address(task.kustomize_dir)
    if not task.has_yaml and not task.has_pod:
        raise ValueError("give one of yaml_file_name and job_yaml, or without YAML an image; none of them is given")
    if task.job_yaml is not None and not (isinstance(task.job_yaml, (str, dict, list)) or is_reference(task.job_yaml)):
        kind = type(task.job_yaml).__name__
        raise ValueError(f"job_yaml must be a str, a dict or a list of dicts, but is a {kind}")
    problem = xcoms_in_yaml.problem_of(task.job_yaml)
    if problem is not None:
        raise ValueError(problem)
    if task.yaml_write_filename is not None and task.yaml_write_path is None:
        raise ValueError("yaml_write_filename needs yaml_write_path, the folder to write the file to")
    if task.deadline_from_timeout and task.execution_timeout is None:
        raise ValueError("deadline_from_timeout needs execution_timeout, the time to take it from")


def _check_address(address: object) -> None:
    if isinstance(address, str) and kustomization.holds_password(address):
        raise ValueError(
            "the address in kustomize_dir has a password in it, which would stand in the log: leave it out, and give "
            "git its credentials by a helper, a .netrc or an ssh key"
        )


def _check_pairs(task: JobTask) -> None:
    pairs = (
        ("in_cluster", bool(task.in_cluster), "config_file", task.config_file is not None),
        ("in_cluster", bool(task.in_cluster), "cluster_context", task.cluster_context is not None),
        ("tail_logs_every", task.tail_logs_every is not None, "tail_logs_only_at_end", task.tail_logs_only_at_end),
        (
            "termination_grace_period",
            task.termination_grace_period is not None,
            "termination_grace_period_seconds",
            task.termination_grace_period_seconds is not None,
        ),
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
