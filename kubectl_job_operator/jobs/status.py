"""Pure functions from the JSON of Jobs and pods to what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_job_operator.jobs import kinds

Object = Mapping[str, Any]

COMPLETE = "Complete"
FAILED = "Failed"


@dataclass(frozen=True)
class Verdict:
    """How a Job ended, from its condition ``Complete`` or ``Failed``; how another object ended, from its own rules.

    :param type: ``Complete`` or ``Failed``.
    :param reason: the condition's reason, or the field that told it; may be empty.
    :param message: the cluster's words; may be empty.
    """

    type: str
    reason: str = ""
    message: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether the Job did its work."""
        return self.type == COMPLETE


@dataclass(frozen=True)
class FailedContainer:
    """A container that ended badly.

    :param pod: its pod's name.
    :param container: its name.
    :param exit_code: what its process returned.
    :param reason: the kubelet's word for it, as ``Error`` or ``OOMKilled``.
    :param message: its termination message; may be empty.
    :param restarts: how often the kubelet has started it again in its pod.
    """

    pod: str
    container: str
    exit_code: int
    reason: str
    message: str
    restarts: int = 0


@dataclass(frozen=True)
class ContainerState:
    """What a container of a pod is doing.

    :param name: its name.
    :param is_init: whether it is an init container, or a sidecar that is written as one.
    :param instance: which of its runs this is, from 0; one more for each restart.
    :param is_running: whether that run goes on.
    :param is_over: whether that run has ended.
    :param has_previous: whether ``kubectl logs --previous`` means the run before it.
    :param can_restart: whether another run may follow.
    """

    name: str
    is_init: bool
    instance: int
    is_running: bool
    is_over: bool
    has_previous: bool
    can_restart: bool


def verdict(job: Object) -> Verdict | None:
    """Read the verdict; ``None`` as long as there is none.

    Conditions are matched by type: since Kubernetes 1.31 the first one is ``SuccessCriteriaMet`` or ``FailureTarget``,
    which comes while pods may still be running.
    """
    kind = kinds.kind_of(job)
    for type_, rules in ((FAILED, kind.failure), (COMPLETE, kind.success)):
        for sign in (rule.sign_in(job) for rule in rules):
            if sign is not None:
                return Verdict(type_, sign.reason, sign.message)
    return None


def uid(job: Object) -> str:
    """Return the Job's UID: two Jobs of one name differ in it."""
    return str(job["metadata"]["uid"])


def pod_selector(job: Object) -> str:
    """Return the label selector that picks the Job's pods, as ``kubectl get -l`` takes it."""
    return kinds.pod_selector(job)


def progress(job: Object) -> str:
    """Count the Job's pods, as ``1 active, 3 succeeded``; of another object tell what its verdict was read from."""
    if not kinds.is_job(job):
        found = verdict(job)
        return ": ".join(filter(None, [found.reason, found.message])).rstrip(".") if found else "no verdict yet"
    status = _status(job)
    counts = [f"{status[key]} {key}" for key in ("active", "succeeded", "failed") if status.get(key)]
    return ", ".join(counts) or "no pod yet"


def is_suspended(job: Object) -> bool:
    """Whether the Job is held back, as queueing systems do."""
    return bool((job.get("spec") or {}).get("suspend"))


def has_ended_pods(job: Object) -> bool:
    """Whether a pod of the Job has ended, well or badly; it may be gone by now."""
    return ended_pod_count(job) > 0


def has_started(pod: Object) -> bool:
    """Whether a container of the pod runs or has run."""
    return any(
        {"running", "terminated"} & {*(one.get("state") or {}), *(one.get("lastState") or {})}
        for one in container_statuses(pod)
    )


def is_running(pod: Object) -> bool:
    """Whether a container of the pod runs, apart from its sidecars."""
    sidecars = _sidecars(pod)
    return not has_ended(pod) and any(
        "running" in (one.get("state") or {}) for one in container_statuses(pod) if one["name"] not in sidecars
    )


def is_being_deleted(pod: Object) -> bool:
    """Whether somebody has deleted the pod, though it may still be there for a while."""
    return "deletionTimestamp" in pod["metadata"]


