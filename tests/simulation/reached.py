"""What a history has come through, to be counted: states, transitions, and what kubectl answered to what."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterator

from tests.simulation.history import History
from tests.simulation.tasks import Try

_BEGINNINGS = {
    "Going on with it.": "adopts",
    "It is replaced.": "replaces",
    "It was not touched.": "refuses",
    "is not run again.": "recalls",
    " apply --server-side ": "applies",
}
_CALL = re.compile(r"try \d+: kubectl \d+ ([a-z]+).* -> (-?\d+)")


def reached(history: History) -> collections.Counter[str]:
    """Count what was reached."""
    return collections.Counter(_all(history))


def _all(history: History) -> Iterator[str]:
    for instance in history.airflow.instances:
        for before, after in instance.steps:
            yield f"task: {before} -> {after}"
        for one in instance.tries:
            yield f"try: {_beginning(one)}, then {_end(one)}"
    for fault in history.faults:
        yield f"fault: {fault.kind}"
    for line in history.lines:
        if found := _CALL.search(line):
            yield f"kubectl {found[1]}: {found[2]}"


def _beginning(one: Try) -> str:
    text = f"{one.log.text}\n{one.error}"
    return next((word for sign, word in _BEGINNINGS.items() if sign in text), "comes to nothing")


def _end(one: Try) -> str:
    if one.job is not None:
        return "success"
    return type(one.error).__name__ if one.error is not None else "its machine is gone"
