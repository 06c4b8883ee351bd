"""The lives of a Job's containers in phases, read from its pods and their events."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_job_operator.objects import Object

_RUNS = ("running", "ended well", "ended badly")

Seconds = float


@dataclass(frozen=True)
class Segment:
    """A part of a bar."""

    phase: str
    start: Seconds
    end: Seconds


@dataclass(frozen=True)
class Bar:
    """A container's life; of a pod without a container, the pod's. ``rank`` keeps a pod's containers together."""

    label: str
    rank: tuple[Seconds, str, Seconds]
    segments: tuple[Segment, ...]
    outcome: str
    title: str


class Clock:
    """Turns points in time into seconds since the Job's creation.

    :param job: the Job.
    :param pods: its pods.
    :param events: the events of the pods.
    """

    def __init__(self, job: Object, pods: Sequence[Object], events: Sequence[Object]) -> None:
        created = _time(job["metadata"].get("creationTimestamp"))
        noted = itertools.chain([job.get("status")], map(_lasting, pods), map(_span, events))
        earliest, last = None, created
        for moment in itertools.chain.from_iterable(map(_times_in, noted)):
            earliest = moment if earliest is None else min(earliest, moment)
            last = moment if last is None else max(last, moment)
        self.origin = created or earliest or datetime.datetime.fromtimestamp(0, datetime.timezone.utc)
        last = last or self.origin
        self.now = (last - self.origin).total_seconds()
        """The last moment that anything is known of: what goes on goes on until then."""
        self.total = max(1.0, self.now)

    def seconds(self, text: Any) -> Seconds | None:
        """Turn a Kubernetes timestamp; ``None`` if it is none."""
        moment = _time(text)
        return None if moment is None else max(0.0, (moment - self.origin).total_seconds())


def bars_of(pod: Object, events: Sequence[Object], clock: Clock) -> Iterator[Bar]:
    """Tell the lives of a pod's containers.

    :param events: the events of the pods.
    """
    name = pod["metadata"]["name"]
    created = clock.seconds(pod["metadata"].get("creationTimestamp")) or 0.0
    scheduled = clock.seconds(_condition_time(pod, "PodScheduled"))
    state = pod.get("status") or {}
    node = (pod.get("spec") or {}).get("nodeName") or "none"
    statuses = [
        one
        for kind in ("initContainerStatuses", "containerStatuses")
        for one in state.get(kind) or ()
        if one.get("name")
    ]
    for one in statuses:
        pulled = clock.seconds(_pulled_time(pod, one["name"], events))
        yield _bar_of_container(one, f"{name} / {one['name']}", (created, scheduled, pulled), clock, node)
    if not statuses:
        why = next((c.get("reason") for c in state.get("conditions") or () if c.get("status") == "False"), None)
        outcome = f"{state.get('phase') or 'no status'}{f': {why}' if why else ''}"
        phase = "ended badly" if state.get("phase") == "Failed" else "waiting for a node"
        facts = [name, f"node: {node}", _fact("pod created", created), outcome]
        yield Bar(name, (created, name, created), (Segment(phase, created, clock.now),), outcome, _lines(facts))


def drawn_part(pod: Object) -> Object:
    """Return what of a pod is drawn: a third of it."""
    status = pod.get("status") or {}
    return {
        "metadata": _picked(pod["metadata"], "name", "uid", "creationTimestamp"),
        "spec": _picked(pod.get("spec") or {}, "nodeName"),
        "status": {
            **_picked(status, "phase", "startTime"),
            "conditions": status.get("conditions") or (),
            **{
                kind: [_picked(one, "name", "restartCount", "state", "lastState") for one in status.get(kind) or ()]
                for kind in ("initContainerStatuses", "containerStatuses")
            },
        },
    }


def _picked(whole: Object, *keys: str) -> Object:
    return {key: whole[key] for key in keys if key in whole}


