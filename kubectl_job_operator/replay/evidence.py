"""What the cluster still knows of a Job that ended badly, read once, all at a time, within a few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kubectl_job_operator import objects
from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status

Result = TypeVar("Result")

_SECONDS = 5.0


@dataclass(frozen=True)
class Evidence:
    """What was read.

    :param job: the Job as it was last seen; ``None`` if it was never seen.
    :param pods: its pods.
    :param events: the events of the Job and of its pods, the oldest first.
    :param versions: kubectl's and the server's.
    """

    job: Object | None = None
    pods: Sequence[Object] = ()
    events: Sequence[Object] = ()
    versions: Mapping[str, Any] = field(default_factory=dict)


def gather(kubectl: Kubectl, job: Object, warn: Callable[[str], None], *, reads_events: bool = True) -> Evidence:
    """Read what there is; what cannot be read in time is left out, with a warning.

    :param kubectl: reads; its children are not those that were stopped.
    :param job: the Job; read again unless it has its verdict.
    :param warn: takes a word for each.
    :param reads_events: whether the account may.
    """
    deadline = time.monotonic() + _SECONDS

    def read(call: Call, finish: Callable[[Call, float], Result], what: str, otherwise: Result) -> Result:
        try:
            return finish(call, max(0.1, deadline - time.monotonic()))
        except KubectlError as error:
            warn(f"The {what} cannot be kept for a replay.\n{error}")
            return otherwise

    pods_call = kubectl.start_select("pods", job_status.pod_selector(job))
    events_call = kubectl.start_select("events", None) if reads_events else None
    versions_call = kubectl.start_versions()
    job_call = kubectl.start_get(kinds.target(job)) if job_status.verdict(job) is None else None
    found = read(job_call, kubectl.finish_get, "Job's state", None) if job_call else None
    pods: list[Object] = read(pods_call, kubectl.finish_select, "pods", [])
    events: list[Object] = read(events_call, kubectl.finish_select, "events", []) if events_call else []
    versions: Object = read(versions_call, kubectl.finish_versions, "server's version", {})
    is_same = found is not None and objects.uid(found) == objects.uid(job)
    return Evidence(found if is_same else job, pods, events_of(job, pods, events), versions)


def events_of(job: Object, pods: Sequence[Object], events: Sequence[Object]) -> list[Object]:
    """Pick the events of a Job and of its pods, also of those that are gone; the oldest first."""
    uids = {objects.uid(thing) for thing in (job, *pods)}
    prefix, since = f"{job['metadata']['name']}-", str(job["metadata"].get("creationTimestamp") or "")

    def is_about_it(event: Object) -> bool:
        about = event.get("involvedObject") or {}
        of_lost_pod = about.get("kind") == "Pod" and str(about.get("name")).startswith(prefix)
        return about.get("uid") in uids or (of_lost_pod and last_seen(event) >= since)

    return sorted(filter(is_about_it, events), key=last_seen)


def last_seen(event: Object) -> str:
    """Return when an event was last seen; Kubernetes' timestamps sort as text."""
    return str(event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp") or "")
