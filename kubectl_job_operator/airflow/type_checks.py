"""Whether each argument is of its type: looked at when the DAG is parsed, and again what comes out of templates."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubectl_job_operator.airflow.xcoms_in_yaml import is_reference
from kubectl_job_operator.errors import InputError

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.task import JobTask

_LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class _Kind:
    """Arguments of one type.

    :param words: the type, for a person.
    :param types: what a value may be.
    :param names: the arguments.
    """

    words: str
    types: tuple[type, ...]
    names: tuple[str, ...]

    def problem_of(self, value: Any) -> str | None:
        """Tell what a value must be; ``None`` if it is right."""
        is_right = bool in self.types if isinstance(value, bool) else isinstance(value, self.types)
        if not is_right:
            return self.words
        # Nor is what is no number smaller than one.
        if isinstance(value, (int, float)) and not abs(value) <= _LARGEST_NUMBER:
            return "a number that Kubernetes takes"
        if isinstance(value, (str, os.PathLike)) and not str(value).isprintable():
            return "a str of signs that can be printed"
        return None


# A str of these may be a template, and the output of an earlier task is yet to be fetched.
_TEMPLATED = (
    _Kind(
        "a str", (str, os.PathLike), ("yaml_file_name", "kustomize_dir", "yaml_write_path", "config_file", "replay_dir")
    ),
    _Kind(
        "a str",
        (str,),
        (
            "yaml_write_filename",
            "from_cronjob",
            "main_container",
            "pod_selector",
            "namespace",
            "kubernetes_conn_id",
            "cluster_context",
        ),
    ),
    _Kind("a dict", (Mapping,), ("yaml_template_fields", "labels", "annotations")),
)
# Templated too; what comes out of the templates is looked at where it becomes the containers' ``env``.
_ENV_VARS = _Kind("a dict or a list of dicts", (Mapping, list, tuple), ("env_vars",))
_SECONDS = _Kind(
    "a number of seconds",
    (int, float),
    (
        "log_drain_seconds",
        "tail_logs_every",
        "startup_timeout_seconds",
        "image_pull_grace_seconds",
        "outage_tolerance_seconds",
        "logging_interval",
    ),
)
_FIXED = (
    _Kind(
        "a bool",
        (bool,),
        (
            "log_yaml",
            "unique_name",
            "in_cluster",
            "get_logs",
            "detect_log_level",
            "strip_log_colors",
            "tail_logs",
            "tail_logs_only_at_end",
            "delete_completed_job",
            "do_xcom_push",
            "deadline_from_timeout",
            "deferrable",
        ),
    ),
    _Kind(
        "an int",
        (int,),
        (
            "backoff_limit",
            "max_name_length",
            "max_log_streams",
            "tail_logs_line_count",
            "termination_grace_period_seconds",
            "replay_keep",
        ),
    ),
    _SECONDS,
)
_MAY_BE_NONE = frozenset(
    {
        *(name for kind in _TEMPLATED for name in kind.names),
        "in_cluster",
        "delete_completed_job",
        "backoff_limit",
        "max_name_length",
        "tail_logs_line_count",
        "tail_logs_every",
        "termination_grace_period_seconds",
        "logging_interval",
    }
)
_CONTAINER_NAMES = ("container_logs", "init_container_logs")


def check_types(task: JobTask) -> None:
    """Refuse a value that its argument cannot have; what Airflow has yet to render or to fetch is looked at later.

    :raises ValueError: naming the argument.
    """
    for name, value, problem in _problems(task, (_ENV_VARS,), _is_to_come):
        raise ValueError(f"{name} must be {problem}, but is {_without_secrets(value)}")
    for name, value, problem in _problems(task, _TEMPLATED, _is_to_come):
        raise ValueError(f"{name} must be {problem}, but is {_as_written(value)}")
    for name, value, problem in _problems(task, _FIXED):
        raise ValueError(f"{name} must be {problem}, but is {_as_written(value)}")
    for name in _CONTAINER_NAMES:
        value = getattr(task, name)
        if not isinstance(value, (bool, str)) and not _is_of_str(value):
            raise ValueError(f"{name} must be a bool, a str or a list of str, but is {_as_written(value)}")


def check_rendered(task: JobTask) -> None:
    """Refuse what came out of the templates as something else; it may be secret, so the error has not all of it.

    :raises InputError: naming the argument.
    """
    for name, value, problem in _problems(task, _TEMPLATED):
        raise InputError(
            f"{name} must be {problem}, but is {_without_secrets(value)}.\n"
            "What to do: mend the argument, or what the earlier task returns for it."
        )


def check_seconds(name: str, value: Any) -> None:
    """Refuse what is no number of seconds.

    :raises ValueError: naming the argument.
    """
    problem = _SECONDS.problem_of(value)
    if problem is not None:
        raise ValueError(f"{name} must be {problem}, but is {_as_written(value)}")


def _problems(
    task: JobTask, kinds: Iterable[_Kind], is_to_come: Callable[[Any], bool] = lambda _value: False
) -> Iterable[tuple[str, Any, str]]:
    """Yield the arguments that are not what they must be, with their values and what these must be."""
    for kind in kinds:
        for name in kind.names:
            value = getattr(task, name)
            if is_to_come(value) or (value is None and name in _MAY_BE_NONE):
                continue
            problem = kind.problem_of(value)
            if problem is not None:
                yield name, value, problem


def _is_to_come(value: Any) -> bool:
    """Whether Airflow has yet to render a value or to fetch it."""
    return is_reference(value) or (isinstance(value, str) and "{" in value)


def _is_of_str(value: Any) -> bool:
    """Whether a value is several str; what could be looked through only once is left as it is."""
    if isinstance(value, bytes):
        return False
    if isinstance(value, Collection):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, Iterable)


def _as_written(value: Any) -> str:
    """Show a value as it stands in the DAG's file."""
    is_too_long = isinstance(value, int) and abs(value) > _LARGEST_NUMBER**2
    return "a very large int" if is_too_long else repr(value)


def _without_secrets(value: Any) -> str:
    """Show a value that is no secret, and of others the type."""
    is_no_secret = value is None or isinstance(value, (bool, int, float, datetime.timedelta))
    return _as_written(value) if is_no_secret else f"a {type(value).__name__}"
