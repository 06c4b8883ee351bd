"""How one task instance is hit, and what that excuses."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from tests.chaos.airflow import ChaosAirflow
from tests.faults import injection
from tests.faults.dag import Life
from tests.faults.injection import Mend, Scene, nothing_to_mend
from tests.faults.judge import Rules
from tests.faults.target import Target

_CAN_BE_ENDED = ("running", "deferred")


@dataclass(frozen=True)
class ChaosScene(Scene):
    """What a blow needs to hit a task instance.

    :param airflow: the Airflow.
    :param run_id: the DAG run's.
    :param targets: the task instances by their ids.
    """

    airflow: ChaosAirflow
    run_id: str
    targets: Mapping[str, Target]

    def can_be_ended(self, task_id: str) -> bool:
        """Whether a user sees it at work."""
        return self.airflow.state(self.stage.dag_id, self.run_id, task_id) in _CAN_BE_ENDED


Hit = Callable[[ChaosScene, Life], Mend | None]
"""Hits a task instance whose latest process is this; returns how to mend it, or nothing if there is nothing to hit."""


def _kill_worker(scene: ChaosScene, life: Life) -> Mend | None:
    return injection.kill_worker(scene, life, scene.chance.choice((0, 6)))


def _evict_pod(scene: ChaosScene, life: Life) -> Mend | None:
    """Have a pod of the Job evicted, as a drain does."""
    with suppress(subprocess.SubprocessError, ValueError):
        pods = json.loads(scene.kubectl.run("get", "pods", "-l", f"job-name={life.task_id}", "-o", "json"))["items"]
        for name in [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]:
            body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
            path = f"/api/v1/namespaces/{scene.kubectl.namespace}/pods/{name}/eviction"
            scene.kubectl.run("create", "--raw", path, "-f", "-", given=json.dumps(body))
            return nothing_to_mend
    return None


def _delete_job_after_pods(scene: ChaosScene, life: Life) -> Mend | None:
    """Delete the Job in the foreground: it stays until its pods are gone."""
    is_deleted = scene.kubectl.does("delete", "job", life.task_id, "--cascade=foreground", "--wait=false")
    return nothing_to_mend if is_deleted else None


def _clear(scene: ChaosScene, life: Life) -> Mend | None:
    if not scene.can_be_ended(life.task_id):
        return None
    target = scene.targets[life.task_id]
    # Airflow has done it somewhen between the two; a Job of the new try comes after both.
    target.clears.append(time.time())
    scene.airflow.clear(scene.stage.dag_id, scene.run_id, life.task_id)
    target.clears.append(time.time())
    target.mark = ""
    return nothing_to_mend


def _mark(scene: ChaosScene, life: Life, state: str) -> Mend | None:
    if not scene.can_be_ended(life.task_id):
        return None
    scene.airflow.mark(scene.stage.dag_id, scene.run_id, life.task_id, state)
    scene.targets[life.task_id].mark = state
    return nothing_to_mend


_ENDED_BY_USER = Rules(ends_jobs=True, ends_tasks=True)
HITS: Mapping[str, tuple[Hit, Rules]] = {
    "worker killed": (_kill_worker, Rules(kills_workers=True)),
    "worker stopped": (lambda scene, life: injection.stop_worker(scene, life, 0), Rules()),
    "kubectl killed": (lambda scene, life: injection.kill_kubectl(scene, life, 0), Rules()),
    "pod deleted": (lambda scene, life: injection.delete_pod(scene, life, 0), Rules()),
    "pod evicted": (_evict_pod, Rules()),
    "Job deleted": (lambda scene, life: injection.delete_job(scene, life, 0), Rules(ends_jobs=True)),
    "Job deleted after its pods": (_delete_job_after_pods, Rules(ends_jobs=True)),
    "temporary disk full": (lambda scene, life: injection.fill_disk(scene, life, 0), Rules(stops_start=True)),
    "task cleared": (_clear, Rules(ends_jobs=True)),
    "task marked as a success": (lambda scene, life: _mark(scene, life, "success"), Rules(ends_jobs=True)),
    "task marked as failed": (lambda scene, life: _mark(scene, life, "failed"), _ENDED_BY_USER),
}
"""By the names of the plan; ``execution_timeout`` is Airflow's to deal out, and excuses what a mark as failed does."""

OF_TIMEOUT = _ENDED_BY_USER
