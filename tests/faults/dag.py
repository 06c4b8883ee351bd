"""The DAG of one fault, as Airflow reads it: one task for each plan, none depending on another."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from kubectl_job_operator import KubernetesJobOperator
from tests.airflow_dag import DAG
from tests.faults.gate import Gate
from tests.faults.plan import TaskPlan

RECORDS = "/records"
_LOST = ("unreachable", "not-ready")
_SCRIPT = """\
say() {{ echo "$1 $JOB_UID $POD $(cut -d ' ' -f 1 /proc/uptime)" >> {records}/{task_id}; }}
talk() {{ n=0; while [ $n -lt {lines} ]; do echo "$POD $1 $n"; n=$((n + 1)); done; }}
trap 'say stopped; exit 143' TERM
say start
talk first
sleep {sleep_seconds} & wait $!
talk last
say end
exit {exit_code}
"""


@dataclass(frozen=True)
class Stage:
    """Where a fault's task instances play.

    :param dag_id: Airflow's.
    :param namespace: on the cluster.
    :param folder: holds ``records`` (what the containers write), ``lives`` (a file for each try) and ``tmp`` (a folder
        for each task instance's temporary files).
    :param has_gate: whether the first try of each waits until the bench lets it go on.
    """

    dag_id: str
    namespace: str
    folder: Path
    has_gate: bool = False

    @property
    def records(self) -> Path:
        """Where the containers write when they start and end."""
        return self.folder / "records"

    @property
    def lives(self) -> Path:
        """Where the workers write which processes they are."""
        return self.folder / "lives"

    @property
    def gate(self) -> Gate:
        """Where the first tries wait, if they do."""
        return Gate(self.folder / "gate")

    @property
    def tmp(self) -> Path:
        """Where each task instance has a folder for temporary files."""
        return self.folder / "tmp"


@dataclass(frozen=True)
class Life:
    """The processes of one try, just before ``execute`` is called.

    :param task_id: Airflow's.
    :param try_number: Airflow's.
    :param pid: the task process.
    :param supervisor: the process that supervises it.
    :param at: when, as Unix time.
    """

    task_id: str
    try_number: int
    pid: int
    supervisor: int
    at: float


def write_dag(stage: Stage, plans: Sequence[TaskPlan], dags_folder: Path) -> None:
    """Write the file that Airflow reads, and the folders that the DAG needs."""
    for folder in (stage.records, stage.lives, stage.gate.folder, *(stage.tmp / plan.task_id for plan in plans)):
        folder.mkdir(parents=True)
    (stage.folder / "plans.json").write_text(json.dumps([asdict(plan) for plan in plans], indent=1))
    # The moment of a fault is the bench's affair; the DAG needs none.
    tasks = [TaskPlan(**{**asdict(plan), "moment": None}) for plan in plans]
    (dags_folder / f"{stage.dag_id}.py").write_text(
        "from pathlib import Path, PosixPath\n\n"
        "from tests.faults.dag import Stage, make_dag\n"
        "from tests.faults.plan import TaskPlan\n\n"
        f"dag = make_dag({stage!r}, {tasks!r})\n"
    )


def make_dag(stage: Stage, plans: Sequence[TaskPlan]) -> DAG:
    """Make the DAG."""
    with DAG(stage.dag_id, schedule=None, max_active_tasks=len(plans)) as dag:
        for plan in plans:
            timeout = plan.execution_timeout_seconds
            KubernetesJobOperator(
                task_id=plan.task_id,
                job_yaml=manifest(stage, plan),
                namespace=stage.namespace,
                delete_policy=plan.delete_policy,
                deferrable=plan.deferrable,
                kubernetes_conn_id=plan.connection,
                retries=plan.retries,
                retry_delay=timedelta(seconds=0.5),
                execution_timeout=timedelta(seconds=timeout) if timeout else None,
                pre_execute=partial(announce, stage),
            )
    return dag


def announce(stage: Stage, context: Any) -> None:
    """Tell the bench which processes this try has, and keep the temporary files of each task instance apart."""
    instance = context["ti"]
    tempfile.tempdir = os.environ["TMPDIR"] = str(stage.tmp / instance.task_id)
    life = Life(instance.task_id, instance.try_number, os.getpid(), os.getppid(), time.time())
    file = stage.lives / f"{life.task_id}.{life.try_number}.json"
    unfinished = file.with_suffix(".part")
    unfinished.write_text(json.dumps(asdict(life)))
    unfinished.rename(file)
    if stage.has_gate and life.try_number == 1:
        stage.gate.pass_through(life.task_id)


def manifest(stage: Stage, plan: TaskPlan) -> list[dict[str, Any]]:
    """Return the documents: the Job, whose container records its start and its end, and perhaps a companion."""
    script = _SCRIPT.format(
        records=RECORDS,
        task_id=plan.task_id,
        sleep_seconds=plan.sleep_seconds,
        exit_code=plan.exit_code,
        lines=plan.lines,
    )
    container = {
        "name": "main",
        "image": "busybox:1.36",
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", script],
        "env": [
            _from_field("POD", "metadata.name"),
            _from_field("JOB_UID", "metadata.labels['controller-uid']"),
        ],
        "volumeMounts": [{"name": "records", "mountPath": RECORDS}],
    }
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        "volumes": [{"name": "records", "hostPath": {"path": str(stage.records), "type": "DirectoryOrCreate"}}],
    }
    if plan.toleration_seconds is not None:
        pod["tolerations"] = [_toleration(taint, plan.toleration_seconds) for taint in _LOST]
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": plan.task_id},
        "spec": {"backoffLimit": plan.backoff_limit, "template": {"spec": pod}},
    }
    companion = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": plan.task_id}, "data": {"a": "b"}}
    return [job, companion] if plan.has_companion else [job]


def _toleration(taint: str, seconds: int) -> dict[str, Any]:
    return {
        "key": f"node.kubernetes.io/{taint}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": seconds,
    }


def _from_field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
