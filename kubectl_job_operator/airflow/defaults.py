"""What a deployment has chosen for all its tasks: ``[kubectl_job_operator]`` in Airflow's configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from configparser import RawConfigParser
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast, get_args

from kubectl_job_operator.airflow.argument_types import DeletePolicyChoice

SECTION = "kubectl_job_operator"

Value = TypeVar("Value")


@dataclass(frozen=True)
class Option:
    """One option, named like the argument that wins over it.

    :param name: its name.
    :param kind: what its value is; ``dict`` is written as JSON.
    :param description: what it is for.
    :param default: what holds where neither it nor the argument is given; empty for nothing.
    :param example: a value.
    """

    name: str
    kind: Literal["str", "bool", "int", "float", "dict", "url"]
    description: str
    default: str = ""
    example: str | None = None


INSTALLATION = "installation"
KUBECTL = "kubectl"
REPLAY_BASE_URL = "replay_base_url"
REPLAY_KEEP = "replay_keep"
REPLAY_KEEP_DAYS = "replay_keep_days"

OPTIONS = (
    Option(
        INSTALLATION,
        "str",
        "A name of this Airflow, where another one runs the same DAGs in the same namespace; default is a digest of "
        "its base_url and its fernet_key.",
        example="production",
    ),
    Option(
        KUBECTL,
        "str",
        "The kubectl to run: a path, or a name on PATH; default is that on PATH, else that beside Airflow's Python.",
        example="/opt/kubectl/bin/kubectl",
    ),
    Option(
        "kubernetes_conn_id",
        "str",
        "The connection of tasks that name no way into a cluster: neither kubernetes_conn_id nor config_file nor "
        "in_cluster.",
        example="my_cluster",
    ),
    Option(
        "cluster_context",
        "str",
        "The context of tasks that name no way into a cluster: neither of the above nor cluster_context.",
        example="production",
    ),
    Option("namespace", "str", "Where Jobs run if neither the task nor its YAML nor its connection says it."),
    Option(
        "labels", "dict", "Labels for every object and its pods, as JSON; those of the task win.", example='{"a": "b"}'
    ),
    Option(
        "delete_policy",
        "str",
        "When a Job that has ended is deleted: Always, IfSucceeded, IfFailed or Never.",
        "IfSucceeded",
    ),
    Option("startup_timeout_seconds", "float", "Seconds until the first container must run; 0: no limit.", "600"),
    Option("image_pull_grace_seconds", "float", "Seconds that the pull of an image may fail; 0: no limit.", "120"),
    Option("log_yaml", "bool", "Whether the rendered YAML is shown in the log, Secrets masked.", "True"),
    Option("get_logs", "bool", "Whether every line of every container is shown while it runs.", "True"),
    Option("init_container_logs", "bool", "Whether the lines of init containers are among them.", "True"),
    Option("detect_log_level", "bool", "Whether a line that claims a level is logged at that level.", "True"),
    Option("strip_log_colors", "bool", "Whether the codes that colour a line on a terminal are left out.", "False"),
    Option("log_drain_seconds", "float", "Seconds that the rest of the logs may take after the Job's end.", "30"),
    Option(
        "replay_dir",
        "str",
        "A folder on the worker that gets a folder for each failed try.",
        example="/var/lib/airflow/replay",
    ),
    Option(REPLAY_KEEP, "int", "How many of these folders stay, the latest; 0: all.", "50"),
    Option(
        REPLAY_KEEP_DAYS,
        "float",
        "How many days they stay; 0: for ever. It and replay_keep also bound what failed tries leave below the folder "
        "for temporary files: a manifest without secrets each.",
        "30",
    ),
    Option(
        REPLAY_BASE_URL,
        "url",
        "Where a browser finds these folders, if something serves them: a failed task then has a link to its own.",
        example="https://files.example.com/replay",
    ),
)
_SUFFIXES = ("", "_CMD", "_SECRET")
"""Of an option that says where its value is to be had."""
_FLAGS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
_WORDS = {
    "bool": "True or False",
    "int": "a number, not negative",
    "float": "a number of seconds, not negative",
    "dict": 'JSON as {"key": "value"}',
    "url": "an address that begins with http:// or https://",
    "str": f"one of {', '.join(get_args(DeletePolicyChoice))}",
}
_BY_NAME = {option.name: option for option in OPTIONS}


def configuration() -> dict[str, Any]:
    """Describe the options to Airflow."""
    kinds = {"str": "string", "bool": "boolean", "int": "integer", "float": "float", "dict": "string", "url": "string"}
    return {
        SECTION: {
            "description": "How KubernetesJobOperator behaves where its arguments do not say.",
            "options": {
                one.name: {
                    "description": one.description,
                    "version_added": "0.1.0",
                    "type": kinds[one.kind],
                    "example": one.example,
                    "default": one.default or None,
                }
                for one in OPTIONS
            },
        }
    }


def settled(name: str, given: Value | None) -> Value:
    """Return an argument if it was given, else what the deployment has chosen, else the default.

    :raises ValueError: if the deployment's choice cannot be used.
    """
    return cast("Value", given if given is not None else chosen(name))


def chosen(name: str) -> Any:
    """Return what the deployment has chosen, else the default; ``None`` where there is none.

    :raises ValueError: if the deployment's choice cannot be used.
    """
    from airflow.configuration import conf

    option = _BY_NAME[name]
    # A DAG of a hundred tasks asks 1,500 times, and Airflow looks into all that it knows each time.
    given = conf.get(SECTION, name, fallback=option.default) if _is_set(conf, name) else option.default
    text = str(given or "").strip()
    if not text:
        return None
    try:
        return _read(option, text)
    except ValueError:
        raise ValueError(
            f"[{SECTION}] {name} in Airflow's configuration must be {_WORDS[option.kind]}, but is {text!r}"
        ) from None


def _is_set(conf: Any, name: str) -> bool:
    """Whether somebody may have set an option: in the environment, in a file, or in this process."""
    if not isinstance(conf, RawConfigParser):
        return True
    variable = f"AIRFLOW__{SECTION}__{name}".upper()
    # Airflow's own class looks further, at what nobody has set.
    return any(
        variable + suffix in os.environ or RawConfigParser.has_option(conf, SECTION, name + suffix.lower())
        for suffix in _SUFFIXES
    )


def _read(option: Option, text: str) -> Any:
    """Read an option's value.

    :raises ValueError: if it is none.
    """
    if option.kind == "bool":
        if text.lower() not in _FLAGS:
            raise ValueError(text)
        return _FLAGS[text.lower()]
    if option.kind in ("int", "float"):
        number = int(text) if option.kind == "int" or text.isdecimal() else float(text)
        if number < 0:
            raise ValueError(text)
        return number
    if option.kind == "dict":
        value = json.loads(text)
        if not isinstance(value, Mapping):
            raise ValueError(text)
        return value
    if option.kind == "url" and not text.lower().startswith(("http://", "https://")):
        # Airflow's page makes no link of any other.
        raise ValueError(text)
    if option.name == "delete_policy" and text not in get_args(DeletePolicyChoice):
        raise ValueError(text)
    return text
