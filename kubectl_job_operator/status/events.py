"""What the cluster notes about a Job and its pods: pure functions over the JSON of Events."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status

_MOST_GROUPS = 8
_MOST_CHARACTERS = 400
_LONGEST_UNCUT = 50

# Of the Normal events these tell why something ended; the others tell that all goes well.
_TELLING = frozenset({"Killing", "Preempted", "SuccessfulDelete", "Suspended", "TaintManagerEviction"})
_USUAL = ("Scheduled", "Pulling", "Pulled", "Created", "Started", "SuccessfulCreate", "Completed")

# Warnings about the node's settings, which many clusters give to every pod that runs well.
_NOISE = frozenset({"DNSConfigForming", "MissingClusterDNS"})
# Warnings that were in vain if the pod has come to run.
PASSING = frozenset({"FailedMount", "FailedToRetrieveImagePullSecret"})
PULLS = "involvedObject.kind=Pod,reason=Pulled"
"""What ``kubectl get events --field-selector`` takes to tell when images were there."""

# As "Error: ErrImagePull": the container's own state says it with its cause.
_BARE_ERROR = re.compile(r"Error: \w+")
JOB_DELETED = "the Job deleted "
"""What is told of a pod that the Job itself ended: its events say the same again."""
_UID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_CREDENTIALS = (
    re.compile(r"(://)[^/\s@]+(@)"),
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}()"),
    re.compile(r"(?i)(\b[\w-]*(?:token|password|passwd|secret|signature|credential|api[_-]?key)=)[^\s&\"']+()"),
)


def field_selector(job: Object, waiting: Sequence[Object]) -> str:
    """Return what ``kubectl get events --field-selector`` takes to tell why nothing runs, without the whole namespace.

    :param job: the Job.
    :param waiting: those of its pods that have not ended.
    """
    if not waiting:
        return f"involvedObject.uid={objects.uid(job)}"
    if len(waiting) == 1:
        return f"involvedObject.uid={objects.uid(waiting[0])}"
    return "involvedObject.kind=Pod,type=Warning"


def field_selector_at_the_end() -> str:
    """Return what it takes to tell why a Job failed, without what notes that all goes well."""
    return ",".join(f"reason!={reason}" for reason in _USUAL)


def of(job: Object, pods: Sequence[Object], events: Sequence[Object]) -> list[Object]:
    """Return the events about the Job and its pods, also about pods that are gone, oldest first.

    :param events: any events of the namespace; an earlier Job of the same name has left some, too.
    """
    name, born = job["metadata"]["name"], str(job["metadata"].get("creationTimestamp") or "")
    uids = {objects.uid(job), *(objects.uid(pod) for pod in pods)}
    # A Job that was made anew under its name has other pods: only their time tells which are whose.
    pod_name = re.compile(_pod_pattern(name))

    def is_ours(event: Object) -> bool:
        about = event.get("involvedObject") or {}
        if about.get("uid") in uids:
            return True
        is_pod = about.get("kind") == "Pod" and pod_name.fullmatch(str(about.get("name")))
        return bool(is_pod) and time_of(event) >= born

    return sorted(filter(is_ours, events), key=time_of)


def grouped(job: Object, events: Sequence[Object], told: str = "") -> list[str]:
    """Return the Warnings, and what else tells why something ended, grouped and counted, the newest first.

    :param events: those of ``of``.
    :param told: what is told already, and need not be said again.
    """
    verdict = job_status.verdict(job)
    counts: dict[str, int] = {}
    for event in reversed(events):
        reason, message = str(event.get("reason")), str(event.get("message") or "").strip()
        is_verdict = verdict is not None and reason == verdict.reason
        is_told = (reason == "SuccessfulDelete" or message.startswith("Stopping container")) and JOB_DELETED in told
        is_told = is_told or bool(_BARE_ERROR.fullmatch(message)) or message.removeprefix("Error: ").rstrip(".") in told
        tells = reason in _TELLING or (event.get("type") == "Warning" and reason not in _NOISE)
        if tells and not is_verdict and not is_told:
            group = f"{reason}: {_shortened(without_names(job, message))}"
            counts[group] = counts.get(group, 0) + count_of(event)
    lines = [f"{count} x {group}" for group, count in counts.items()]
    if len(lines) > _MOST_GROUPS:
        lines[_MOST_GROUPS:] = [f"and {len(lines) - _MOST_GROUPS} other kinds"]
    return lines


def without_names(job: Object, message: str) -> str:
    """Put ``*`` for what differs between the pods of one Job, and ``***`` for what looks like a credential."""
    message = _UID.sub(
        "*", re.sub(rf"(?<![a-z0-9-]){_pod_pattern(job['metadata']['name'])}(?![a-z0-9-])", "*", message)
    )
    for pattern in _CREDENTIALS:
        message = pattern.sub(r"\1***\2", message)
    return message


def newest(events: Sequence[Object], *reasons: str) -> Object | None:
    """Return the newest event with one of the reasons."""
    return max((event for event in events if event.get("reason") in reasons), key=time_of, default=None)


def count_of(event: Object) -> int:
    """Return how often it was seen."""
    series = event.get("series") or {}
    return int(event.get("count") or series.get("count") or 1)


def time_of(event: Object) -> str:
    """Return when it was last seen, as text that sorts."""
    series = event.get("series") or {}
    found = event.get("lastTimestamp") or series.get("lastObservedTime") or event.get("eventTime")
    # Some are in whole seconds, some in microseconds.
    return str(found or event["metadata"].get("creationTimestamp") or "")[:19]


def _pod_pattern(job_name: str) -> str:
    """Match the names of a Job's pods, with an index or without."""
    # Names are at most 63 characters long, so Kubernetes cuts those of pods whose Job has a long one.
    stem = (
        rf"{re.escape(job_name)}-(\d+-)?" if len(job_name) <= _LONGEST_UNCUT else rf"{re.escape(job_name[:40])}[\w-]*"
    )
    return stem + r"[bcdfghjklmnpqrstvwxz2456789]{5}"


def _shortened(message: str) -> str:
    return message if len(message) <= _MOST_CHARACTERS else message[: _MOST_CHARACTERS - 3] + "..."
