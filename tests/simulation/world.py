"""Time and threads of a simulated world: one runs at a time, and time goes on when all of them wait."""

from __future__ import annotations

import datetime
import heapq
import itertools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import greenlet

EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
_BEGAN = 1_000.0


class StillWaitingError(AssertionError):
    """The world's time is over, and somebody waits."""


class Gone(BaseException):
    """Ends what runs on a machine that is gone, whatever it does; nothing that it does then has an effect."""


@dataclass
class Machine:
    """Where threads run; they end with it.

    :param name: for people.
    """

    name: str
    is_gone: bool = False

    def check(self) -> None:
        """Let nobody do anything on a machine that is gone.

        :raises Gone: if it is.
        """
        if self.is_gone:
            raise Gone(self.name)


@dataclass
class Thread:
    """Something that runs, and waits now and then.

    :param name: for people.
    :param machine: where.
    """

    name: str
    machine: Machine
    stack: greenlet.greenlet = field(repr=False)
    is_over: Callable[[], bool] = lambda: True
    deadline: float = -math.inf
    interruption: BaseException | None = None
    has_ended: bool = False

    def interrupt(self, error: BaseException) -> None:
        """Raise an error in it where it waits, as a signal's handler does."""
        self.interruption = error


class World:
    """Holds the time, the threads, and the chance of one history.

    :param seed: from which all chance comes.
    """

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.chance = random.Random(f"{seed} interleaving")
        self.now = _BEGAN
        self.machine = Machine("the world")
        self._hub = greenlet.getcurrent()
        self._threads: list[Thread] = []
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self.current: Thread | None = None

    def draw(self, what: str) -> random.Random:
        """Return the chance for one thing, which does not depend on what else happens."""
        return random.Random(f"{self.seed} {what}")

    @property
    def elapsed(self) -> float:
        """How many seconds it is old."""
        return self.now - _BEGAN

    @property
    def wall_time(self) -> datetime.datetime:
        """What the clocks on the walls show."""
        return EPOCH + datetime.timedelta(seconds=self.elapsed)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Let something happen that does not wait."""
        heapq.heappush(self._due, (self.now + max(0.0, seconds), next(self._numbers), action))

    def spawn(self, action: Callable[[], None], name: str, machine: Machine | None = None) -> Thread:
        """Start a thread; it runs when its turn comes."""
        where = machine or (self.current.machine if self.current else self.machine)

        def live() -> None:
            try:
                action()
            except Gone:
                pass
            finally:
                thread.has_ended = True

        thread = Thread(name, where, greenlet.greenlet(live, parent=self._hub))
        self._threads.append(thread)
        return thread

    def wait(self, is_over: Callable[[], bool], seconds: float = math.inf) -> bool:
        """Let the others run until a condition holds, or for some time; return whether it holds.

        :raises Gone: if the machine of who waits is gone.
        """
        thread = self.current
        if thread is None:
            raise AssertionError("only a thread can wait")
        thread.machine.check()
        thread.is_over = is_over
        thread.deadline = math.inf if seconds == math.inf else self.now + seconds
        if seconds > 0:
            thread.deadline = max(thread.deadline, math.nextafter(self.now, math.inf))
        self._hub.switch()
        thread.machine.check()
        if thread.interruption is not None:
            error, thread.interruption = thread.interruption, None
            raise error
        return is_over()

    def sleep(self, seconds: float) -> None:
        """Let time pass for the thread that asks."""
        self.wait(lambda: False, seconds)

    def run(self, until: Callable[[], bool], longest_seconds: float) -> None:
        """Let the world go on until something holds.

        :raises StillWaitingError: if that takes too long; so long it has gone on then.
        """
        end = self.now + longest_seconds
        while not until():
            ready = [one for one in self._threads if self._is_ready(one)]
            if ready:
                self._switch_to(ready[self.chance.randrange(len(ready))] if len(ready) > 1 else ready[0])
                continue
            self.now = max(self.now, min([one.deadline for one in self._threads], default=math.inf, key=float))
            if self._due and self._due[0][0] < self.now:
                self.now = self._due[0][0]
            if self.now > end:
                self.now = end
                waiting = ", ".join(one.name for one in self._threads)
                raise StillWaitingError(f"after {longest_seconds:.0f} s there still wait: {waiting}")
            while self._due and self._due[0][0] <= self.now:
                heapq.heappop(self._due)[2]()

    def close(self) -> None:
        """End all that runs."""
        for thread in list(self._threads):
            thread.machine.is_gone = True
        for _ in range(len(self._threads)):
            if self._threads:
                self._switch_to(self._threads[0])

    def _is_ready(self, thread: Thread) -> bool:
        return (
            thread.machine.is_gone or thread.deadline <= self.now or thread.interruption is not None or thread.is_over()
        )

    def _switch_to(self, thread: Thread) -> None:
        self.current = thread
        thread.stack.switch()
        self.current = None
        if thread.stack.dead:
            self._threads.remove(thread)
