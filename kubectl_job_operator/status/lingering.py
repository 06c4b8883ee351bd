"""Who is waited for while nothing seems to happen: pure functions over the JSON of a Job and its pods."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubectl_job_operator import objects
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import exit_codes_and_oom, job_status, pod_status

_LATE_SECONDS = 10.0
"""How long after its time a pod that is being deleted may still be there, from a node that is well."""
_BY_KUBERNETES = frozenset({"foregroundDeletion", "orphan"})
_BEFORE_THE_VERDICT = {
    "FailureTarget": "has failed",
    "SuccessCriteriaMet": "has succeeded",
}


@dataclass(frozen=True)
class Lingering:
    """Something that takes its time.

    :param key: the same for the same thing, whenever it is seen.
    :param sentence: for people.
    """

    key: str
    sentence: str


def lingering(job: Object, pods: Sequence[Object], now: datetime.datetime, left_out: int = 0) -> list[Lingering]:
    """Tell who is waited for; nothing where all goes its way, or the Job is over.

    :param pods: those that are there.
    :param now: in UTC.
    :param left_out: how many pods there are beside them that run well.
    """
    if job_status.verdict(job):
        return []
    present = [pod for pod in pods if not pod_status.has_ended(pod)]
    found = [one for pod in pod_status.by_age(present) for one in _of_pod(job, pod, now)]
    return [*_of_job(job, present, left_out), *found]


def disruption_key(pod: Object) -> str:
    """Return the key of what is told of a pod that the cluster is about to end."""
    return f"disruption {pod['metadata']['name']}"


def end_by_others(pod: Object) -> str:
    """Tell in a sentence what has ended a pod where that was not its program; empty where it may have been."""
    why = (
        ""
        if pod_status.phase(pod) == "Succeeded" or not pod_status.has_ended(pod)
        else exit_codes_and_oom.by_others(pod)
    )
    return f"Pod {pod['metadata']['name']}{_on_node(pod)} has ended: {why}." if why else ""


def is_out_of_reach(pod: Object, now: datetime.datetime) -> bool:
    """Whether the cluster has not heard of the pod for so long that what its status says is not to be believed."""
    return not pod_status.has_ended(pod) and (
        _is_overdue(pod, now) or is_on_lost_node(pod) or pod_status.phase(pod) == "Unknown"
    )


def _of_job(job: Object, pods: Sequence[Object], left_out: int) -> Iterator[Lingering]:
    """Tell what keeps the Job itself."""
    kind = kinds.word(job)
    if objects.is_being_deleted(job):
        finalizers = [one for one in job["metadata"].get("finalizers") or () if one not in _BY_KUBERNETES]
        if finalizers:
            names = ", ".join(map(str, finalizers))
            yield Lingering(
                f"finalizers {names}",
                f"The {kind} is being deleted since {job['metadata']['deletionTimestamp']}, but is held by "
                f"finalizer{'s' if len(finalizers) > 1 else ''} {names}: whoever has put that on it has yet to take "
                "it off.",
            )
        elif pods:
            yield Lingering("deletion", f"The {kind} is being deleted; that waits for {_names(pods, left_out)}.")
    for type_, what in _BEFORE_THE_VERDICT.items():
        condition = objects.condition(job, type_)
        if condition.get("status") == "True" and pods:
            reason = f" ({condition['reason']})" if condition.get("reason") else ""
            yield Lingering(
                type_, f"The {kind} {what}{reason}; its verdict waits for the end of {_names(pods, left_out)}."
            )


def _of_pod(job: Object, pod: Object, now: datetime.datetime) -> Iterator[Lingering]:
    """Tell what is the matter with a pod that has not ended."""
    name, node, on_node = pod["metadata"]["name"], (pod.get("spec") or {}).get("nodeName"), _on_node(pod)
    why = exit_codes_and_oom.disruption_of(pod)
    if _is_overdue(pod, now):
        since = pod["metadata"]["deletionTimestamp"]
        others = (
            " The Job starts no other pod before that (podReplacementPolicy: Failed)."
            if kinds.is_job(job) and (job.get("spec") or {}).get("podReplacementPolicy") == "Failed"
            else ""
        )
        yield Lingering(
            f"overdue {name}",
            f"Pod {name}{on_node} was to be gone at {since}{f' ({why})' if why else ''}, but its node does not say "
            f"that it is: the node may be down or cut off.{others}",
        )
    elif why:
        yield Lingering(disruption_key(pod), f"Pod {name}{on_node} is being ended: {why}.")
    elif pod_status.phase(pod) == "Unknown":
        yield Lingering(f"unknown {name}", f"Nobody knows how pod {name} is: its node {node} cannot be reached.")
    elif is_on_lost_node(pod):
        yield Lingering(
            f"lost {name}",
            f"Pod {name} ran when it was last heard of, but its node {node} is NotReady: the cluster hears nothing of "
            "it. If that goes on, Kubernetes gives the pod up by its own rules (tolerationSeconds, 300 s by default).",
        )


def _is_overdue(pod: Object, now: datetime.datetime) -> bool:
    """Whether its node should have ended it by now: the timestamp has the grace period in it already."""
    return objects.is_being_deleted(pod) and (now - _time(pod["metadata"]["deletionTimestamp"])) > datetime.timedelta(
        seconds=_LATE_SECONDS
    )


def is_on_lost_node(pod: Object) -> bool:
    """Whether the node controller has set the pod to not ready: the kubelet itself would give a reason."""
    ready = objects.condition(pod, "Ready")
    statuses = objects.status_of(pod).get("containerStatuses") or ()
    return (
        pod_status.phase(pod) == "Running"
        and ready.get("status") == "False"
        and not ready.get("reason")
        and bool(statuses)
        and all(one.get("ready") for one in statuses)
    )


def _names(pods: Sequence[Object], left_out: int) -> str:
    more = len(pods) - 1 + left_out
    return f"pod {pods[0]['metadata']['name']}{_on_node(pods[0])}{f' and {more} more' if more else ''}"


def _on_node(pod: Object) -> str:
    node = (pod.get("spec") or {}).get("nodeName")
    return f" on node {node}" if node else ""


def _time(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00"))