def condition(thing: Object, type_: str) -> Object:
    """Return the condition of that type; an empty one if there is none."""
    conditions: Sequence[Object] = _status(thing).get("conditions") or ()
    return next((one for one in conditions if one.get("type") == type_), {})


def by_age(pods: Sequence[Object]) -> list[Object]:
    """Return the pods in the order of their creation."""
    return sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")))


def failed_containers(pods: Sequence[Object]) -> list[FailedContainer]:
    """Return the containers that ended badly, in the order of their pods' creation.

    A sidecar counts only where no other container of its pod failed: it is killed when the pod is over.
    """
    return [failed for pod in by_age(pods) for failed in failed_containers_in(pod)]


def failed_containers_in(pod: Object) -> list[FailedContainer]:
    """Return the containers of one pod that ended badly."""
    if _status(pod).get("phase") == "Succeeded":
        return []
    sidecars = _sidecars(pod)
    found = list(_failed_in(pod))
    return [one for one in found if one.container not in sidecars] or found


def phase(pod: Object) -> str:
    """Return the pod's phase, as ``Running``."""
    return str(_status(pod).get("phase") or "Pending")


def has_ended(pod: Object) -> bool:
    """Whether none of the pod's containers runs any more or ever will."""
    return phase(pod) in ("Succeeded", "Failed")


def ended_pod_count(job: Object) -> int:
    """Return how many pods the Job says have ended, well or badly. A Pod is its own; other objects count none."""
    return succeeded_pod_count(job) + _count(job, "failed", "Failed")


def succeeded_pod_count(job: Object) -> int:
    """Return how many pods the Job says have ended well. A Pod is its own; other objects count none."""
    return _count(job, "succeeded", "Succeeded")


def _count(job: Object, key: str, of_phase: str) -> int:
    if kinds.is_job(job):
        return int(_status(job).get(key) or 0)
    return int(kinds.is_pod(job) and phase(job) == of_phase)


def container_states(pod: Object) -> list[ContainerState]:
    """Return what each container of the pod that has a status is doing, init containers first."""
    return [
        _container_state(one, is_init=kind == "initContainerStatuses", can_restart=_can_restart(pod, one["name"]))
        for kind in ("initContainerStatuses", "containerStatuses")
        for one in _status(pod).get(kind) or ()
    ]


def _container_state(one: Object, *, is_init: bool, can_restart: bool) -> ContainerState:
    state, last = one.get("state") or {}, "terminated" in (one.get("lastState") or {})
    waits = not {"running", "terminated"} & state.keys()
    return ContainerState(
        name=one["name"],
        is_init=is_init,
        instance=int(one.get("restartCount") or 0),
        is_running="running" in state,
        # While it waits for its restart, its last run is the one that has just ended.
        is_over="terminated" in state or (waits and last),
        has_previous=last and not waits,
        can_restart=can_restart,
    )


def _can_restart(pod: Object, container: str) -> bool:
    """Whether the kubelet may start the container again, by its own policy or else the pod's: a sidecar has its own."""
    spec = pod["spec"]
    own: Object = next(
        (one for kind in ("initContainers", "containers") for one in spec.get(kind) or () if one["name"] == container),
        {},
    )
    policy = own.get("restartPolicy") or spec.get("restartPolicy")
    return not has_ended(pod) and (policy != "Never" or bool(own.get("restartPolicyRules")))


def _failed_in(pod: Object) -> Iterator[FailedContainer]:
    for status in container_statuses(pod):
        state = status.get("state") or {}
        ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
        if ended and ended.get("exitCode"):
            yield FailedContainer(
                pod["metadata"]["name"],
                status["name"],
                ended["exitCode"],
                ended.get("reason") or "",
                ended.get("message") or "",
                status.get("restartCount") or 0,
            )


def container_statuses(pod: Object) -> list[Object]:
    """Return what the kubelet says of each container, init containers first."""
    status = _status(pod)
    return [one for kind in ("initContainerStatuses", "containerStatuses") for one in status.get(kind) or ()]


def _sidecars(pod: Object) -> set[str]:
    """Return the names of the init containers that run beside the others."""
    inits = (pod.get("spec") or {}).get("initContainers") or ()
    return {one["name"] for one in inits if one.get("restartPolicy") == "Always"}


def _status(thing: Object) -> Object:
    return thing.get("status") or {}
