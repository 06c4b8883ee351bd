"""The arguments by which a task without a Job finds its cluster, and the session that it then works in."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from kubectl_job_operator.airflow.connection import Addressed, find_place
from kubectl_job_operator.airflow.defaults import chosen, settled
from kubectl_job_operator.airflow.type_checks import check_seconds
from kubectl_job_operator.airflow.xcoms_in_yaml import is_reference
from kubectl_job_operator.errors import InputError

if TYPE_CHECKING:
    from kubectl_job_operator.attempt.session import Session

TEMPLATED = ("namespace", "kubernetes_conn_id", "config_file", "cluster_context")
"""Those of the arguments that are templates."""


class ClusterTask(Addressed, Protocol):
    """A task that finds its cluster by its arguments."""

    outage_tolerance_seconds: int

    @property
    def log(self) -> Any:
        """Where the task logs."""


def settle_way_in(task: ClusterTask) -> None:
    """Refuse arguments that contradict each other, and put the deployment's choice where none is given.

    :raises ValueError: naming the arguments.
    """
    if isinstance(task.config_file, os.PathLike):
        task.config_file = os.fspath(task.config_file)
    check_texts(task, TEMPLATED)
    if not isinstance(task.in_cluster, (bool, type(None))):
        raise ValueError(f"in_cluster must be a bool, but is {task.in_cluster!r}")  # noqa: TRY004 - as all arguments
    for other in ("config_file", "cluster_context"):
        if task.in_cluster and getattr(task, other) is not None:
            raise ValueError(f"in_cluster and {other} contradict each other; give one of them")
    check_not_negative(task, "outage_tolerance_seconds")
    if task.kubernetes_conn_id is None and task.config_file is None and not task.in_cluster:
        # A task that names a way into a cluster means that one.
        task.kubernetes_conn_id = chosen("kubernetes_conn_id")
        task.cluster_context = settled("cluster_context", task.cluster_context)


def check_not_negative(task: Any, name: str) -> None:
    """Refuse what is no number of seconds.

    :raises ValueError: naming the argument.
    """
    check_seconds(name, getattr(task, name))
    if getattr(task, name) < 0:
        raise ValueError(f"{name} must not be negative, but is {getattr(task, name)}")


def check_texts(task: Any, names: Iterable[str]) -> None:
    """Refuse what cannot be the text that it should be; what an earlier task returns is looked at later.

    :raises ValueError: naming the argument.
    """
    for name in names:
        value = getattr(task, name)
        if not isinstance(value, (str, type(None))) and not is_reference(value):
            raise ValueError(f"{name} must be a str, but is {value!r}")


def check_rendered_texts(task: Any, names: Iterable[str]) -> None:
    """Refuse what came out of the templates, or of an earlier task, as something else.

    :raises InputError: naming the argument.
    """
    for name in names:
        value = getattr(task, name)
        if value is None or (isinstance(value, str) and value.isprintable()):
            continue
        # What is wrong may be secret, so it is not shown.
        problem = "has signs that cannot be printed" if isinstance(value, str) else f"is a {type(value).__name__}"
        raise InputError(
            f"{name} must be a str, but {problem}.\n"
            "What to do: mend the argument, or what the earlier task returns for it."
        )


def open_session(task: ClusterTask, namespace: str | None = None) -> Session:
    """Find the cluster of a task, and return what it works with there.

    :param namespace: where, if neither the arguments nor the connection say it.
    :raises AccessError: if the way into the cluster does not exist as it is given.
    """
    from kubectl_job_operator.airflow.secrets import caller
    from kubectl_job_operator.airflow.settings import keeping
    from kubectl_job_operator.airflow.task_log import own_log
    from kubectl_job_operator.attempt.session import Session

    place = find_place(task)
    log = own_log(task.log)
    if place.hint:
        log.warning(place.hint)
    return Session(
        place.access,
        task.namespace or namespace or place.namespace,
        log=log,
        outage_tolerance_seconds=task.outage_tolerance_seconds,
        mask=caller().mask,
        keeping=keeping(),
    )
