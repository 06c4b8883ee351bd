"""A worker's machine in the simulated world, and the processes that start there."""

from __future__ import annotations

import collections
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from kubectl_job_operator.kubectl.process import Finished, Process, Processes
from tests.simulation.kubectl import BUSY, LOST, REFUSED, SILENT, FailedError, Kubectl, parsed
from tests.simulation.world import Machine, World

Answer = TypeVar("Answer")


class _StoppedError(Exception):
    """The process was told to end."""


@dataclass
class CallFaults:
    """What goes wrong with which kubectl of a history.

    :param planned: the kinds of faults, by a verb, the number of a kubectl among those that have it, and how many of
        any verb later; all have the empty verb.
    """

    planned: Mapping[tuple[str, int, int], str] = field(default_factory=dict)
    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    due: dict[int, str] = field(default_factory=dict)

    def next(self, verb: str) -> tuple[int, str]:
        """Return the number of a process that starts, and its fault; empty for none."""
        self.counts.update(("", verb))
        total = self.counts[""]
        for (of_verb, number, after), kind in self.planned.items():
            if of_verb in ("", verb) and self.counts[of_verb] == number:
                self.due.setdefault(total + after, kind)
        return total, self.due.get(total, "")


@dataclass
class Host:
    """Where a try runs.

    :param who: for whom the processes act.
    :param world: whose time it is.
    :param machine: ends with the worker.
    :param kubectl: what kubectl is here.
    :param faults: what goes wrong with the processes.
    :param note: takes a line for the history.
    """

    who: str
    world: World
    machine: Machine
    kubectl: Kubectl
    faults: CallFaults
    note: Callable[[str], None]

    def make_processes(self, environment: Mapping[str, str]) -> Processes:
        """Make what starts processes here."""
        self.machine.check()
        return Processes(environment, partial(SimulatedProcess, self))


class SimulatedProcess(Process):
    """A kubectl of the simulated world; it lives in a thread of it, as a real one has a thread that waits for it."""

    def __init__(
        self,
        host: Host,
        argv: Sequence[str],
        environment: Mapping[str, str],
        on_exit: Callable[[Process], None] | None = None,
        on_output: Callable[[bytes], None] | None = None,
    ) -> None:
        super().__init__(argv, environment, on_exit, on_output)
        self._host = host

    def start(self) -> None:
        """Start it, on a machine that is there."""
        self._host.machine.check()
        super().start()

    def wait(self, timeout_seconds: float | None = None) -> Finished | None:
        """Wait for its end, on a machine that is there."""
        self._host.machine.check()
        return super().wait(timeout_seconds)

    def _run(self) -> Finished:
        host = self._host
        run = Run(host, self.argv, lambda: self.was_stopped, self._on_output)
        code, stdout, stderr = run.live()
        host.note(f"{host.who}: kubectl {run.number} {' '.join(self.argv[3:])[:90]} -> {code} {stderr.strip()[:90]}")
        return Finished(self.argv, code, stdout, stderr, host.world.now - self._started_at)


class Run:
    """One kubectl that runs."""

    def __init__(
        self,
        host: Host,
        argv: Sequence[str],
        was_stopped: Callable[[], bool],
        on_output: Callable[[bytes], None] | None,
    ) -> None:
        self.argv = argv
        self.world = host.world
        self.who = host.who
        self._host = host
        self._cluster = host.kubectl.cluster
        self._was_stopped = was_stopped
        self._on_output = on_output
        self._printed = ""
        self.number, self._fault = host.faults.next(parsed(argv)[0][0])
        self.chance = self.world.draw(f"kubectl {self.number}")

    def live(self) -> tuple[int, str, str]:
        """Run to the end; return the code and what was printed."""
        try:
            self.sleep(self.chance.uniform(0.03, 0.2) + (self.chance.uniform(1, 30) if self._fault == "slow" else 0))
            self._printed += self._host.kubectl.run(self)
        except FailedError as error:
            return error.code, self._printed, error.stderr
        except _StoppedError:
            return -15, self._printed, ""
        return 0, self._printed, ""

    def ask(self, request: Callable[[], Answer]) -> Answer:
        """Ask the API server something, as far as it is there."""
        fault, self._fault = self._fault, ""
        self.sleep(self.chance.uniform(0.005, 0.1))
        if fault == "hang":
            # Over a silent connection kubectl asks whether the server lives, and gives up after a while.
            self.sleep(self.chance.uniform(10.0, 60.0))
            raise FailedError(SILENT)
        if fault == "killed before":
            raise FailedError("", -9)
        if not self._cluster.is_up or fault == "refused":
            raise FailedError(REFUSED)
        if fault == "busy":
            raise FailedError(BUSY)
        answer, cuts = request(), self._cluster.cuts
        self.sleep(self.chance.uniform(0.005, 0.1))
        if fault == "killed after":
            raise FailedError("", -9)
        if fault == "lost" or cuts != self._cluster.cuts:
            raise FailedError(LOST)
        return answer

    def print(self, text: str) -> None:
        """Print something now."""
        if self._on_output is None:
            self._printed += text
        elif text:
            self._on_output(text.encode())

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        if self.world.wait(self._was_stopped, seconds):
            raise _StoppedError

    def until(self, holds: Callable[[], bool], seconds: float = float("inf")) -> None:
        """Wait until something holds, or for some time."""
        self.world.wait(lambda: self._was_stopped() or holds(), seconds)
        if self._was_stopped():
            raise _StoppedError
