"""Whether each argument is of its type: a sentence while the DAG is parsed, not a TypeError later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.task import JobTask

# What Airflow has yet to fetch, as the output of an earlier task, is of none of these.
_KNOWN = (str, bytes, int, float, list, tuple, set, frozenset, dict, PurePath)
_SEVERAL = (list, tuple, set, frozenset)


@dataclass(frozen=True)
class _Kind:
    """Arguments of one type.

    :param words: the type, for a person.
    :param types: what a value may be.
    :param names: the arguments.
    :param is_templated: whether a value may also be one that Airflow has yet to fetch or to render.
    """

    words: str
    types: tuple[type, ...]
    names: tuple[str, ...]
    is_templated: bool = False

    def takes(self, value: Any) -> bool:
        """Whether a value is right, or cannot be known yet."""
        if isinstance(value, bool):
            return bool in self.types
        if self.is_templated and (not isinstance(value, _KNOWN) or (isinstance(value, str) and "{" in value)):
            return True
        return isinstance(value, self.types)


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
_KINDS = (
    _Kind("a str", (str, PurePath), ("yaml_file_name", "yaml_write_path", "config_file", "replay_dir"), True),
    _Kind(
        "a str",
        (str,),
        ("yaml_write_filename", "pod_selector", "namespace", "kubernetes_conn_id", "cluster_context"),
        True,
    ),
    _Kind("a dict", (Mapping,), ("yaml_template_fields", "labels", "annotations"), True),
    _Kind("a dict or a list of dicts", (Mapping, list, tuple), ("env_vars",), True),
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
            "deadline_from_timeout",
            "deferrable",
        ),
    ),
    _Kind(
        "an int",
        (int,),
        (
            "backoff_limit",
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
        *_KINDS[0].names,
        *_KINDS[1].names,
        "in_cluster",
        "delete_completed_job",
        "backoff_limit",
        "tail_logs_line_count",
        "tail_logs_every",
        "termination_grace_period_seconds",
        "logging_interval",
    }
)
_CONTAINER_NAMES = ("container_logs", "init_container_logs")


def check_types(task: JobTask) -> None:
    """Refuse a value that its argument cannot have.

    :raises ValueError: naming the argument.
    """
    for kind in _KINDS:
        for name in kind.names:
            value = getattr(task, name)
            if value is None and name in _MAY_BE_NONE:
                continue
            if not kind.takes(value):
                raise ValueError(f"{name} must be {kind.words}, but is {value!r}")
    for name in _CONTAINER_NAMES:
        value = getattr(task, name)
        if not isinstance(value, (bool, str)) and not _is_of_str(value):
            raise ValueError(f"{name} must be a bool, a str or a list of str, but is {value!r}")


def check_seconds(name: str, value: Any) -> None:
    """Refuse what is no number of seconds.

    :raises ValueError: naming the argument.
    """
    if not _SECONDS.takes(value):
        raise ValueError(f"{name} must be {_SECONDS.words}, but is {value!r}")


def _is_of_str(value: Any) -> bool:
    """Whether a value is several str; what could be looked through only once is left as it is."""
    if isinstance(value, _SEVERAL):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, Iterable) and not isinstance(value, bytes)
