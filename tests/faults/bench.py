"""One fault from its first task instance to the judgement on its last."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kubectl_job_operator.attempt.private_folder import KEPT, LOCK, PREFIX
from tests.cluster import Cluster, faults
from tests.faults.dag import Life, Stage, write_dag
from tests.faults.deployment import Deployment
from tests.faults.evidence import Evidence, Leftovers, read_records, requests_of
from tests.faults.injection import (
    Fault,
    Mend,
    Scene,
    mount_small_disks,
    unmount_small_disks,
    wait_until_served,
)
from tests.faults.judge import Harm, judge, late, notice_seconds, served_seconds
from tests.faults.observe import AuditLog, JobWatch, Kubectl
from tests.faults.plan import TaskPlan, draw_plans
from tests.faults.report import Row

_TICK_SECONDS = 0.02
_LOOK_SECONDS = 0.7
_RETRY_SECONDS = 0.3
_LONGEST_TRY_SECONDS = 240.0
_LONGEST_BENCH_SECONDS = 900.0
# After an outage Kubernetes' own garbage collector needs a minute to come to itself.
_SETTLE_SECONDS = 120.0
_BETWEEN_BREAKS = (2.0, 9.0)
_MEND_AFTER = (1.0, 8.0)
_OVER = ("success", "failed")


@dataclass
class Target:
    """A task instance whose moment is awaited.

    :param plan: what it does.
    :param life: its latest try; ``None`` before the first.
    :param due_at: when it is to be hit; ``None`` until its mark was seen.
    :param is_hit: whether it was.
    """

    plan: TaskPlan
    life: Life | None = None
    due_at: float | None = None
    is_hit: bool = False


@dataclass
class Mending:
    """Something that is to be mended later."""

    at: float
    mend: Mend


class FaultBench:
    """Plays one fault.

    :param fault: which.
    :param runs: how many task instances it is to hit.
    :param chance: draws all that is random.
    :param deployment: the Airflow.
    :param cluster: the cluster.
    """

    def __init__(
        self, fault: Fault, runs: int, chance: random.Random, deployment: Deployment, cluster: Cluster
    ) -> None:
        self._fault = fault
        self._deployment = deployment
        dag_id = f"faults-{fault.name}"
        self._stage = Stage(dag_id, f"test-{dag_id}-{chance.randrange(10**6):06}", deployment.folder / fault.name)
        self._kubectl = Kubectl(cluster, self._stage.namespace)
        self._scene = Scene(self._stage, self._kubectl, chance)
        self._chance = chance
        plans = draw_plans(
            chance,
            runs,
            retries=fault.retries,
            backoff_limits=fault.backoff_limits,
            has_timeout=fault.name == "timeout",
            is_aimed=fault.hit is not None,
        )
        write_dag(self._stage, plans, deployment.dags)
        self._targets = {plan.task_id: Target(plan) for plan in plans}
        self._disks = [self._stage.tmp / plan.task_id for plan in plans] if fault.name == "disk" else []
        self._mendings: list[Mending] = []
        self._states: dict[str, str] = {}
        self._outages: list[tuple[float, float]] = []
        self._faults = 0
        self._run_id = ""

    def play(self) -> Row:
        """Run the task instances, hit them, and judge."""
        watch, audit = JobWatch(self._kubectl), AuditLog()
        mount_small_disks(self._disks)
        self._kubectl.make_namespace()
        watch.start()
        try:
            self._wait_for_dag()
            self._run_id = self._deployment.trigger(self._stage.dag_id)
            self._play()
            return self._settle(watch, audit)
        finally:
            self._mend_all()
            if self._fault.break_cluster is not None:
                faults.mend()
            watch.stop()
            self._kubectl.delete_namespace()

    def _wait_for_dag(self) -> None:
        deadline = time.monotonic() + 90
        while not self._deployment.knows(self._stage.dag_id):
            if time.monotonic() > deadline:
                raise RuntimeError(f"Airflow does not find DAG {self._stage.dag_id}")
            time.sleep(0.5)

    def _play(self) -> None:
        """Strike at the right moments until every task instance is over, or one takes too long."""
        began = look_at = time.time()
        break_at = self._next_break()
        while not self._is_over() and not self._is_endless(began):
            now = time.time()
            if now >= look_at:
                self._look()
                look_at = time.time() + _LOOK_SECONDS
            if self._fault.hit is not None:
                self._strike_each(now)
            elif self._fault.break_cluster is not None and now >= break_at:
                self._strike_cluster()
                break_at = self._next_break()
            for mending in [one for one in self._mendings if now >= one.at]:
                mending.mend()
                self._mendings.remove(mending)
            time.sleep(_TICK_SECONDS)

    def _look(self) -> None:
        """Learn what has begun and what has ended."""
        self._states = self._deployment.states(self._stage.dag_id, self._run_id)

    def _strike_each(self, now: float) -> None:
        assert self._fault.hit
        for index, target in enumerate(self._targets.values()):
            if target.is_hit or self._states.get(target.plan.task_id) in _OVER:
                continue
            self._aim(target)
            if target.due_at is None or now < target.due_at or target.life is None:
                continue
            mend = self._fault.hit(self._scene, target.life, index)
            if mend is None:
                target.due_at = time.time() + _RETRY_SECONDS
                continue
            target.is_hit = True
            self._faults += 1
            self._mendings.append(Mending(time.time() + self._chance.uniform(*_MEND_AFTER), mend))

    def _aim(self, target: Target) -> None:
        """Find out whether the mark of the target's moment is there."""
        moment, task_id = target.plan.moment, target.plan.task_id
        assert moment
        lives = sorted(self._stage.lives.glob(f"{task_id}.*.json"))
        if not lives:
            return
        if target.life is None or len(lives) != target.life.try_number:
            target.life = max((Life(**json.loads(file.read_text())) for file in lives), key=lambda one: one.try_number)
        if target.due_at is None:
            log = self._deployment.task_log(self._stage.dag_id, self._run_id, task_id, target.life.try_number)
            if not moment.mark or (log.exists() and re.search(moment.mark, log.read_text(errors="replace"))):
                target.due_at = time.time() + moment.delay_seconds

    def _strike_cluster(self) -> None:
        """Break the cluster for all that runs now, until each has had its share."""
        assert self._fault.break_cluster
        self._look()
        running = [target for id_, target in self._targets.items() if self._states.get(id_) == "running"]
        if all(target.is_hit for target in running):
            return
        for target in running:
            target.is_hit = True
        began = time.time()
        self._fault.break_cluster(self._scene)
        wait_until_served(self._kubectl)
        self._outages.append((began, time.time()))
        self._faults += 1
        faults.wait_until_healthy()

    def _next_break(self) -> float:
        return time.time() + self._chance.uniform(*_BETWEEN_BREAKS)

    def _is_over(self) -> bool:
        return len(self._states) == len(self._targets) and all(state in _OVER for state in self._states.values())

    def _is_endless(self, began: float) -> bool:
        """Whether a try takes far too long."""
        latest: dict[str, float] = {}
        for file in self._stage.lives.glob("*.json"):
            task_id = file.name.split(".")[0]
            latest[task_id] = max(latest.get(task_id, 0.0), file.stat().st_mtime)
        running = [at for task_id, at in latest.items() if self._states.get(task_id) == "running"]
        now = time.time()
        return served_seconds(began, now, self._outages) > _LONGEST_BENCH_SECONDS or any(
            served_seconds(at, now, self._outages) > _LONGEST_TRY_SECONDS for at in running
        )

    def _settle(self, watch: JobWatch, audit: AuditLog) -> Row:
        """Give what is deleted in the background time to go, and judge."""
        self._mend_all(unmounts=False)
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            all_evidence = self._evidence(watch, audit)
            findings = [finding for one in all_evidence for finding in judge(one, self._fault.rules)]
            is_settled = not any(finding.harm is Harm.LEFT_BEHIND for finding in findings)
            if is_settled or time.monotonic() > deadline:
                break
            time.sleep(2)
        own = [hits_of_timeout(one) for one in all_evidence]
        notices = [(one, notice_seconds(one, self._outages)) for one in all_evidence]
        findings += [finding for one, seconds in notices for finding in late(one, seconds)]
        return Row(
            fault=self._fault.title,
            runs=len(self._targets),
            hits=sum(target.is_hit for target in self._targets.values()) + sum(map(bool, own)),
            faults=self._faults + sum(own),
            findings=findings,
            notices=[seconds for _, found in notices for seconds in found],
            log_folder=self._deployment.task_log(self._stage.dag_id, self._run_id, "x", 1).parents[1],
        )

    def _evidence(self, watch: JobWatch, audit: AuditLog) -> list[Evidence]:
        requests = audit.requests(self._stage.namespace)
        objects = {kind: self._kubectl.objects(kind) for kind in ("jobs", "configmaps", "pods")}
        commands = [
            (one.environ().get("TMPDIR", ""), " ".join(one.cmdline()))
            for one in self._deployment.processes()
            if one.name() == "kubectl"
        ]
        found = []
        for name, target in self._targets.items():
            jobs = watch.jobs_named(name)
            marks = {mark for job in jobs for mark in (job.uid, job.digest)}
            state = self._states.get(name, "")
            found.append(
                Evidence(
                    target.plan,
                    state if state in _OVER else "",
                    self._deployment.tries(self._stage.dag_id, self._run_id, name),
                    jobs,
                    read_records(faults.read(self._stage.records / name)),
                    requests_of(requests, name, marks),
                    leftovers_of(name, objects, self._stage.tmp / name, commands),
                    target.is_hit,
                )
            )
        return found

    def _mend_all(self, *, unmounts: bool = True) -> None:
        for mending in self._mendings:
            mending.mend()
        self._mendings.clear()
        if unmounts:
            unmount_small_disks(self._disks)


