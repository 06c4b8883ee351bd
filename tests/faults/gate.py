"""The gate: task instances wait there, so that those of a wave can be struck at chosen moments of their lives."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.plan import TaskPlan

_TICK_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 1800.0


@dataclass(frozen=True)
class Gate:
    """Where task instances wait before ``execute``.

    :param folder: holds a file for each that may go on, with the Unix time at which it begins.
    """

    folder: Path

    def open(self, task_id: str, at: float) -> None:
        """Let a task instance begin at that Unix time."""
        unfinished = self.folder / f".{task_id}"
        unfinished.write_text(str(at))
        unfinished.rename(self.folder / task_id)

    def pass_through(self, task_id: str) -> None:
        """Wait until it is time for this task instance.

        :raises TimeoutError: if the bench seems to have forgotten it.
        """
        deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
        file = self.folder / task_id
        while not file.exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{task_id} was never let through the gate")
            time.sleep(_TICK_SECONDS)
        time.sleep(max(0.0, float(file.read_text()) - time.time()))


def ready_wave(left: Sequence[str], running: Sequence[str], at_gate: Sequence[str], parallelism: int) -> list[str]:
    """Return who is to be let through together: nobody, until all that can have come to the gate are there.

    :param left: the task instances that are not over.
    :param running: those that Airflow runs.
    :param at_gate: those that wait at the gate.
    :param parallelism: how many run at once.
    """
    is_whole = set(running) <= set(at_gate) and len(at_gate) == min(len(left), parallelism)
    return list(at_gate) if is_whole else []


def before_the_start(_: TaskPlan) -> tuple[float, float]:
    """Return when to strike, earliest and latest, in seconds from the start of a try: it starts on a broken cluster."""
    return -4.0, -0.2


def amid(plan: TaskPlan) -> tuple[float, float]:
    """Return the seconds in which its Job runs."""
    return 3.0, max(3.5, plan.usual_seconds - 1.0)


def at_the_verdict(plan: TaskPlan) -> tuple[float, float]:
    """Return the seconds around the end of its Job: rather before, as a busy machine is slower."""
    return plan.usual_seconds - 2.5, plan.usual_seconds + 0.5


def any_time(plan: TaskPlan) -> tuple[float, float]:
    """Return the seconds from its first command to its last."""
    return 0.0, plan.usual_seconds
