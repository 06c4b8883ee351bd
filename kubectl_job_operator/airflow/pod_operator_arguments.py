"""What becomes of each argument of Airflow's KubernetesPodOperator: the data behind the page in ``docs``."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

PROVIDER_VERSION = "10.25.0"
"""Of apache-airflow-providers-cncf-kubernetes, whose arguments these are."""


class Fate(enum.Enum):
    """What becomes of an argument."""

    HONOURED = "honoured"
    DIFFERENTLY = "honoured differently"
    IGNORED = "accepted and ignored, with a warning"
    REFUSED = "refused"


@dataclass(frozen=True)
class Argument:
    """One argument of the pod operator.

    :param name: its name.
    :param default: its default, there and here.
    :param fate: what becomes of it.
    :param note: how, or why not; needed unless it is honoured.
    """

    name: str
    default: Any
    fate: Fate = Fate.HONOURED
    note: str = ""


def _differently(name: str, default: Any, note: str) -> Argument:
    return Argument(name, default, Fate.DIFFERENTLY, note)


def _ignored(name: str, default: Any, note: str) -> Argument:
    return Argument(name, default, Fate.IGNORED, note)


ARGUMENTS = (
    Argument("kubernetes_conn_id", "kubernetes_default", note="as there, `kubernetes_default` need not exist"),
    Argument("namespace", None),
    Argument("image", None),
    _differently(
        "name",
        None,
        "the Job's name, of at most 63 characters; its pods add a suffix of Kubernetes'. Default: the task's id",
    ),
    _differently(
        "random_name_suffix",
        True,
        "the suffix is the same for all tries of a task instance and another for each run. False: none, but a name "
        "made of the task's id always has it",
    ),
    Argument("cmds", None),
    Argument("arguments", None),
    Argument("ports", None),
    Argument("volume_mounts", None, note="wins over the template's mount at the same path"),
    Argument("volumes", None, note="wins over the template's volume of the same name"),
    _differently(
        "env_vars", None, "also in init containers and sidecars, where a variable that the container sets itself stays"
    ),
    Argument("env_from", None),
    _differently(
        "secrets",
        None,
        "for a volume, `key` mounts that key alone; variables also in init containers and sidecars; a target needs a "
        "`key`",
    ),
    Argument("in_cluster", None),
    Argument("cluster_context", None, note="as there, not used where `in_cluster` is True"),
    _differently("labels", None, "on the Job and on its pods"),
    _differently("reattach_on_restart", None, "as `durable`"),
    _differently(
        "durable",
        None,
        "a Job that still runs is gone on with in the next try. False: it is deleted when the worker is told to stop; "
        "after a worker's sudden death it is gone on with all the same, for two at once are never wanted",
    ),
    _differently(
        "startup_timeout_seconds", 120, "until the first container runs: this and `schedule_timeout_seconds` together"
    ),
    _ignored("startup_check_interval_seconds", 5, "nothing is asked at intervals: kubectl watches"),
    _differently("schedule_timeout_seconds", None, "see `startup_timeout_seconds`. Default: the same number again"),
    Argument("get_logs", True),
    Argument("base_container_name", None, note="default `base`"),
    _ignored("base_container_status_polling_interval", 1, "nothing is asked at intervals: kubectl watches"),
    _differently("init_container_logs", None, "only if `get_logs` is True"),
    Argument("container_logs", None, note="default: those of the base container"),
    Argument("image_pull_policy", None),
    _differently("annotations", None, "on the Job and on its pods"),
    Argument("container_resources", None),
    Argument("affinity", None),
    Argument("config_file", None, note="not used where `in_cluster` is True"),
    Argument("runtime_class_name", None),
    Argument("node_selector", None),
    Argument("image_pull_secrets", None),
    Argument("service_account_name", None),
    Argument("automount_service_account_token", None),
    Argument("hostnetwork", False),
    Argument("host_aliases", None),
    Argument("tolerations", None),
    Argument("security_context", None),
    Argument("container_security_context", None),
    _ignored("xcom_sidecar_container_security_context", None, "there is no sidecar"),
    Argument("dnspolicy", None),
    Argument("dns_config", None),
    _differently("hostname", None, "every pod of the Job has it"),
    Argument("subdomain", None),
    Argument("schedulername", None),
    Argument("full_pod_spec", None),
    Argument("init_containers", None, note="one of the same name as the template's replaces it"),
    _differently("log_events_on_failure", False, "the events that say why are always in the error"),
    _differently("log_events_on_startup", True, "what keeps a pod from starting is always said, each reason once"),
    _differently(
        "do_xcom_push", False, "from the same file, through the pod's termination message: no sidecar, up to 4096 bytes"
    ),
    _differently(
        "pod_template_file",
        None,
        "also looked for beside the DAG's file and in `template_searchpath`; its content is a Jinja template",
    ),
    _differently("pod_template_dict", None, "the pods' template; `restartPolicy` is always Never, as there"),
    Argument("priority_class_name", None),
    Argument("pod_runtime_info_envs", None),
    Argument("termination_grace_period", None),
    Argument("configmaps", None),
    _differently("skip_on_exit_code", None, "any container's exit code counts, sidecars' too; 0 never skips"),
    Argument("deferrable", False, note="default `[operators] default_deferrable`"),
    _ignored("poll_interval", 2, "nothing is asked at intervals: kubectl watches"),
    _differently("log_pod_spec_on_failure", True, "the manifest is always in the log, before anything is created"),
    _differently(
        "on_finish_action",
        "delete_pod",
        'the Job with its pods: `delete_pod` is `delete_policy="Always"`, `delete_succeeded_pod` is '
        '`"IfSucceeded"`, `keep_pod` and `delete_active_pod` are `"Never"`. A Job that did not start in time is '
        "always deleted",
    ),
    _differently("on_kill_action", "delete_pod", "the Job with its pods"),
    _differently(
        "is_delete_operator_pod",
        None,
        'True is `on_finish_action="delete_pod"`, False `"keep_pod"`, and wins over it; the provider no longer '
        "looks at it",
    ),
    Argument("termination_message_policy", "File"),
    _differently("active_deadline_seconds", None, "for the Job as a whole, all its pods together"),
    Argument(
        "callbacks",
        None,
        Fate.REFUSED,
        "they are given objects of the Kubernetes client, which is not there. Airflow's own `on_success_callback` and "
        "the like, and `log_formatter` for lines of the log, serve instead",
    ),
    _ignored("progress_callback", None, "the provider does not call it either"),
    Argument("logging_interval", None, note="only with `deferrable`, as there; else lines are shown as they come"),
    _ignored("trigger_kwargs", None, "they are for the provider's own trigger"),
    _differently(
        "container_name_log_prefix_enabled",
        True,
        "`[pod/container]` stands before a line where there is more than one container or pod. False: only before a "
        "line that could be taken for the operator's own",
    ),
    Argument("log_formatter", None),
)


def as_table() -> str:
    """Return the arguments as a table in Markdown."""
    rows = [
        f"| `{one.name}` | {_shown(one.default)} | {one.fate.value} | {one.note[:1].upper()}{one.note[1:]} |"
        for one in ARGUMENTS
    ]
    return "\n".join(["| argument | default | what becomes of it | how |", "|---|---|---|---|", *rows, ""])


def _shown(default: Any) -> str:
    return f"`{default!r}`".replace("'", '"')
