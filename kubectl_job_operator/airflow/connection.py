"""The way into a cluster out of an operator's arguments and, if it names one, an Airflow connection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from kubectl_job_operator.airflow.compat.imports import AirflowNotFoundException, Connection, get_connection
from kubectl_job_operator.airflow.connection_fields import (
    AS_GROUP,
    AS_USER,
    CONNECTION_TYPE,
    FIELDS,
    KUBECONFIG,
    REQUEST_TIMEOUT,
    TLS_SERVER_NAME,
)
from kubectl_job_operator.airflow.defaults import KUBECTL, chosen
from kubectl_job_operator.errors import AccessError
from kubectl_job_operator.kubectl.access import Access

PROVIDERS_CONNECTION_TYPE = "kubernetes"
"""That of Airflow's own Kubernetes provider."""
DEFAULT_CONNECTION = "kubernetes_default"

_OLD_PREFIX = "extra__kubernetes__"
_WAYS_IN = ("in_cluster", "kube_config_path", "kube_config", KUBECONFIG)
_TYPES = frozenset({CONNECTION_TYPE, PROVIDERS_CONNECTION_TYPE})
# What Airflow has stored where it did not know the type that was asked for.
_NO_TYPES = frozenset({None, "", "generic"})
_KEYS = frozenset(
    {"in_cluster", "kube_config_path", "kube_config", "cluster_context", "namespace", "disable_verify_ssl"}
    | {field.name for field in FIELDS}
)
_TRUE = frozenset({"true", "1", "yes", "on"})


@dataclass(frozen=True)
class Place:
    """Where a task's Job runs.

    :param access: which cluster, as whom.
    :param namespace: ``None`` if neither the arguments nor the connection name one.
    :param hint: what somebody should know of the connection; empty for nothing.
    """

    access: Access
    namespace: str | None
    hint: str = ""


class Addressed(Protocol):
    """What says where a Job runs: an operator or a trigger."""

    namespace: str | None
    kubernetes_conn_id: str | None
    config_file: str | None
    cluster_context: str | None
    in_cluster: bool | None


def find_place(task: Addressed) -> Place:
    """Return where the task's Job runs; the arguments win over the connection, as in Airflow's own provider.

    :raises AccessError: if the connection contradicts itself or the arguments, or is of another type.
    """
    if task.kubernetes_conn_id is None:
        arguments = _access(task.config_file, task.cluster_context, in_cluster=bool(task.in_cluster))
        return Place(arguments, task.namespace or chosen("namespace"))
    connection = _find_connection(task.kubernetes_conn_id)
    namespace = task.namespace or connection.namespace or chosen("namespace")
    return replace(connection, access=_joined(task, connection.access), namespace=namespace)


def _joined(task: Addressed, access: Access) -> Access:
    """Lay the arguments over what the connection gives.

    :raises AccessError: if they contradict each other.
    """
    if task.in_cluster:
        return replace(access, config_file=None, context=None, config_content=None, in_cluster=True)
    if task.config_file is not None or task.in_cluster is False:
        access = replace(access, in_cluster=False)
    if task.config_file is not None:
        access = replace(access, config_file=task.config_file, config_content=None)
    if task.cluster_context is not None:
        if access.in_cluster:
            raise AccessError(
                f"cluster_context is {task.cluster_context!r}, but the connection {task.kubernetes_conn_id!r} says "
                "in_cluster, where there is no context.\n"
                "What to do: leave one of them out, or give in_cluster=False too."
            )
        access = replace(access, context=task.cluster_context)
    # The pod's own service account has no context.
    return replace(access, context=None) if access.in_cluster else access


def _find_connection(conn_id: str) -> Place:
    """Look a connection up; the one that tasks of Airflow's own provider have by default need not exist."""
    try:
        return read_connection(get_connection(conn_id))
    except AirflowNotFoundException:
        if conn_id != DEFAULT_CONNECTION:
            raise
        return Place(_access(), None)


