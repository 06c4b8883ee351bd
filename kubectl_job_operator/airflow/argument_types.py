"""What each argument's value must be: looked at when the DAG is parsed, and again what comes out of templates."""

from __future__ import annotations

import datetime
import math
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kubectl_job_operator.airflow.xcoms_in_yaml import is_reference
from kubectl_job_operator.errors import InputError

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.operators import KubernetesJobOperator

_BOOLS = (
    *("log_yaml", "unique_name", "get_logs", "detect_log_level", "strip_log_colors", "tail_logs"),
    *("tail_logs_only_at_end", "do_xcom_push", "deadline_from_timeout", "deferrable", "in_cluster"),
    "delete_completed_job",
)
_NUMBERS = (
    *("backoff_limit", "max_name_length", "max_log_streams", "log_drain_seconds", "tail_logs_every"),
    *("tail_logs_line_count", "startup_timeout_seconds", "image_pull_grace_seconds", "outage_tolerance_seconds"),
    *("termination_grace_period_seconds", "logging_interval", "replay_keep"),
)
_WORDS = ("delete_policy", "on_kill_action", "on_worker_stop", "xcom_from")
_CHOICES = ("container_logs", "init_container_logs")
_OPTIONAL = frozenset(
    {
        *("deferrable", "in_cluster", "delete_completed_job", "backoff_limit", "max_name_length", "tail_logs_every"),
        *("tail_logs_line_count", "termination_grace_period_seconds", "logging_interval", "delete_policy"),
    }
)
"""Those that may be ``None``."""
_TEMPLATED_TEXTS = ("pod_selector", "namespace", "kubernetes_conn_id", "cluster_context")
_TEMPLATED_PATHS = ("yaml_file_name", "yaml_write_path", "yaml_write_filename", "config_file", "replay_dir")
_TEMPLATED_MAPPINGS = ("yaml_template_fields", "labels", "annotations")
_LARGEST_NUMBER = 2**31 - 1


def check_types(task: KubernetesJobOperator) -> None:
    """Refuse values that can never be right; what Airflow has yet to render or to fetch is looked at later.

    :raises ValueError: naming the argument.
    """
    for names, problem_of in ((_BOOLS, _no_bool), (_NUMBERS, _no_number), (_WORDS, _no_text), (_CHOICES, _no_choice)):
        for name in names:
            value = getattr(task, name)
            problem = None if value is None and name in _OPTIONAL else problem_of(value)
            if problem is not None:
                raise ValueError(f"{name} must be {problem}, but is {_shown(value)}")
    _check_templated(task, ValueError, "")


def check_rendered(task: KubernetesJobOperator) -> None:
    """Refuse what came out of the templates as something else.

    :raises InputError: naming the argument.
    """
    _check_templated(task, InputError, ".\nWhat to do: mend the argument, or what the earlier task returns for it.")


def is_number(value: Any) -> bool:
    """Whether a value is a number of seconds, lines or the like."""
    return _no_number(value) is None


def _check_templated(task: KubernetesJobOperator, error: type[Exception], advice: str) -> None:
    kinds = ((_TEMPLATED_TEXTS, _no_sign), (_TEMPLATED_PATHS, _no_path), (_TEMPLATED_MAPPINGS, _no_mapping))
    for names, problem_of in kinds:
        for name in names:
            value = getattr(task, name)
            is_to_come = is_reference(value) or (error is ValueError and isinstance(value, str))
            problem = None if value is None or is_to_come else problem_of(value)
            if problem is not None:
                raise error(f"{name} must be {problem}, but is {_shown(value)}{advice}")


def _no_bool(value: Any) -> str | None:
    return None if isinstance(value, bool) else "a bool"


def _no_number(value: Any) -> str | None:
    is_right = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_right:
        return "an int"
    return None if math.isfinite(value) and abs(value) <= _LARGEST_NUMBER else "a number that Kubernetes takes"


def _no_text(value: Any) -> str | None:
    return None if isinstance(value, str) else "a str"


def _no_sign(value: Any) -> str | None:
    return _no_path(value) if isinstance(value, str) else "a str"


def _no_path(value: Any) -> str | None:
    is_right = isinstance(value, (str, os.PathLike)) and "\0" not in str(value) and str(value).isprintable()
    return None if is_right else "a str of signs that can be printed"


def _no_mapping(value: Any) -> str | None:
    return None if isinstance(value, Mapping) else "a dict"


def _no_choice(value: Any) -> str | None:
    names = [] if isinstance(value, bool) else [value] if isinstance(value, str) else value
    is_right = (
        isinstance(names, Iterable) and not isinstance(names, bytes) and all(isinstance(one, str) for one in names)
    )
    return None if is_right else "a bool, the name of a container or a list of such"


def _shown(value: Any) -> str:
    """Show a value that is no secret, and of others the type."""
    if value is None or isinstance(value, (bool, float, datetime.timedelta)):
        return repr(value)
    if isinstance(value, int):
        return repr(value) if abs(value) <= _LARGEST_NUMBER**2 else "a very large int"
    return f"a {type(value).__name__}"
