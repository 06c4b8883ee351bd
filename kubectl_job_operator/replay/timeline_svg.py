"""A picture of a Job's pods over time, as SVG: a bar for each container, from its pod's creation to its end."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.replay.bars import Bar, Clock, Seconds, bars_of
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

_NOT_IN_XML = re.compile(r"[^\t\n\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def timeline(job: Object, pods: Sequence[Object], events: Sequence[Object] = ()) -> str:
    """Draw the pods of a Job; the axis counts seconds since the Job's creation.

    :param job: the Job.
    :param pods: its pods.
    :param events: the events of the pods: when they got a node, and when images were pulled.
    :return: an SVG document.
    """
    scale = Clock(job, pods, events)
    bars = sorted((bar for pod in pods for bar in bars_of(pod, events, scale)), key=lambda bar: bar.rank)
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
    ET.SubElement(svg, "title").text = _legible(heading(job))
    ET.SubElement(svg, "rect", {"width": str(width), "height": str(height), "fill": "#ffffff"})
    _text(svg, 12, 22, heading(job), {"font-size": "14", "font-weight": "bold"})
    _draw_legend(svg)
    _draw_axis(svg, scale.total, height)
    if not bars:
        _text(svg, _LEFT + 8, _TOP + 14, "There is no pod.")
    for number, bar in enumerate(bars):
        _draw_bar(svg, bar, _TOP + number * _ROW, scale.total)
    ET.indent(svg, " ")
    return ET.tostring(svg, encoding="unicode") + "\n"


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


def _draw_bar(svg: ET.Element, bar: Bar, y: float, total: Seconds) -> None:
    group = ET.SubElement(svg, "g")
    ET.SubElement(group, "title").text = _legible(bar.title)
    _text(group, _LEFT - 8, y + _BAR - 1, shortened(bar.label), {"text-anchor": "end"})
    end = bar.rank[0]
    for part in bar.segments:
        x = float(_x(part.start, total))
        # Never so thin that it cannot be seen.
        width = max(2.0, float(_x(part.end, total)) - x)
        shape = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": str(_BAR)}
        style = {"fill": _COLOURS[part.phase], "stroke": _OUTLINE, "stroke-width": "0.4"}
        ET.SubElement(group, "rect", {**shape, **style})
        end = max(end, part.end)
    _text(group, float(_x(end, total)) + 7, y + _BAR - 2, shortened(bar.outcome, _MOST_LETTERS_OF_OUTCOME))


def _text(parent: ET.Element, x: float, y: float, text: str, style: Mapping[str, str] | None = None) -> None:
    ET.SubElement(parent, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", **(style or {})}).text = _legible(text)


def _x(seconds: Seconds, total: Seconds) -> str:
    return f"{_LEFT + _PLOT * min(1.0, seconds / total):.1f}"


def _step(total: Seconds) -> float:
    """Return the distance of the axis's marks: 1, 2 or 5 with zeros."""
    least = total / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def shortened(label: str, most: int = _MOST_LETTERS) -> str:
    """Shorten in the middle: what tells pods of one Job apart is at their names' end."""
    if len(label) <= most:
        return label
    head = (most - 1) // 2
    return f"{label[:head]}…{label[-(most - 1 - head) :]}"


def heading(job: Object) -> str:
    """Tell of whom a picture is, and what came of it."""
    ended = verdict(job)
    outcome = "has no verdict" if ended is None else f"is {ended.type}{f': {ended.reason}' if ended.reason else ''}"
    return f"{kinds.word(job)} {job['metadata'].get('namespace', '')}/{job['metadata']['name']} {outcome}"


def _legible(text: str) -> str:
    """Leave out what XML cannot hold."""
    return _NOT_IN_XML.sub("", text)
