"""Making a history shorter in which an invariant is broken: with fewer faults there is less to read."""

from __future__ import annotations

from tests.simulation.history import History
from tests.simulation.invariants import broken


def names(problems: list[str]) -> set[str]:
    """Return which invariants are broken."""
    return {problem.partition(":")[0] for problem in problems}


def shrunk(history: History) -> History:
    """Return the history of the same seed with as few of the faults as still break one of the same invariants."""
    wanted = names(broken(history))
    number = 0
    while number < len(history.faults):
        fewer = History(history.seed, [*history.faults[:number], *history.faults[number + 1 :]])
        if wanted & names(broken(fewer)):
            history = fewer
        else:
            number += 1
    return history


def told(history: History) -> str:
    """Write for people what has happened, and what does not hold."""
    return "\n".join(
        [
            f"seed {history.seed}",
            *(f"  planned: {fault}" for fault in history.faults),
            *history.lines,
            *(f"BROKEN {problem}" for problem in broken(history)),
        ]
    )
