"""``make bench-growth``: what more pods, lines, deferred Jobs and tasks cost, in a model of a cluster; draws it too."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks.deferred_pods import measure_deferred
from tests.benchmarks.growth_picture import picture
from tests.benchmarks.growth_series import Growth, of_deferred_jobs, of_lines, of_pods, of_pods_with_logs, of_tasks
from tests.benchmarks.telling import say, verdict

_CPU_RATIO_BAR, _MEMORY_BAR_MB, _BLOCK_BAR_MS = 1.3, 100.0, 20.0
_DEFERRED_PODS, _DEFERRED_SECONDS = 5_000, 30.0
_SERIES: dict[str, tuple[Callable[[int], Growth], Sequence[int]]] = {
    "pods of a Job": (of_pods, (1, 10, 100, 1_000, 10_000)),
    "pods of a Job, with their logs": (of_pods_with_logs, (1, 10, 100, 1_000)),
    "log lines": (of_lines, (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)),
    "deferred Jobs": (of_deferred_jobs, (1, 10, 100, 1_000)),
    "tasks on a worker": (of_tasks, (1, 10, 100)),
}


def main() -> int:
    """Measure, print and draw; return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.growth", description=__doc__)
    parser.add_argument("--only", choices=_SERIES, action="append", help="not all of it; may be repeated")
    parser.add_argument("--most", type=int, default=1_000_000, help="leave larger counts out (default: %(default)s)")
    parser.add_argument("--picture", type=Path, help="write the picture, as SVG")
    arguments = parser.parse_args()
    found: dict[str, list[Growth]] = {}
    missed = False
    for name in arguments.only or _SERIES:
        measure, counts = _SERIES[name]
        say(f"{name}:")
        found[name] = []
        for count in counts:
            if count <= arguments.most:
                found[name].append(one := measure(count))
                say(f"  {count:9,}  {one.cpu_seconds:8.2f} s of CPU  {one.megabytes:5.0f} MB more")
        missed = _misses(found[name]) or missed
    if arguments.only is None:
        missed = _holds_the_loop_up() or missed
    if arguments.picture is not None:
        arguments.picture.write_text(picture(found), encoding="utf-8")
    return 1 if missed else 0


def _misses(series: Sequence[Growth]) -> bool:
    """Tell whether ten times as many have cost more than ten times as much, and whether they took too much memory."""
    if len(series) < 2:
        return False
    fewer, most = series[-2:]
    ratio = (most.cpu_seconds / most.count) / (fewer.cpu_seconds / fewer.count)
    is_missed = ratio > _CPU_RATIO_BAR or most.megabytes > _MEMORY_BAR_MB
    say(
        f"  CPU of each at {most.count:,} over that at {fewer.count:,}: {ratio:.2f} (bar {_CPU_RATIO_BAR}); "
        f"{most.megabytes:.0f} MB more (bar {_MEMORY_BAR_MB:.0f}): {verdict(is_missed=is_missed)}"
    )
    return is_missed


def _holds_the_loop_up() -> bool:
    one = measure_deferred(_DEFERRED_PODS, _DEFERRED_SECONDS)
    is_missed = one.longest_block_ms > _BLOCK_BAR_MS
    say(
        f"One deferred Job with {one.pods:,} pods: its longest work in the event loop at a time takes "
        f"{one.longest_block_ms:.0f} ms (bar {_BLOCK_BAR_MS:.0f}): {verdict(is_missed=is_missed)}"
    )
    return is_missed


if __name__ == "__main__":
    raise SystemExit(main())
