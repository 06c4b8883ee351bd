"""What works on the objects of the small Kubernetes: the Job controller, the kubelet, the garbage collector."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kubectl_job_operator.objects import Object, is_being_deleted
from tests.simulation.cluster import Cluster, owner_uid

FINISHED = ("Complete", "Failed")
_GRACE_SECONDS = 30
_EVICTION_SECONDS = 300.0


@dataclass
class Work:
    """What the container of a pod really does, whatever the API server knows of it.

    :param pod: as it was made.
    :param lines: what it has written, each with its time.
    :param began: when it began, in seconds of the world; ``None`` if it never did.
    :param ended: when it ended.
    :param is_out_of_reach: whether its node is lost: it goes on, and nobody hears of it or can end it.
    :param postponed: what is done when the node is back.
    """

    pod: Object
    lines: list[tuple[float, str]] = field(default_factory=list)
    began: float | None = None
    ended: float | None = None
    is_out_of_reach: bool = False
    postponed: list[Callable[[], None]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether it does not run, and never will."""
        return self.ended is not None


class Controllers:
    """Let Jobs have pods, pods run, and what nobody owns go.

    :param cluster: where.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._world = cluster.world
        self._count = 0
        self.works: dict[str, Work] = {}
        """By the UID of the pod; also of those that are gone."""
        cluster.watchers.append(self._note)

    def seconds_of_work(self, uid: str) -> float:
        """Tell how long a pod's container runs if nobody ends it."""
        chance = self._world.draw(f"seconds of work {uid}")
        return chance.choice((0.2, 1.0, 3.0, 10.0, 30.0, 100.0)) * chance.uniform(0.5, 1.5)

    def seconds_to_end(self, uid: str) -> tuple[float, float]:
        """Tell within which time a pod's container ends when it is told to: many take all the time that they get."""
        return 0.1, _GRACE_SECONDS if self._world.draw(f"stubborn {uid}").random() < 0.3 else 2.0

    def lose_node(self, uid: str, seconds: float) -> None:
        """Lose the node of a pod for a while; after some minutes the pod is deleted, and the node hears of it late."""
        work = self.works.get(uid)
        if work is None or work.is_over or work.is_out_of_reach:
            return
        work.is_out_of_reach = True
        self._world.later(_EVICTION_SECONDS, partial(self._evict, work))
        self._world.later(seconds, partial(self._find_node, work))

    def _evict(self, work: Work) -> None:
        pod = self._cluster.find(work.pod["metadata"]["uid"])
        if work.is_out_of_reach and pod is not None and not is_being_deleted(pod):
            self._cluster.delete(pod, "the taint manager")

    def _find_node(self, work: Work) -> None:
        work.is_out_of_reach = False
        for action in work.postponed:
            action()

    def _on_node(self, uid: str, action: Callable[[], None]) -> None:
        """Do what a pod's node does, once it is back if it is lost."""
        work = self.works.get(uid)
        if work is not None and work.is_out_of_reach:
            work.postponed.append(action)
        else:
            action()

    def _note(self, event: str, thing: Object) -> None:
        """Do what an event calls for, a moment later."""
        uid = thing["metadata"]["uid"]
        if thing["kind"] == "Job":
            self._soon(f"job {uid} {event}", partial(self._sync, uid))
            if event == "DELETED" or is_being_deleted(thing):
                self._soon(f"collect {uid} {event}", partial(self._collect, uid))
        elif thing["kind"] == "Pod":
            if event == "ADDED":
                self._start_soon(uid)
            elif event == "MODIFIED" and is_being_deleted(thing):
                ending = partial(self._on_node, uid, partial(self._end, uid, 143))
                self._soon(f"end {uid}", ending, *self.seconds_to_end(uid))
            owner = owner_uid(thing)
            self._soon(f"pod {uid} {event}", partial(self._sync, owner))

    def _soon(self, what: str, action: Callable[[], None], least: float = 0.02, most: float = 0.4) -> None:
        self._count += 1
        self._world.later(self._world.draw(f"{what} {self._count}").uniform(least, most), action)

    def _sync(self, uid: str) -> None:
        """Do what the Job controller does for one Job, in one step of those that it takes."""
        job = self._cluster.find(uid)
        if job is None or is_being_deleted(job) or ended(job):
            self._let_pods_go(uid)
            if job is not None and ended(job):
                self._expire(job)
            return
        pods = self._cluster.dependents(uid)
        over = [pod for pod in pods if phase(pod) in ("Succeeded", "Failed")]
        status = copy.deepcopy(job["status"])
        counted = set(status.get("counted", ()))
        leaving = [pod for pod in pods if pod not in over and is_being_deleted(pod)]
        # By the policy of most Jobs a pod counts as failed as soon as it is deleted, and is replaced then.
        for pod in (*over, *leaving):
            if pod["metadata"]["uid"] not in counted:
                counted.add(pod["metadata"]["uid"])
                key = "succeeded" if phase(pod) == "Succeeded" else "failed"
                status[key] = status.get(key, 0) + 1
        status["counted"] = sorted(counted)
        active = [pod for pod in pods if pod not in over and not is_being_deleted(pod)]
        status["active"] = len(active)
        status["ready"] = sum(phase(pod) == "Running" for pod in active)
        status["terminating"] = len(leaving)
        status.setdefault("startTime", self._cluster.stamp())
        self._get_on(job, status, active, is_idle=not active and not leaving)
        self._cluster.change(job, _with_status(status))
        self._let_pods_go(uid)

    def _get_on(self, job: Object, status: Any, active: Sequence[Object], *, is_idle: bool) -> None:
        """Take the next step to a verdict, or make the pods that are still to be.

        :param is_idle: whether no pod of the Job runs or is being ended.
        """
        spec, succeeded = job["spec"], status.get("succeeded", 0)
        target = next((one["type"] for one in status.get("conditions", ())), "")
        if succeeded >= spec["completions"] and not target:
            self._add(status, "SuccessCriteriaMet", "CompletionsReached")
        elif status.get("failed", 0) > spec["backoffLimit"] and not target:
            self._add(status, "FailureTarget", "BackoffLimitExceeded")
        elif target and active:
            for pod in active:
                self._cluster.delete(pod, "the Job controller")
        elif target == "SuccessCriteriaMet" and is_idle:
            status["completionTime"] = self._cluster.stamp()
            self._add(status, "Complete", "CompletionsReached")
        elif target == "FailureTarget" and is_idle:
            self._add(status, "Failed", "BackoffLimitExceeded")
        elif not target:
            for _ in range(min(spec["parallelism"], spec["completions"] - succeeded) - len(active)):
                self._make_pod(job)
                status["active"] += 1

    def _add(self, status: Any, kind: str, reason: str) -> None:
        status.setdefault("conditions", []).append(
            {
                "type": kind,
                "status": "True",
                "reason": reason,
                "message": f"The simulation says {reason}",
                "lastTransitionTime": self._cluster.stamp(),
            }
        )

    def _let_pods_go(self, uid: str) -> None:
        """Take away the pods that were deleted, and have ended, and were counted: they are held until then."""
        job = self._cluster.find(uid)
        counted = (job or {"status": {}})["status"].get("counted", ())
        is_held = job is not None and not is_being_deleted(job) and not ended(job)
        for pod in self._cluster.select("pods", is_being_deleted):
            is_over = owner_uid(pod) == uid and phase(pod) in ("Succeeded", "Failed")
            if is_over and (not is_held or pod["metadata"]["uid"] in counted):
                self._cluster.remove(pod)
        if job is not None and is_being_deleted(job) and not self._cluster.dependents(uid):
            self._cluster.remove(job)

    def _collect(self, uid: str) -> None:
        """Delete the pods of a Job that is gone, or that goes only after them."""
        for pod in self._cluster.dependents(uid):
            self._cluster.delete(pod, "the garbage collector")
        self._let_pods_go(uid)

    def _expire(self, job: Object) -> None:
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is None:
            return

        def expire() -> None:
            now = self._cluster.find(job["metadata"]["uid"])
            if now is not None and now["spec"].get("ttlSecondsAfterFinished") == seconds:
                self._cluster.delete(now, "the TTL controller", "foreground")

        self._world.later(seconds, expire)

    def _make_pod(self, job: Object) -> None:
        template, name = job["spec"]["template"], job["metadata"]["name"]
        self._count += 1
        self._cluster.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": f"{name}-{self._count}",
                    "labels": dict(template["metadata"]["labels"]),
                    "annotations": dict(template["metadata"].get("annotations") or {}),
                    "ownerReferences": [{"kind": "Job", "name": name, "uid": job["metadata"]["uid"]}],
                },
                "spec": copy.deepcopy(template["spec"]),
                "status": {"phase": "Pending"},
            },
            "the Job controller",
        )

    def _start_soon(self, uid: str) -> None:
        """Start the container of a pod soon, as most; the first of some Jobs of one has no node, now or ever."""
        chance, pod = self._world.draw(f"start {uid}").random(), self._cluster.find(uid)
        job = self._cluster.find(owner_uid(pod)) if pod is not None else None
        if chance < 0.06 and job is not None and not job["status"] and job["spec"]["completions"] == 1:
            self._soon(f"no node for {uid}", partial(self._find_no_node, uid))
        else:
            self._soon(f"start {uid}", partial(self._start, uid), 0.3, 3.0 if chance > 0.12 else 80.0)

    def _find_no_node(self, uid: str) -> None:
        pod = self._cluster.find(uid)
        if pod is not None:
            why = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/2 nodes are fit"}
            self._cluster.change(pod, _with_status({"phase": "Pending", "conditions": [why]}))

    def _start(self, uid: str) -> None:
        """Start the container of a pod, and know what it is going to do."""
        pod = self._cluster.find(uid)
        if pod is None or is_being_deleted(pod):
            return
        self.works[uid] = work = Work(pod, began=self._world.elapsed)
        self._report(uid, "Running", {"running": {"startedAt": self._cluster.stamp()}})
        chance, seconds = self._world.draw(f"work {uid}"), self.seconds_of_work(uid)
        for number in range(chance.randrange(7)):
            self._world.later(chance.uniform(0, seconds), partial(self._write, work, f"{uid[:8]} line {number}"))
        code = 0 if chance.random() < 0.75 else 3
        self._world.later(seconds, partial(self._end, uid, code))

    def _write(self, work: Work, text: str) -> None:
        if not work.is_over:
            work.lines.append((self._world.elapsed, text))

    def _end(self, uid: str, code: int) -> None:
        """End the container of a pod, if it has not ended; the API server learns of it a moment later."""
        work = self.works.get(uid)
        if work is None:
            pod = self._cluster.find(uid)
            if pod is None:
                return
            work = self.works[uid] = Work(pod)
        if work.is_over:
            return
        work.ended = self._world.elapsed
        state: Any = {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed"}}
        ended_as = "Failed" if code else "Succeeded"
        if not code:
            state["terminated"]["message"] = json.dumps(uid)
        report = partial(self._report, uid, ended_as, state if work.began is not None else {"waiting": {}})
        self._soon(f"report {uid}", partial(self._on_node, uid, report), 0.02, 1.0)

    def _report(self, uid: str, ended_as: str, state: Object) -> None:
        pod = self._cluster.find(uid)
        if pod is not None:
            container = {"name": "main", "restartCount": 0, "state": state, "lastState": {}}
            status = {"phase": ended_as, "containerStatuses": [container]}
            self._cluster.change(pod, _with_status(status))


def _with_status(status: Object) -> Callable[[Any], None]:
    def change(thing: Any) -> None:
        thing["status"] = status

    return change


def phase(pod: Object) -> str:
    """Return the phase of a pod."""
    return str(pod["status"]["phase"])


def ended(job: Object) -> str:
    """Return how a Job has ended; empty if it has not."""
    return next((one["type"] for one in job["status"].get("conditions", ()) if one["type"] in FINISHED), "")
