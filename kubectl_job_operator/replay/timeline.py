"""A picture of a Job's pods over time, as SVG: a bar for each container, from its pod's creation to its end."""

from __future__ import annotations

import datetime
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status.job_status import verdict

_ROW, _BAR = 18, 12
_LEFT, _RIGHT, _TOP = 330, 280, 74
_PLOT = 640
_MOST_LETTERS, _MOST_LETTERS_OF_OUTCOME = 46, 38
_MOST_TICKS = 8
_FONT = "ui-monospace, Menlo, Consolas, monospace"

# Told apart by lightness too; each bar also says in words how it ended.
_COLOURS = {
    "waiting for a node": "#d9d9d9",
    "pulling the image": "#b0b0b0",
    "starting": "#868686",
    "running": "#56b4e9",
    "ended well": "#0072b2",
    "ended badly": "#d55e00",
}
_OUTLINE = "#444444"
_RUNS = ("running", "ended well", "ended badly")

_NOT_IN_XML = re.compile(r"[^\t\n\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")

Seconds = float


@dataclass(frozen=True)
class _Segment:
    """A part of a bar."""

    phase: str
    start: Seconds
    end: Seconds


@dataclass(frozen=True)
class _Bar:
    """A container's life; of a pod without a container, the pod's. ``rank`` keeps a pod's containers together."""

    label: str
    rank: tuple[Seconds, str, Seconds]
    segments: tuple[_Segment, ...]
    outcome: str
    title: str


def timeline(job: Object, pods: Sequence[Object], events: Sequence[Object] = ()) -> str:
    """Draw the pods of a Job; the axis counts seconds since the Job's creation.

    :param job: the Job.
    :param pods: its pods.
    :param events: the events of the pods: when they got a node, and when images were pulled.
    :return: an SVG document.
    """
    scale = _Clock(job, pods, events)
    bars = sorted((bar for pod in pods for bar in _bars(pod, events, scale)), key=lambda bar: bar.rank)
    height = _TOP + _ROW * max(1, len(bars)) + 34
    width = _LEFT + _PLOT + _RIGHT
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "font-family": _FONT,
            "font-size": "11",
        },
    )
    ET.SubElement(svg, "title").text = _legible(_heading(job))
    ET.SubElement(svg, "rect", {"width": str(width), "height": str(height), "fill": "#ffffff"})
    _text(svg, 12, 22, _heading(job), {"font-size": "14", "font-weight": "bold"})
    _draw_legend(svg)
    _draw_axis(svg, scale.total, height)
    if not bars:
        _text(svg, _LEFT + 8, _TOP + 14, "There is no pod.")
    for number, bar in enumerate(bars):
        _draw_bar(svg, bar, _TOP + number * _ROW, scale.total)
    ET.indent(svg, " ")
    return ET.tostring(svg, encoding="unicode") + "\n"


class _Clock:
    """Turns points in time into seconds since the Job's creation."""

    def __init__(self, job: Object, pods: Sequence[Object], events: Sequence[Object]) -> None:
        created = _time(job["metadata"].get("creationTimestamp"))
        known = sorted(_times_in([job.get("status"), [_lasting(pod) for pod in pods], [_span(one) for one in events]]))
        self.origin = created or (known[0] if known else datetime.datetime.fromtimestamp(0, datetime.timezone.utc))
        last = max([*known, self.origin])
        self.now = (last - self.origin).total_seconds()
        """The last moment that anything is known of: what goes on goes on until then."""
        self.total = max(1.0, self.now)

    def seconds(self, text: Any) -> Seconds | None:
        moment = _time(text)
        return None if moment is None else max(0.0, (moment - self.origin).total_seconds())


def _bars(pod: Object, events: Sequence[Object], clock: _Clock) -> Iterator[_Bar]:
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
        yield _Bar(name, (created, name, created), (_Segment(phase, created, clock.now),), outcome, _lines(facts))


