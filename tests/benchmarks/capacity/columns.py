"""The tasks that are measured; a DAG's file imports this, and with it only the operator that it needs."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from airflow.sdk import DAG, BaseOperator, chain

from tests.integration.manifests import job

IMAGE = "busybox:1.36"
_POLL_SECONDS = 2
"""What the provider's pods have by default; its Jobs have 10 s, and would be late without any load."""
_MOST = 1000


class Sleep(BaseOperator):
    """Airflow's own part: a task that sleeps on the worker, or in the triggerer.

    :param seconds: for how long.
    :param deferrable: where.
    """

    def __init__(self, *, seconds: float, deferrable: bool, **common: Any) -> None:
        super().__init__(**common)
        self.seconds = seconds
        self.deferrable = deferrable

    def execute(self, context: Any) -> None:  # noqa: ARG002 - Airflow gives it
        """Sleep."""
        if self.deferrable:
            from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

            self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=self.seconds)), method_name="go_on")
        time.sleep(self.seconds)

    def go_on(self, context: Any, event: Any = None) -> None:
        """End."""


def make_dag(column: str, namespace: str, seconds: int, tasks: int, *, deferrable: bool) -> DAG:
    """Return the DAG of a column, each of whose runs is a lane.

    :param column: one of ``COLUMNS``.
    :param namespace: of the Jobs.
    :param seconds: for how long each container sleeps.
    :param tasks: how many a lane has, one after the other.
    :param deferrable: whether they wait in the triggerer.
    """
    make = COLUMNS[column](namespace, seconds)
    with DAG("lane", schedule=None, max_active_runs=_MOST, max_active_tasks=_MOST) as dag:
        # A task that fails is counted, and does not end its lane.
        chain(*(make(task_id=f"task_{n}", deferrable=deferrable, trigger_rule="all_done") for n in range(tasks)))
    return dag


def _sleep(_namespace: str, seconds: int) -> Callable[..., Any]:
    return partial(Sleep, seconds=seconds)


def _ours(namespace: str, seconds: int) -> Callable[..., Any]:
    from kubectl_job_operator import KubernetesJobOperator

    manifest = job(_script(seconds), name="lane")
    return partial(KubernetesJobOperator, job_yaml=manifest, namespace=namespace, unique_name=True)


def _kpo(namespace: str, seconds: int) -> Callable[..., Any]:
    home = importlib.import_module("airflow.providers.cncf.kubernetes.operators.pod")
    return partial(home.KubernetesPodOperator, **_pod(namespace, seconds))


def _kjo(namespace: str, seconds: int) -> Callable[..., Any]:
    home = importlib.import_module("airflow.providers.cncf.kubernetes.operators.job")
    return partial(
        home.KubernetesJobOperator,
        **_pod(namespace, seconds),
        wait_until_job_complete=True,
        job_poll_interval=_POLL_SECONDS,
        backoff_limit=0,
    )


def _pod(namespace: str, seconds: int) -> dict[str, Any]:
    return {
        "name": "lane",
        "namespace": namespace,
        "image": IMAGE,
        "image_pull_policy": "IfNotPresent",
        "cmds": ["sh", "-c", _script(seconds)],
        "in_cluster": False,
    }


def _script(seconds: int) -> str:
    return f"echo begun; sleep {seconds}; echo done"


COLUMNS: dict[str, Callable[[str, int], Callable[..., Any]]] = {
    "Airflow alone": _sleep,
    "ours": _ours,
    "KPO": _kpo,
    "KJO": _kjo,
}
"""What makes a column's tasks; the first one shows Airflow's own part."""
