"""What happens in a history, planned from its seed: each fault by itself, so that a history can be made shorter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tests.simulation.airflow import Airflow
from tests.simulation.cluster import Cluster
from tests.simulation.controllers import Controllers
from tests.simulation.tasks import TaskInstance
from tests.simulation.world import World

CALL_FAULTS = ("refused", "busy", "lost", "killed before", "killed after", "slow", "hang")
_FOLLOWING = ("refused", "busy", "hang", "hang", "slow")
WORKER_FAULTS = (
    "machine dies",
    "taken for dead",
    "supervisor dies",
    "drained",
    "time out",
    "cleared",
    "reset",
    "marked",
    "made again",
    "triggerer dies",
    "retries edited",
)
CLUSTER_FAULTS = ("outage", "cut", "pod deleted", "node lost", "job deleted", "job replaced")
_LONGEST_SECONDS = 150.0
_STRANGERS_JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "spec": {"template": {"spec": {"containers": [{"name": "main"}], "restartPolicy": "Never"}}},
}


@dataclass(frozen=True)
class Fault:
    """Something that happens.

    :param kind: what.
    :param at: when, in seconds of the world, or to which kubectl.
    :param amount: how much of it, or to whom, between 0 and 1.
    :param verb: of which kubectls, where it is one of them; empty for all.
    :param after: so many kubectls of any verb later.
    """

    kind: str
    at: float
    amount: float
    verb: str = ""
    after: int = 0

    def __str__(self) -> str:
        if self.kind in CALL_FAULTS:
            return f"kubectl {self.verb} {self.at:.0f}+{self.after} is {self.kind}"
        return f"after {self.at:.2f} s: {self.kind} ({self.amount:.2f})"


def plan(world: World) -> list[Fault]:
    """Draw what happens."""
    chance = world.draw("plan")
    faults: list[Fault] = []
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        # What comes of an apply decides most, and trouble seldom comes alone.
        verb, first = chance.choice((("", chance.randrange(1, 40)), ("apply", chance.randrange(1, 8))))
        row = [chance.choice(CALL_FAULTS), *chance.choices(_FOLLOWING, k=chance.choice((0, 0, 1, 1, 2)))]
        faults.extend(Fault(kind, first, 0.0, verb, after) for after, kind in enumerate(row))
    for kinds in (WORKER_FAULTS, CLUSTER_FAULTS):
        for _ in range(chance.choice((0, 1, 1, 2, 3))):
            # Most of what goes wrong, goes wrong in the first seconds.
            at = chance.choice((3.0, 10.0, 40.0, _LONGEST_SECONDS)) * chance.random()
            faults.append(Fault(chance.choice(kinds), at, chance.random()))
    return sorted(faults, key=lambda fault: (fault.kind in CALL_FAULTS, fault.at))


class Fate:
    """Lets the faults happen.

    :param world: whose time it is.
    :param cluster: what they happen to.
    :param controllers: likewise.
    :param airflow: likewise.
    """

    def __init__(self, world: World, cluster: Cluster, controllers: Controllers, airflow: Airflow) -> None:
        self._world = world
        self._cluster = cluster
        self._controllers = controllers
        self._airflow = airflow

    def take(self, faults: list[Fault]) -> None:
        """Let them happen in their time."""
        for fault in faults:
            if fault.kind not in CALL_FAULTS:
                self._world.later(fault.at, partial(self._happen, fault))

    def _happen(self, fault: Fault) -> None:
        instances = self._airflow.instances
        instance = instances[int(fault.amount * len(instances))]
        if fault.kind in WORKER_FAULTS:
            self._to_worker(fault, instance)
        else:
            self._to_cluster(fault, instance)

    def _to_worker(self, fault: Fault, instance: TaskInstance) -> None:
        airflow = self._airflow
        simple = {
            "drained": airflow.drain,
            "supervisor dies": airflow.orphan,
            "time out": airflow.time_out,
            "reset": airflow.reset,
            "cleared": airflow.clear,
            "made again": airflow.make_again,
        }
        if fault.kind in simple:
            simple[fault.kind](instance)
        elif fault.kind in ("machine dies", "taken for dead"):
            airflow.lose(instance, is_dead=fault.kind == "machine dies")
        elif fault.kind == "triggerer dies":
            airflow.triggerer.restart()
        elif fault.kind == "retries edited":
            instance.retries = int(fault.amount * 40) % 4
        elif instance.state != "queued":
            airflow.mark(instance, "failed" if fault.amount * 10 % 1 < 0.5 else "success")

    def _to_cluster(self, fault: Fault, instance: TaskInstance) -> None:
        cluster = self._cluster
        if fault.kind in ("outage", "cut"):
            cluster.cut()
            cluster.is_up = fault.kind == "cut"
            if not cluster.is_up:
                self._world.later(200.0 * fault.amount**2, self._come_back)
            return
        job = cluster.get("jobs", instance.job_name)
        if job is None:
            return
        if fault.kind == "pod deleted":
            for pod in cluster.dependents(job["metadata"]["uid"]):
                cluster.delete(pod, "a person")
            return
        if fault.kind == "node lost":
            for pod in cluster.dependents(job["metadata"]["uid"])[:1]:
                self._controllers.lose_node(pod["metadata"]["uid"], 600.0 * fault.amount**2)
            return
        cluster.delete(job, "a person", ("background", "foreground", "orphan")[int(fault.amount * 30) % 3])
        if fault.kind == "job replaced" and cluster.get("jobs", instance.job_name) is None:
            cluster.create({**_STRANGERS_JOB, "metadata": {"name": instance.job_name}}, "a stranger")

    def _come_back(self) -> None:
        self._cluster.is_up = True