def _bar_of_container(
    one: Object, label: str, before: tuple[Seconds, Seconds | None, Seconds | None], clock: _Clock, node: str
) -> _Bar:
    created, scheduled, pulled = before
    runs = [run for key in ("lastState", "state") for run in [(one.get(key) or {})] if run]
    segments: list[_Segment] = []
    facts = [label.replace(" / ", ", container "), f"node: {node}", _fact("pod created", created)]
    facts += [_fact("scheduled", scheduled), _fact("image pulled", pulled)]
    reached = created if scheduled is None else max(created, scheduled)
    if reached > created:
        segments.append(_Segment("waiting for a node", created, reached))
    outcome = "unknown"
    for run in runs:
        began, ended, outcome = _run(run, clock)
        restarted = f" ({one['restartCount']} restarts)" if one.get("restartCount") else ""
        until = clock.now if ended is None else ended
        ready = until if began is None else began
        if pulled is not None and reached < pulled <= ready:
            segments.append(_Segment("pulling the image", reached, pulled))
            reached = pulled
        if ready > reached:
            segments.append(_Segment("starting", reached, ready))
        if began is not None:
            phase = "running" if ended is None else "ended well" if outcome.startswith("exit 0") else "ended badly"
            segments.append(_Segment(phase, began, max(began, until)))
            reached = max(began, until)
        facts += [_fact("started", began), _fact("ended", ended), outcome]
        outcome += restarted
    first_run = next((part.start for part in segments if part.phase in _RUNS), clock.now)
    return _Bar(label, (created, label.partition(" / ")[0], first_run), tuple(segments), outcome, _lines(facts))


def _run(state: Object, clock: _Clock) -> tuple[Seconds | None, Seconds | None, str]:
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


def _draw_legend(svg: ET.Element) -> None:
    x = 12.0
    for phase, colour in _COLOURS.items():
        box = {"x": f"{x:.0f}", "y": "34", "width": "12", "height": "12", "fill": colour, "stroke": _OUTLINE}
        ET.SubElement(svg, "rect", box)
        _text(svg, x + 17, 44, phase)
        x += 17 + 7 * len(phase) + 22


def _draw_axis(svg: ET.Element, total: Seconds, height: float) -> None:
    step = _step(total)
    for number in range(math.floor(total / step + 1e-9) + 1):
        x = _x(number * step, total)
        line = {"x1": x, "x2": x, "y1": str(_TOP - 6), "y2": str(height - 28), "stroke": "#e5e5e5"}
        ET.SubElement(svg, "line", line)
        for y in (_TOP - 10, height - 14):
            _text(svg, float(x), y, f"{number * step:,.10g} s", {"text-anchor": "middle", "fill": "#555555"})


def _draw_bar(svg: ET.Element, bar: _Bar, y: float, total: Seconds) -> None:
    group = ET.SubElement(svg, "g")
    ET.SubElement(group, "title").text = _legible(bar.title)
    _text(group, _LEFT - 8, y + _BAR - 1, _cut(bar.label), {"text-anchor": "end"})
    end = bar.rank[0]
    for part in bar.segments:
        x = float(_x(part.start, total))
        # Never so thin that it cannot be seen.
        width = max(2.0, float(_x(part.end, total)) - x)
        shape = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": str(_BAR)}
        style = {"fill": _COLOURS[part.phase], "stroke": _OUTLINE, "stroke-width": "0.4"}
        ET.SubElement(group, "rect", {**shape, **style})
        end = max(end, part.end)
    _text(group, float(_x(end, total)) + 7, y + _BAR - 2, _cut(bar.outcome, _MOST_LETTERS_OF_OUTCOME))


def _text(parent: ET.Element, x: float, y: float, text: str, style: Mapping[str, str] | None = None) -> None:
    ET.SubElement(parent, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", **(style or {})}).text = _legible(text)


def _x(seconds: Seconds, total: Seconds) -> str:
    return f"{_LEFT + _PLOT * min(1.0, seconds / total):.1f}"


def _step(total: Seconds) -> float:
    """Return the distance of the axis's marks: 1, 2 or 5 with zeros."""
    least = total / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def _cut(label: str, most: int = _MOST_LETTERS) -> str:
    """Shorten in the middle: what tells pods of one Job apart is at their names' end."""
    if len(label) <= most:
        return label
    head = (most - 1) // 2
    return f"{label[:head]}…{label[-(most - 1 - head) :]}"


def _heading(job: Object) -> str:
    ended = verdict(job)
    outcome = "has no verdict" if ended is None else f"is {ended.type}{f': {ended.reason}' if ended.reason else ''}"
    return f"{kinds.word(job)} {job['metadata'].get('namespace', '')}/{job['metadata']['name']} {outcome}"


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


def _legible(text: str) -> str:
    """Leave out what XML cannot hold."""
    return _NOT_IN_XML.sub("", text)