def read_connection(connection: Connection) -> Place:
    """Read the extras of our own connection type, which are those of Airflow's own Kubernetes provider, and of its.

    :raises AccessError: if it gives two ways into a cluster, or is of another type.
    """
    extras = _Extras(connection.extra_dejson)
    hint = ""
    given = f"The connection {connection.conn_id!r} is of type {connection.conn_type!r}"
    if connection.conn_type in _NO_TYPES and extras.has_any(_KEYS):
        hint = (
            f"{given}, but holds a way into a cluster, so it is taken. Airflow stores it so where it does not know the "
            f"type: set it to {CONNECTION_TYPE!r}."
        )
    elif connection.conn_type not in _TYPES:
        example = '{"kube_config_path": "/path/of/a/kubeconfig"}'
        raise AccessError(
            f"{given}, neither {CONNECTION_TYPE!r} nor {PROVIDERS_CONNECTION_TYPE!r}.\n"
            "What to do: name one of such a type in kubernetes_conn_id, or make one: "
            f"airflow connections add NAME --conn-type {CONNECTION_TYPE} --conn-extra '{example}'"
        )
    ways = [key for key in _WAYS_IN if (extras.flag(key) if key == "in_cluster" else extras.text(key))]
    if len(ways) > 1:
        raise AccessError(
            f"The connection {connection.conn_id!r} gives {len(ways)} ways into a cluster: {', '.join(ways)}.\n"
            "What to do: leave only one of them in it."
        )
    access = _access(
        config_file=extras.text("kube_config_path"),
        context=extras.text("cluster_context"),
        in_cluster=extras.flag("in_cluster"),
        config_content=extras.text(KUBECONFIG) or extras.text("kube_config"),
        skip_tls_verify=extras.flag("disable_verify_ssl"),
        as_user=extras.text(AS_USER),
        as_groups=extras.words(AS_GROUP),
        tls_server_name=extras.text(TLS_SERVER_NAME),
        request_timeout=extras.duration(REQUEST_TIMEOUT),
    )
    if access.config_content is not None or connection.password:
        # Only who has a secret needs it, and it brings much along.
        from kubectl_job_operator.airflow.secrets import mask_credentials

        mask_credentials(connection.password, access.config_content)
    return Place(access, extras.text("namespace"), hint)


def _access(config_file: str | None = None, context: str | None = None, **more: Any) -> Access:
    """Return a way into a cluster that is taken with the deployment's kubectl."""
    return Access(config_file, context, named_kubectl=chosen(KUBECTL), **more)


class _Extras:
    """A connection's extras, whose names had a prefix in older Airflows."""

    def __init__(self, extras: Mapping[str, Any]) -> None:
        self._extras = extras

    def has_any(self, keys: Iterable[str]) -> bool:
        """Return whether one of these extras is there."""
        return any(self._value(key) is not None for key in keys)

    def text(self, key: str) -> str | None:
        """Return an extra as text, objects as JSON, which is YAML too; ``None`` if it is missing or empty."""
        value = self._value(key)
        if not value:
            return None
        return value if isinstance(value, str) else json.dumps(value)

    def words(self, key: str) -> tuple[str, ...]:
        """Return an extra that is a list, also where it was typed as text with commas."""
        value = self._value(key) or ()
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(str(part).strip() for part in parts if str(part).strip())

    def duration(self, key: str) -> str | None:
        """Return an extra as kubectl takes a time; a number without a unit has seconds."""
        value = self._value(key)
        text = "" if value is None else str(value).strip()
        return f"{text}s" if text.isdecimal() else text or None

    def flag(self, key: str) -> bool:
        """Return whether an extra is true, also where it was typed as text."""
        return str(self._value(key)).lower() in _TRUE

    def _value(self, key: str) -> Any:
        return self._extras.get(key, self._extras.get(f"{_OLD_PREFIX}{key}"))