def _bar_of_container(
    one: Object, label: str, before: tuple[Seconds, Seconds | None, Seconds | None], clock: Clock, node: str
) -> Bar:
    created, scheduled, pulled = before
    runs = [run for key in ("lastState", "state") for run in [(one.get(key) or {})] if run]
    segments: list[Segment] = []
    facts = [label.replace(" / ", ", container "), f"node: {node}", _fact("pod created", created)]
    facts += [_fact("scheduled", scheduled), _fact("image pulled", pulled)]
    reached = created if scheduled is None else max(created, scheduled)
    if reached > created:
        segments.append(Segment("waiting for a node", created, reached))
    outcome = "unknown"
    for run in runs:
        began, ended, outcome = _run(run, clock)
        restarted = f" ({one['restartCount']} restarts)" if one.get("restartCount") else ""
        until = clock.now if ended is None else ended
        ready = until if began is None else began
        if pulled is not None and reached < pulled <= ready:
            segments.append(Segment("pulling the image", reached, pulled))
            reached = pulled
        if ready > reached:
            segments.append(Segment("starting", reached, ready))
        if began is not None:
            phase = "running" if ended is None else "ended well" if outcome.startswith("exit 0") else "ended badly"
            segments.append(Segment(phase, began, max(began, until)))
            reached = max(began, until)
        facts += [_fact("started", began), _fact("ended", ended), outcome]
        outcome += restarted
    first_run = next((part.start for part in segments if part.phase in _RUNS), clock.now)
    return Bar(label, (created, label.partition(" / ")[0], first_run), tuple(segments), outcome, _lines(facts))


def _run(state: Object, clock: Clock) -> tuple[Seconds | None, Seconds | None, str]:
    """Return the start, the end and the outcome of one run of a container."""
    if "terminated" in state:
        ended = state["terminated"] or {}
        reason = ended.get("reason") or ""
        words = "" if reason in ("", "Completed", "Error") else f" {reason}"
        return (
            clock.seconds(ended.get("startedAt")),
            clock.seconds(ended.get("finishedAt")),
            f"exit {ended.get('exitCode')}{words}",
        )
    if "running" in state:
        return clock.seconds((state["running"] or {}).get("startedAt")), None, "running"
    reason = (state.get("waiting") or {}).get("reason")
    return None, None, f"waiting: {reason}" if reason else "waiting"


def _lines(facts: Sequence[str]) -> str:
    return "\n".join(fact for fact in facts if fact)


def _fact(what: str, seconds: Seconds | None) -> str:
    return "" if seconds is None else f"{what}: {seconds:.0f} s"


def _condition_time(pod: Object, kind: str) -> Any:
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition.get("type") == kind and condition.get("status") == "True":
            return condition.get("lastTransitionTime")
    return None


def _pulled_time(pod: Object, container: str, events: Sequence[Object]) -> Any:
    """Return when the image of a container was there; kubelets give the container in curly brackets."""
    for event in events:
        about = event.get("involvedObject") or {}
        is_pull = event.get("reason") == "Pulled" and about.get("uid") == pod["metadata"].get("uid")
        if is_pull and str(about.get("fieldPath", "")).endswith(f"{{{container}}}"):
            return event.get("firstTimestamp") or event.get("eventTime")
    return None


def _lasting(pod: Object) -> Any:
    """Return what of a pod tells when something happened to it."""
    state = pod.get("status") or {}
    kinds = ("conditions", "initContainerStatuses", "containerStatuses", "startTime")
    return [pod["metadata"].get("creationTimestamp"), *(state.get(kind) for kind in kinds)]


def _span(event: Object) -> list[Any]:
    return [event.get(key) for key in ("firstTimestamp", "lastTimestamp", "eventTime")]


def _times_in(value: Any) -> Iterator[datetime.datetime]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _times_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _times_in(item)
    elif (moment := _time(value)) is not None:
        yield moment


def _time(text: Any) -> datetime.datetime | None:
    """Read a Kubernetes timestamp; ``None`` for anything else."""
    if not isinstance(text, str) or not text.endswith("Z"):
        return None
    try:
        return datetime.datetime.fromisoformat(text.partition(".")[0].removesuffix("Z") + "+00:00")
    except ValueError:
        return None
