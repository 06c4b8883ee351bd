"""Pure functions from the JSON of pods to what it means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubectl_job_operator import objects
from kubectl_job_operator.objects import Object, status_of

LOST = "ContainerStatusUnknown"
OOM_KILLED = "OOMKilled"


@dataclass(frozen=True)
class FailedContainer:
    """A container that ended badly.

    :param pod: its pod's name.
    :param container: its name.
    :param exit_code: what its process returned.
    :param reason: the kubelet's word for it, as ``Error`` or ``OOMKilled``.
    :param message: its termination message; may be empty.
    :param restarts: how often the kubelet has started it again in its pod.
    :param reason_before: how its run before ended, in the kubelet's word; empty where there was none.
    """

    pod: str
    container: str
    exit_code: int
    reason: str
    message: str
    restarts: int = 0
    reason_before: str = ""


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
    :param is_lost: whether its node does not know that run any more, nor its log.
    """

    name: str
    is_init: bool
    instance: int
    is_running: bool
    is_over: bool
    has_previous: bool
    can_restart: bool
    is_lost: bool = False


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


def by_age(pods: Sequence[Object]) -> list[Object]:
    """Return the pods in the order of their creation."""
    return sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")))


def names_by_age(pods: Sequence[Object]) -> list[str]:
    """Return the names of the pods in that order."""
    found = [(str(pod["metadata"].get("creationTimestamp")), str(pod["metadata"]["name"])) for pod in pods]
    return [name for _, name in sorted(found, key=lambda one: one[0])]


def failed_containers(pods: Sequence[Object]) -> list[FailedContainer]:
    """Return the containers that ended badly, in the order of their pods' creation.

    A sidecar counts only where no other container of its pod failed: it is killed when the pod is over.
    """
    return [failed for pod in by_age(pods) for failed in failed_containers_in(pod)]


def failed_containers_in(pod: Object) -> list[FailedContainer]:
    """Return the containers of one pod that ended badly."""
    if status_of(pod).get("phase") == "Succeeded":
        return []
    sidecars = _sidecars(pod)
    found = list(_failed_in(pod))
    return [one for one in found if one.container not in sidecars] or found


def phase(pod: Object) -> str:
    """Return the pod's phase, as ``Running``."""
    return str(status_of(pod).get("phase") or "Pending")


def has_ended(pod: Object) -> bool:
    """Whether none of the pod's containers runs any more or ever will."""
    return phase(pod) in ("Succeeded", "Failed")


def container_states(pod: Object) -> list[ContainerState]:
    """Return what each container of the pod that has a status is doing, init containers first."""
    return [
        _container_state(pod, one, is_init=kind == "initContainerStatuses")
        for kind in ("initContainerStatuses", "containerStatuses")
        for one in status_of(pod).get(kind) or ()
    ]


def _container_state(pod: Object, one: Object, *, is_init: bool) -> ContainerState:
    state, last = one.get("state") or {}, "terminated" in (one.get("lastState") or {})
    waits = not {"running", "terminated"} & state.keys()
    return ContainerState(
        name=one["name"],
        is_init=is_init,
        instance=_restarts(pod, one),
        is_running="running" in state,
        # While it waits for its restart, its last run is the one that has just ended.
        is_over="terminated" in state or (waits and last),
        has_previous=last and not waits,
        can_restart=_can_restart(pod, one["name"]),
        is_lost=_is_lost(one),
    )


def _restarts(pod: Object, status: Object) -> int:
    """Return how often a container was started again; the kubelet adds one where it lost sight of it."""
    count = int(status.get("restartCount") or 0)
    return max(0, count - 1) if _is_lost(status) and not objects.is_being_deleted(pod) else count


def _is_lost(status: Object) -> bool:
    """Whether the node lost sight of the run that was the last; before it is said to have ended, it waits."""
    state = status.get("state") or {}
    last = state if {"running", "terminated"} & state.keys() else status.get("lastState") or {}
    return (last.get("terminated") or {}).get("reason") == LOST


def has_lost(pod: Object, container: str) -> bool:
    """Whether the pod's node does not know the container any more, so that its log cannot be had."""
    return any(_is_lost(one) for one in container_statuses(pod) if one["name"] == container)


def _can_restart(pod: Object, container: str) -> bool:
    """Whether the kubelet may start the container again, by its own policy or else the pod's: a sidecar has its own."""
    policy, has_rules = _restart_policy(pod, container)
    return not has_ended(pod) and (policy != "Never" or has_rules)


def starts_again(pod: Object, container: str, exit_code: int) -> bool:
    """Whether the kubelet may start the container again after it has ended with this exit code."""
    return _can_restart(pod, container) and not (
        exit_code == 0 and _restart_policy(pod, container) == ("OnFailure", False)
    )


def _restart_policy(pod: Object, container: str) -> tuple[str, bool]:
    """Return the policy that holds for a container, and whether there are rules beside it."""
    spec = pod["spec"]
    own: Object = next(
        (one for kind in ("initContainers", "containers") for one in spec.get(kind) or () if one["name"] == container),
        {},
    )
    return str(own.get("restartPolicy") or spec.get("restartPolicy")), bool(own.get("restartPolicyRules"))


def _failed_in(pod: Object) -> Iterator[FailedContainer]:
    for status in container_statuses(pod):
        last, before = ((status.get(which) or {}).get("terminated") for which in ("state", "lastState"))
        ended, before = (last, before) if last else (before, None)
        if ended and ended.get("exitCode"):
            yield FailedContainer(
                pod["metadata"]["name"],
                status["name"],
                ended["exitCode"],
                ended.get("reason") or "",
                ended.get("message") or "",
                _restarts(pod, status),
                (before or {}).get("reason") or "",
            )


def container_statuses(pod: Object) -> list[Object]:
    """Return what the kubelet says of each container, init containers first."""
    status = status_of(pod)
    return [one for kind in ("initContainerStatuses", "containerStatuses") for one in status.get(kind) or ()]


def sidecar_statuses(pod: Object) -> list[Object]:
    """Return what the kubelet says of the init containers that run beside the others."""
    sidecars = _sidecars(pod)
    return [one for one in status_of(pod).get("initContainerStatuses") or () if one["name"] in sidecars]


def has_only_sidecars_left(pod: Object) -> bool:
    """Whether each of the pod's containers has ended, and none of them starts anew."""
    states = [one for one in container_states(pod) if not one.is_init]
    return bool(states) and all(one.is_over and not one.can_restart for one in states)


def _sidecars(pod: Object) -> set[str]:
    """Return the names of the init containers that run beside the others."""
    inits = (pod.get("spec") or {}).get("initContainers") or ()
    return {one["name"] for one in inits if one.get("restartPolicy") == "Always"}
