"""All that is told of a fault's task instances by others than the operator, and how its log has named the fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.cluster import faults
from tests.faults.dag import Stage
from tests.faults.deployment import Deployment, Try
from tests.faults.evidence import Evidence, Request, read_records, requests_of
from tests.faults.leftovers import leftovers_of
from tests.faults.observe import AuditLog, JobWatch, Kubectl, PodWatch
from tests.faults.target import Target
from tests.faults.telling import Telling, Told, read_log, told

OVER = ("success", "failed")


@dataclass(frozen=True)
class Play:
    """A run of a stage's DAG.

    :param stage: where.
    :param run_id: Airflow's.
    :param targets: its task instances.
    :param states: Airflow's words for them, by their ids.
    """

    stage: Stage
    run_id: str
    targets: Iterable[Target]
    states: Mapping[str, str]


class Witnesses:
    """Watch from ``start`` to ``stop``.

    :param kubectl: the bench's own, in the namespace where the task instances play.
    :param deployment: the Airflow.
    :param telling: what the logs must say of the fault; ``None`` for nothing.
    """

    def __init__(self, kubectl: Kubectl, deployment: Deployment, telling: Telling | None) -> None:
        self._kubectl = kubectl
        self._deployment = deployment
        self._telling = telling
        self._jobs, self._pods, self._audit = JobWatch(kubectl), PodWatch(kubectl), AuditLog()

    def start(self) -> None:
        """Begin."""
        self._jobs.start()
        self._pods.start()

    def stop(self) -> None:
        """End."""
        self._jobs.stop()
        self._pods.stop()

    def evidence(self, *plays: Play) -> list[Evidence]:
        """Return what is known now of all task instances of these plays."""
        requests = self._audit.requests(self._kubectl.namespace)
        objects = {kind: self._kubectl.objects(kind) for kind in ("jobs", "configmaps", "pods")}
        commands = [
            (one.environ().get("TMPDIR", ""), " ".join(one.cmdline()))
            for one in self._deployment.processes()
            if one.name() == "kubectl"
        ]
        return [self._of(play, target, requests, objects, commands) for play in plays for target in play.targets]

    def _of(
        self,
        play: Play,
        target: Target,
        requests: Sequence[Request],
        objects: dict[str, list[dict[str, Any]]],
        commands: Sequence[tuple[str, str]],
    ) -> Evidence:
        stage, name = play.stage, target.plan.task_id
        jobs = self._jobs.jobs_named(name)
        marks = {mark for job in jobs for mark in (job.uid, job.digest)}
        state = play.states.get(name, "")
        tries = self._deployment.tries(stage.dag_id, play.run_id, name)
        return Evidence(
            target.plan,
            state if state in OVER else "",
            tries,
            jobs,
            read_records(faults.read(stage.records / name)),
            requests_of(requests, name, marks),
            leftovers_of(name, objects, stage.tmp / name, commands),
            target.is_hit,
            self._told(play, target, tries),
            target.clears,
            target.mark,
        )

    def _told(self, play: Play, target: Target, tries: list[Try]) -> list[Told]:
        """Read in the task's logs how what struck it was told."""
        if self._telling is None:
            return []
        name = target.plan.task_id
        files = {
            one.number: self._deployment.task_log(play.stage.dag_id, play.run_id, name, one.number) for one in tries
        }
        logs = {number: read_log(file.read_text(errors="replace")) for number, file in files.items() if file.exists()}
        pods = self._pods.pods_of(name)
        found = [told(self._telling, strike, tries, logs, pods) for strike in target.strikes]
        return [one for one in found if one is not None]
