"""The lines that a bench lets containers write, and how it counts them in a task's log."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.benchmarks.telling import say

_UPTIME = "$(cut -d ' ' -f 1 /proc/uptime)"
_NUMBERED = re.compile(r"^(?:\[\S+\] )?(?:number \d+|began)")


@dataclass(frozen=True)
class Shown:
    """A line of a container as it stands in the task's log."""

    at: float
    text: str


def events_in(log: Path) -> Iterator[tuple[float, str]]:
    """Give the records of a task's log, with the moment of each as Unix time."""
    with log.open() as lines:
        for line in lines:
            event = json.loads(line)
            yield unix(event["timestamp"]), str(event["event"])


def shown_in(log: Path) -> list[Shown]:
    """Return the containers' lines in a task's log."""
    return [Shown(at, line) for at, text in events_in(log) for line in text.split("\n") if _NUMBERED.match(line)]


def count_lines(what: str, shown: list[Shown], expected: dict[str, int]) -> int:
    """Count every line, say what came of it, and return how many containers have another than each number once."""
    numbers: dict[str, list[int]] = {}
    for line in shown:
        match = re.match(r"^(?:\[(\S+)\] )?number (\d+)", line.text)
        if match:
            numbers.setdefault(match[1] or "", []).append(int(match[2]))
    ((_, each),) = expected.items()
    pods = 20 if "*" in expected else 1
    wrong = sum(found != list(range(1, each + 1)) for found in numbers.values()) + abs(pods - len(numbers))
    total = sum(map(len, numbers.values()))
    verdict = "every number once, in order" if not wrong else f"WRONG in {wrong} containers: {_errors(numbers, each)}"
    say(f"{what}: {total} of {pods * each} lines; {verdict}")
    return wrong


def _errors(numbers: dict[str, list[int]], each: int) -> str:
    told = []
    for name, found in numbers.items():
        missing, doubled = set(range(1, each + 1)) - set(found), len(found) - len(set(found))
        if missing or doubled:
            told.append(
                f"{name or 'the container'} lacks {len(missing)} (first {min(missing, default=0)}), has {doubled} twice"
            )
    return "; ".join(told) or "out of order"


def all_at_once(lines: int, *, not_before: str = "") -> str:
    """Return a script that writes numbered lines as fast as it can.

    :param not_before: when it begins, as Unix time, so that many begin together; default is at once.
    """
    wait = f"while [ $(date +%s) -lt {not_before} ]; do sleep 0.1; done; " if not_before else ""
    numbered = f"seq 1 {lines} | sed 's/.*/number & of a line that has some words in it/'"
    return f"{wait}echo began {_UPTIME}; {numbered}; sleep 1"


def paced(blocks: int, lines: int, pause: float) -> str:
    """Return a script that writes blocks of numbered lines, with a pause in seconds after each."""
    numbered = (
        f"seq $((i+1)) $((i+{lines})) | sed 's/^/number /'" if lines > 1 else f'echo "number $((i+1)) at {_UPTIME}"'
    )
    loop = f"while [ $i -lt {blocks * lines} ]; do {numbered}; i=$((i+{lines})); sleep {pause}; done"
    return f"echo began {_UPTIME}; i=0; {loop}"


def began(shown: list[Shown]) -> float:
    """Return when the first container that is shown began, as Unix time."""
    at = next(float(line.text.split()[-1]) for line in shown if "began" in line.text)
    return time.time() - uptime() + at


def uptime() -> float:
    """Return for how long the machine has run, as the containers on it see it too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def unix(text: str) -> float:
    """Return a moment in Airflow's and Kubernetes' spelling as Unix time."""
    # Python 3.10 reads no Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
