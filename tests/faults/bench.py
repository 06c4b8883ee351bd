"""One fault from its first task instance to the judgement on its last."""

from __future__ import annotations

import json
import random
import re
import time
from dataclasses import dataclass

from tests.cluster import Cluster, faults
from tests.faults.dag import Life, Stage, write_dag
from tests.faults.deployment import Deployment
from tests.faults.evidence import hits_of_timeout
from tests.faults.gate import ready_wave
from tests.faults.injection import (
    Fault,
    Mend,
    Scene,
    mount_small_disks,
    unmount_small_disks,
    wait_until_served,
)
from tests.faults.judge import Harm, judge, late, notice_seconds, served_seconds
from tests.faults.observe import Kubectl
from tests.faults.plan import draw_plans
from tests.faults.report import Row
from tests.faults.target import Target
from tests.faults.telling import Strike
from tests.faults.witnesses import OVER, Play, Witnesses

_TICK_SECONDS = 0.02
_LOOK_SECONDS = 0.7
_RETRY_SECONDS = 0.3
_LONGEST_TRY_SECONDS = 240.0
_LONGEST_BENCH_SECONDS = 900.0
# After an outage Kubernetes' own garbage collector needs a minute to come to itself.
_SETTLE_SECONDS = 120.0
_BETWEEN_BREAKS = (2.0, 9.0)
_MEND_AFTER = (1.0, 8.0)


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
        namespace = f"test-{dag_id}-{chance.randrange(10**6):06}"
        self._stage = Stage(dag_id, namespace, deployment.folder / fault.name, has_gate=fault.aim is not None)
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
            toleration_seconds=fault.toleration_seconds,
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
        witnesses = Witnesses(self._kubectl, self._deployment, self._fault.telling)
        mount_small_disks(self._disks)
        self._kubectl.make_namespace()
        witnesses.start()
        try:
            self._wait_for_dag()
            self._run_id = self._deployment.trigger(self._stage.dag_id)
            self._play()
            return self._settle(witnesses)
        finally:
            self._mend_all()
            if self._fault.break_cluster is not None:
                faults.mend()
            witnesses.stop()
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
            elif self._fault.aim is not None:
                self._strike_wave()
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
            if target.is_hit or self._states.get(target.plan.task_id) in OVER:
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

    def _strike_wave(self) -> None:
        """Let a wave through the gate, and strike it."""
        assert self._fault.aim
        left = [id_ for id_ in self._targets if self._states.get(id_) not in OVER]
        at_gate = [id_ for id_ in left if (self._stage.lives / f"{id_}.1.json").exists()]
        at_gate = [id_ for id_ in at_gate if not self._targets[id_].begins_at]
        running = [id_ for id_ in left if self._states.get(id_) == "running"]
        wave = ready_wave(left, running, at_gate, self._deployment.parallelism)
        if not wave:
            return
        spans = {id_: self._fault.aim(self._targets[id_].plan) for id_ in wave}
        strike_at = time.time() + max(1.0, *(latest for _, latest in spans.values()))
        for id_, span in spans.items():
            self._targets[id_].begins_at = strike_at - self._chance.uniform(*span)
            self._stage.gate.open(id_, self._targets[id_].begins_at)
        time.sleep(max(0.0, strike_at - time.time()))
        self._strike_cluster()

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
        over = time.time()
        self._outages.append((began, over))
        for target in running:
            target.strikes.append(Strike(began, over, target.begins_at))
        self._faults += 1
        faults.wait_until_healthy()

    def _next_break(self) -> float:
        return time.time() + self._chance.uniform(*_BETWEEN_BREAKS)

    def _is_over(self) -> bool:
        return len(self._states) == len(self._targets) and all(state in OVER for state in self._states.values())

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

    def _settle(self, witnesses: Witnesses) -> Row:
        """Give what is deleted in the background time to go, and judge."""
        self._mend_all(unmounts=False)
        deadline = time.monotonic() + _SETTLE_SECONDS
        play = Play(self._stage, self._run_id, self._targets.values(), self._states)
        while True:
            all_evidence = witnesses.evidence(play)
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
            told=[one for evidence in all_evidence for one in evidence.told],
            log_folder=self._deployment.task_log(self._stage.dag_id, self._run_id, "x", 1).parents[1],
        )

    def _mend_all(self, *, unmounts: bool = True) -> None:
        for mending in self._mendings:
            mending.mend()
        self._mendings.clear()
        if unmounts:
            unmount_small_disks(self._disks)
