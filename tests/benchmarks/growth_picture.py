"""A picture of how costs grow, as SVG: both axes logarithmic, so that what is linear is a straight line of slope 1."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence

from tests.benchmarks.growth_series import Growth

_PLOT, _LEFT, _TOP, _GAP = 300, 60, 40, 90
_LEGEND = 24
_FONT = "ui-monospace, Menlo, Consolas, monospace"
# Told apart by more than their colours: each line has its own dashes.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")
_DASHES = ("", "6 3", "2 3", "8 3 2 3", "12 4")
_COUNTS, _SECONDS, _MEGABYTES = (0, 6), (-2, 3), (-1, 3)


def picture(series: Mapping[str, Sequence[Growth]]) -> str:
    """Draw CPU and memory of each series.

    :return: an SVG document.
    """
    width = _LEFT + 2 * _PLOT + _GAP + 20
    height = _TOP + _PLOT + 50 + _LEGEND * len(series)
    attributes = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {height}"}
    svg = ET.Element("svg", {**attributes, "font-family": _FONT, "font-size": "11"})
    ET.SubElement(svg, "title").text = "CPU and memory over the number of pods, lines, deferred Jobs and tasks"
    ET.SubElement(svg, "rect", {"width": str(width), "height": str(height), "fill": "#ffffff"})
    plots: tuple[tuple[str, tuple[int, int], Callable[[Growth], float]], ...] = (
        ("CPU seconds", _SECONDS, lambda one: one.cpu_seconds),
        ("MB more memory", _MEGABYTES, lambda one: one.megabytes),
    )
    for number, (title, exponents, value) in enumerate(plots):
        left = _LEFT + number * (_PLOT + _GAP)
        _axes(svg, left, title, exponents)
        for index, found in enumerate(series.values()):
            points = [
                f"{_at(one.count, _COUNTS, left, _PLOT):.1f},{_at(value(one), exponents, _TOP + _PLOT, -_PLOT):.1f}"
                for one in found
            ]
            ET.SubElement(svg, "polyline", {"points": " ".join(points), "fill": "none", **_stroke(index)})
    for index, name in enumerate(series):
        y = _TOP + _PLOT + 50 + _LEGEND * index
        line = {"x1": str(_LEFT), "x2": str(_LEFT + 40), "y1": str(y - 4), "y2": str(y - 4)}
        ET.SubElement(svg, "line", {**line, **_stroke(index)})
        _text(svg, _LEFT + 50, y, name)
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode") + "\n"


def _axes(svg: ET.Element, left: int, title: str, exponents: tuple[int, int]) -> None:
    _text(svg, left, _TOP - 14, title)
    for exponent in range(_COUNTS[0], _COUNTS[1] + 1):
        x = _at(10.0**exponent, _COUNTS, left, _PLOT)
        _rule(svg, (x, _TOP), (x, _TOP + _PLOT))
        _text(svg, x, _TOP + _PLOT + 16, _number(exponent), anchor="middle")
    for exponent in range(exponents[0], exponents[1] + 1):
        y = _at(10.0**exponent, exponents, _TOP + _PLOT, -_PLOT)
        _rule(svg, (left, y), (left + _PLOT, y))
        _text(svg, left - 6, y + 4, _number(exponent), anchor="end")


def _at(value: float, exponents: tuple[int, int], start: float, length: float) -> float:
    """Return where a value stands on an axis; what is too small stands at its beginning."""
    first, last = exponents
    exponent = max(first, math.log10(value)) if value > 0 else first
    return start + length * (exponent - first) / (last - first)


def _stroke(index: int) -> dict[str, str]:
    colour, dashes = _COLOURS[index % len(_COLOURS)], _DASHES[index % len(_DASHES)]
    return {"stroke": colour, "stroke-width": "2", **({"stroke-dasharray": dashes} if dashes else {})}


def _rule(svg: ET.Element, start: tuple[float, float], end: tuple[float, float]) -> None:
    names = ("x1", "y1", "x2", "y2")
    places = dict(zip(names, (f"{place:.1f}" for place in (*start, *end)), strict=True))
    ET.SubElement(svg, "line", {**places, "stroke": "#dddddd"})


def _text(svg: ET.Element, x: float, y: float, text: str, *, anchor: str = "start") -> None:
    ET.SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}).text = text


def _number(exponent: int) -> str:
    if exponent < 0:
        return f"{10.0**exponent:g}"
    size = exponent // 3
    return f"{10 ** (exponent - 3 * size)}{('', 'k', 'M')[size]}"
