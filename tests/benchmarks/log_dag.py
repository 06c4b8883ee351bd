"""The DAGs of ``logs_beside``; each task writes down what it has cost, its supervisor and its children with it."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

import psutil

from kubectl_job_operator import KubernetesJobOperator
from tests.airflow_dag import DAG
from tests.benchmarks.log_lines import all_at_once
from tests.integration.manifests import job

PODS = 20
TASK = "job"
_MOMENT = "{{ dag_run.conf['at'] }}"
"""When containers that are to begin together do."""


def make_dags(folder: str, namespace: str, lines: int, lines_of_each: int) -> list[DAG]:
    """Return a DAG with one task for each side.

    :param folder: where a task leaves ``<dag>.cpu``, in seconds.
    :param namespace: of the pods.
    :param lines: of one container.
    :param lines_of_each: of each of ``PODS`` containers.
    """
    costs = _Costs(Path(folder))
    common: dict[str, Any] = {
        "task_id": TASK,
        "namespace": namespace,
        "pre_execute": costs.begin,
        "post_execute": costs.end,
    }
    with DAG("ours", schedule=None) as ours:
        KubernetesJobOperator(job_yaml=job(all_at_once(lines), name="ours"), **common)
    with DAG("pods", schedule=None) as pods:
        KubernetesJobOperator(job_yaml=pods_manifest("pods", lines_of_each, _MOMENT), **common)
    with DAG("KPO", schedule=None) as theirs:
        home = importlib.import_module("airflow.providers.cncf.kubernetes.operators.pod")
        home.KubernetesPodOperator(
            name="theirs",
            image="busybox:1.36",
            image_pull_policy="IfNotPresent",
            cmds=["sh", "-c", all_at_once(lines)],
            in_cluster=False,
            **common,
        )
    return [ours, pods, theirs]


def pods_manifest(name: str, lines: int, not_before: str) -> str:
    """Return a Job of ``PODS`` pods that begin to write together."""
    spec = f"backoffLimit: 0\nparallelism: {PODS}\ncompletions: {PODS}"
    return job(all_at_once(lines, not_before=not_before), name=name, spec=spec)


class _Costs:
    """Writes down the CPU of a task, as Airflow asks it before and after.

    :param folder: where.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began = 0.0

    def begin(self, _context: Any) -> None:
        self._began = _cpu_seconds()

    def end(self, context: Any, _result: Any = None) -> None:
        file = self._folder / f"{context['dag'].dag_id}.cpu"
        file.write_text(json.dumps(_cpu_seconds() - self._began))


def _cpu_seconds() -> float:
    """Return what this process, its children and its supervisor, which writes the log, have used."""
    own, supervisor = os.times(), psutil.Process(os.getppid()).cpu_times()
    return sum(own[:4]) + supervisor.user + supervisor.system
