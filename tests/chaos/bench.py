"""The run: one DAG run after the other, blows for their task instances, storms beside, and the judgement at last."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tests.benchmarks.telling import say
from tests.chaos.airflow import ChaosAirflow
from tests.chaos.blows import HITS, ChaosScene
from tests.chaos.bystanders import Bystanders
from tests.chaos.case import Case, Struck, keep
from tests.chaos.judge import judge_case
from tests.chaos.leftovers import kubectls_left
from tests.chaos.plan import DISK_FULL, RUN_JOBS, STORMS, TIMEOUT, Blow, ChaosPlan, draw_storms
from tests.chaos.report import Outcome
from tests.chaos.storms import Sky, Strand
from tests.cluster import faults
from tests.faults.bench import Mending
from tests.faults.dag import Life, Stage, write_dag
from tests.faults.evidence import hits_of_timeout
from tests.faults.injection import Scene, mount_small_disks, unmount_small_disks
from tests.faults.judge import Finding, Harm
from tests.faults.observe import Kubectl
from tests.faults.target import Target
from tests.faults.witnesses import OVER, Play, Witnesses
from tests.integration.between import Line
from tests.waiting import until

_AT_ONCE = 20
"""When so few are left that are not over, the next DAG run is started."""
_TICK_SECONDS = 0.5
_LOOK_SECONDS = 3.0
_SAY_SECONDS = 60.0
_RETRY_SECONDS = 1.0
_MEND_AFTER = (1.0, 8.0)
_LAST_SECONDS = 900.0
_RECOVERY_SECONDS = 300.0
_SETTLE_SECONDS = 180.0
_SETTLE_LOOK_SECONDS = 15.0


@dataclass
class Coming:
    """A blow that has not hit yet.

    :param blow: which.
    :param retry_at: not before this Unix time.
    """

    blow: Blow
    retry_at: float = 0.0


@dataclass
class Act:
    """A DAG run with its task instances.

    :param stage: where it plays.
    :param targets: the task instances by their ids.
    :param coming: the blows that are still to hit each.
    :param hits: what has hit each.
    :param run_id: Airflow's; empty before it is started.
    :param states: Airflow's words for the task instances.
    """

    stage: Stage
    targets: dict[str, Target]
    coming: dict[str, list[Coming]]
    hits: dict[str, list[Struck]] = field(default_factory=dict)
    run_id: str = ""
    states: dict[str, str] = field(default_factory=dict)

    @property
    def left(self) -> list[str]:
        """Return which are not over."""
        return [id_ for id_ in self.targets if self.states.get(id_) not in OVER]

    def play(self, only: Sequence[str] | None = None) -> Play:
        """Return what the witnesses are asked about."""
        targets = [one for id_, one in self.targets.items() if only is None or id_ in only]
        return Play(self.stage, self.run_id, targets, self.states)


class ChaosBench:
    """Plays all.

    :param plans: the task instances.
    :param seed: of all that is random.
    :param airflow: the Airflow; its kubectls come through ``line``.
    :param line: the way into the cluster that can be cut.
    :param kubectl: the bench's own.
    """

    def __init__(
        self,
        plans: Sequence[ChaosPlan],
        seed: int,
        airflow: ChaosAirflow,
        line: Line,
        kubectl: Kubectl,
    ) -> None:
        self._airflow = airflow
        self._kubectl = kubectl
        self._chance = random.Random(f"{seed} blows")
        self._acts = [
            self._act(number, plans[first : first + RUN_JOBS])
            for number, first in enumerate(range(0, len(plans), RUN_JOBS))
        ]
        stage = self._acts[0].stage
        self._strands = []
        for name in STORMS:
            chance = random.Random(f"{seed} {name}")
            sky = Sky(Scene(stage, kubectl, chance), airflow, line)
            self._strands.append(Strand(name, sky, draw_storms(random.Random(f"{seed} plan of {name}"), name)))
        self._disks = [
            act.stage.tmp / id_ for act in self._acts for id_, coming in act.coming.items() if _has_disk(coming)
        ]
        self._mendings: list[Mending] = []
        self._counts: Counter[str] = Counter()

    def play(self, minutes: float) -> Outcome:
        """Run the task instances, hit them, and judge.

        :param minutes: after so long no further DAG run is started, and no storm begins.
        """
        witnesses = Witnesses(self._kubectl, self._airflow, None)
        bystanders = Bystanders(self._kubectl)
        mount_small_disks(self._disks)
        witnesses.start()
        try:
            self._wait_for(self._acts[0])
            for strand in self._strands:
                strand.start()
            try:
                self._play(minutes * 60)
            finally:
                for strand in self._strands:
                    strand.end()
                for strand in self._strands:
                    strand.wait()
            self._play_out()
            say(f"  {self._left()} have not ended; judging")
            return self._judge(witnesses, bystanders)
        finally:
            self._mend(everything=True)
            unmount_small_disks(self._disks)
            faults.mend()
            witnesses.stop()

    def _act(self, number: int, plans: Sequence[ChaosPlan]) -> Act:
        dag_id = f"chaos-{number:03}"
        stage = Stage(dag_id, self._kubectl.namespace, self._airflow.folder / dag_id)
        write_dag(stage, [plan.task for plan in plans], self._airflow.dags)
        return Act(
            stage,
            {plan.task.task_id: Target(plan.task) for plan in plans},
            {plan.task.task_id: [Coming(blow) for blow in plan.blows] for plan in plans},
        )

    def _wait_for(self, act: Act) -> None:
        until(lambda: self._airflow.knows(act.stage.dag_id), f"Airflow does not find {act.stage.dag_id}", seconds=300)

    def _play(self, seconds: float) -> None:
        """Start one DAG run after the other, and hit what runs, until all are over but a few."""
        began, waiting, look_at, say_at = time.time(), list(self._acts), 0.0, 0.0
        while waiting or self._left() > _AT_ONCE // 2:
            now = time.time()
            if now > began + seconds:
                return
            if now >= say_at:
                self._say(now - began)
                say_at = now + _SAY_SECONDS
            if now >= look_at:
                self._look()
                look_at = time.time() + _LOOK_SECONDS
                if waiting and self._left() <= _AT_ONCE and self._airflow.knows(waiting[0].stage.dag_id):
                    act = waiting.pop(0)
                    act.run_id = self._airflow.trigger(act.stage.dag_id)
            self._tick()

    def _play_out(self) -> None:
        """Let what runs come to its end, still hit, but without storms."""
        deadline = time.time() + _LAST_SECONDS
        while self._left() and time.time() < deadline:
            self._look()
            self._tick()
            time.sleep(_LOOK_SECONDS)

    def _tick(self) -> None:
        for strand in self._strands:
            strand.check()
        for act in self._begun():
            for id_ in act.left:
                if act.coming[id_]:
                    self._hit(act, id_, act.coming[id_])
        self._mend()
        time.sleep(_TICK_SECONDS)

    def _hit(self, act: Act, task_id: str, coming: list[Coming]) -> None:
        """Let the next blow hit a task instance, if it is time and there is something to hit."""
        lives = sorted(act.stage.lives.glob(f"{task_id}.*.json"), key=lambda file: int(file.name.split(".")[1]))
        if not lives or time.time() < coming[0].retry_at:
            return
        target, life = act.targets[task_id], Life(**json.loads(lives[-1].read_text()))
        if target.due_at is None:
            target.due_at = life.at
        if time.time() < target.due_at + coming[0].blow.after_seconds:
            return
        name = coming[0].blow.name
        scene = ChaosScene(act.stage, self._kubectl, self._chance, self._airflow, act.run_id, act.targets)
        mend = HITS[name][0](scene, life)
        if mend is None:
            coming[0].retry_at = time.time() + _RETRY_SECONDS
            return
        coming.pop(0)
        target.is_hit = True
        act.hits.setdefault(task_id, []).append(Struck(name, time.time()))
        self._counts[name] += 1
        self._mendings.append(Mending(time.time() + self._chance.uniform(*_MEND_AFTER), mend))

    def _mend(self, *, everything: bool = False) -> None:
        for mending in [one for one in self._mendings if everything or time.time() >= one.at]:
            mending.mend()
            self._mendings.remove(mending)

    def _begun(self) -> list[Act]:
        return [act for act in self._acts if act.run_id]

    def _left(self) -> int:
        return sum(len(act.left) for act in self._begun())

    def _say(self, seconds: float) -> None:
        begun = sum(len(act.targets) for act in self._begun())
        storms = sum(len(strand.storms) for strand in self._strands)
        over = begun - self._left()
        say(f"  {seconds / 60:3.0f} min: {over} of {begun} over, {self._counts.total()} blows, {storms} storms")

    def _look(self) -> None:
        """Learn what has ended."""
        for act in self._begun():
            if act.left:
                act.states = self._airflow.states(act.stage.dag_id, act.run_id)

    def _judge(self, witnesses: Witnesses, bystanders: Bystanders) -> Outcome:
        """Give what is deleted in the background time to go, and judge."""
        self._mend(everything=True)
        faults.wait_until_healthy(_RECOVERY_SECONDS)
        deadline = time.monotonic() + _SETTLE_SECONDS
        reasons: Counter[str] = Counter()
        findings: list[Finding] = []
        cases: dict[str, Case] = {}
        asked: list[str] | None = None
        while True:
            found = []
            for case in self._cases(witnesses, asked):
                harm, excused = judge_case(case)
                found += harm
                cases[case.evidence.plan.task_id] = case
                if asked is None:
                    reasons.update(excused)
                    self._counts[TIMEOUT] += hits_of_timeout(case.evidence)
            findings = [one for one in findings if asked is not None and one.task_id not in asked] + found
            asked = sorted({one.task_id for one in findings if one.harm is Harm.LEFT_BEHIND})
            if not asked or time.monotonic() > deadline:
                break
            time.sleep(_SETTLE_LOOK_SECONDS)
        keep(cases.values(), self._airflow.folder)
        storms = [storm for strand in self._strands for storm in strand.storms]
        return Outcome(
            jobs=sum(len(act.targets) for act in self._begun()),
            deferrable=sum(one.plan.deferrable for act in self._begun() for one in act.targets.values()),
            hits=sum(one.is_hit for act in self._begun() for one in act.targets.values()),
            faults=self._counts + Counter(storm.name for storm in storms),
            findings=[*findings, *bystanders.judge(), *kubectls_left(self._airflow.kubectls())],
            reasons=reasons,
            mishaps=[mishap for strand in self._strands for mishap in strand.mishaps],
        )

    def _cases(self, witnesses: Witnesses, only: Sequence[str] | None) -> Iterator[Case]:
        storms = [storm for strand in self._strands for storm in strand.storms]
        acts = {id_: act for act in self._begun() for id_ in act.targets}
        triggerers_log = self._airflow.triggerers_log()
        for evidence in witnesses.evidence(*(act.play(only) for act in self._begun())):
            id_ = evidence.plan.task_id
            act = acts[id_]
            logs = self._airflow.logs(act.stage.dag_id, act.run_id, id_)
            # To a task whose worker has died, the Clear of another one of its DAG run looks like its own: in Airflow 3
            # nothing tells them apart (docs/ownership.md), and the work is done anew rather than not done.
            clears = [at for target in act.targets.values() for at in target.clears]
            yield Case(replace(evidence, clears=clears), act.hits.get(id_, ()), storms, logs, triggerers_log)


def _has_disk(coming: Sequence[Coming]) -> bool:
    return any(one.blow.name == DISK_FULL for one in coming)