def hits_of_timeout(evidence: Evidence) -> int:
    """Count the tries that failed when the task's own ``execution_timeout`` was over."""
    limit = evidence.plan.execution_timeout_seconds
    if limit is None:
        return 0
    spans = [
        one.ended_at - one.started_at
        for one in evidence.tries
        if one.state != "success" and one.started_at and one.ended_at
    ]
    return sum(span >= limit for span in spans)


def leftovers_of(
    name: str, objects: dict[str, list[dict[str, object]]], tmp: Path, commands: Sequence[tuple[str, str]]
) -> Leftovers:
    """Return what is there of a task instance.

    :param objects: the namespace's objects by resource.
    :param tmp: its folder of temporary files.
    :param commands: ``TMPDIR`` and command line of each kubectl process.
    """

    def named(resource: str) -> tuple[str, ...]:
        return tuple(one["metadata"]["name"] for one in objects[resource] if one["metadata"]["name"] == name)  # type: ignore[index]

    labels = {one["metadata"]["name"]: one["metadata"].get("labels", {}) for one in objects["pods"]}  # type: ignore[index,attr-defined]
    ours = [path for path in tmp.iterdir() if path.name.startswith(PREFIX)]
    return Leftovers(
        jobs=named("jobs"),
        config_maps=named("configmaps"),
        pods={pod: one["controller-uid"] for pod, one in labels.items() if one.get("job-name") == name},
        folders={
            path.name: tuple(
                str(file.relative_to(path))
                for file in path.rglob("*")
                if file.is_file() and file.name not in (LOCK, KEPT)  # they say whose the folder is
            )
            for path in ours
        },
        other_files=tuple(path.name for path in tmp.iterdir() if path not in ours),
        kubectls=tuple(command for place, command in commands if place == str(tmp)),
    )
