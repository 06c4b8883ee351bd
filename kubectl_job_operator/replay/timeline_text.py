"""A Job's pods over time as text, for the task's log: a bar of blocks for each container, over one axis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kubectl_job_operator.manifest.masking import Mask, masked_values, masks_nothing
from kubectl_job_operator.objects import Object
from kubectl_job_operator.printable import plain
from kubectl_job_operator.replay.bars import Bar, Clock, Seconds, Segment, bars_of, drawn_part
from kubectl_job_operator.replay.timeline_svg import heading, shortened

_LABEL, _PLOT, _WIDTH = 26, 32, 100
_MOST_BARS = 21
_TOLD_SECONDS = 1.0
_SLOW_SECONDS = 5.0

# Told apart by shape, for a log has no colours.
_BLOCKS = {
    "waiting for a node": "·",
    "pulling the image": "░",
    "starting": "▒",
    "running": "█",
    "ended well": "█",
    "ended badly": "▓",
}
_WAITS = {"waiting for a node": "node", "pulling the image": "image", "starting": "start"}
_LEGEND = "· waits for a node   ░ pulls its image   ▒ starts   █ runs   ▓ runs and ends badly"


def timeline_text(
    job: Object, pods: Sequence[Object], events: Sequence[Object] = (), mask: Mask = masks_nothing
) -> str:
    """Draw the pods of a Job, in at most 25 lines of at most 100 characters.

    :param job: the Job; the axis counts seconds since its creation.
    :param pods: its pods.
    :param events: those that tell when images were pulled.
    :param mask: hides the secrets in what the pods say.
    """
    clock = Clock(job, pods, events)
    # An image that the node has already is waited for by nobody.
    events = [event for event in events if "already present" not in str(event.get("message"))]
    masked = (masked_values(drawn_part(pod), mask) for pod in pods)
    bars = sorted((bar for pod in masked for bar in bars_of(pod, events, clock)), key=lambda bar: bar.rank)
    shown = _telling(bars)
    lines = [heading(job), _LEGEND, _axis(clock.total), *(_line(bar, clock.total) for bar in shown)]
    left_out = Counter(bar.outcome for bar in bars if bar not in shown)
    if left_out:
        lines.append(f"and {left_out.total()} more: {', '.join(f'{n} x {outcome}' for outcome, n in left_out.items())}")
    return "\n".join(plain(line[:_WIDTH].rstrip()) for line in lines)


def has_slow_start(pods: Sequence[Object]) -> bool:
    """Whether a container began so late that it is worth asking how long its image took."""
    clock = Clock({"metadata": {}}, pods, ())
    starts = (
        part.end - part.start
        for pod in pods
        for bar in bars_of(pod, (), clock)
        for part in bar.segments
        if part.phase == "starting"
    )
    return max(starts, default=0.0) >= _SLOW_SECONDS


def _telling(bars: Sequence[Bar]) -> list[Bar]:
    """Pick, of very many, those that ended badly and those that waited longest."""
    if len(bars) <= _MOST_BARS:
        return list(bars)

    def weight(bar: Bar) -> tuple[bool, Seconds]:
        waited = sum(part.end - part.start for part in bar.segments if part.phase in _WAITS)
        return any(part.phase == "ended badly" for part in bar.segments), waited

    telling = sorted(bars, key=weight, reverse=True)[:_MOST_BARS]
    return [bar for bar in bars if bar in telling]


def _axis(total: Seconds) -> str:
    end = f"{total:,.0f} s"
    return f"{'':{_LABEL}} 0{end:>{_PLOT - 1}}"


def _line(bar: Bar, total: Seconds) -> str:
    plot = [" "] * _PLOT
    for part in bar.segments:
        first, last = _column(part.start, total), _column(part.end, total)
        # What is over in a moment is seen all the same, as long as what was there before is too.
        for column in range(first, max(first + 1, last)):
            plot[min(column, _PLOT - 1)] = _BLOCKS[part.phase]
    waits = ", ".join(_waits(bar.segments))
    return f"{shortened(bar.label, _LABEL):{_LABEL}} {''.join(plot)} {bar.outcome}{f'; {waits}' if waits else ''}"


def _column(seconds: Seconds, total: Seconds) -> int:
    return round(_PLOT * min(1.0, seconds / total))


def _waits(segments: Sequence[Segment]) -> list[str]:
    """Tell what a container waited for, and how long."""
    waited: dict[str, Seconds] = {}
    for part in segments:
        if part.phase in _WAITS:
            waited[_WAITS[part.phase]] = waited.get(_WAITS[part.phase], 0.0) + part.end - part.start
    return [f"{what} {seconds:.0f} s" for what, seconds in waited.items() if seconds >= _TOLD_SECONDS]
