"""Waking many who wait in one event loop, a few at a time, so that the loop is never busy for long."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

_WOKEN_AT_ONCE = 10


@dataclass(eq=False)
class Sleeper:
    """One who waits for news.

    :param has_news: set when he is woken.
    """

    has_news: asyncio.Event = field(default_factory=asyncio.Event)
    is_called: bool = False
    """Whether he is to be woken, among others."""
    alarm_at: float = 0.0
    """When he is to be woken at the latest."""


class Waker:
    """Wakes those who are called, and those whose alarm is due, as long as ``wake`` and ``ring`` go on.

    There is one clock for all, and not a timer for each: after the process has stood still, all of them would ring at
    once.
    """

    def __init__(self) -> None:
        self._called: deque[Sleeper] = deque()
        self._somebody_is_called = asyncio.Event()
        self._alarms: list[tuple[float, int, Sleeper]] = []
        self._alarm_count = itertools.count()
        self._next_alarm_has_changed = asyncio.Event()

    def call(self, sleepers: Iterable[Sleeper]) -> None:
        """Have them woken soon, each once."""
        for sleeper in sleepers:
            if not sleeper.is_called:
                sleeper.is_called = True
                self._called.append(sleeper)
        self._somebody_is_called.set()

    def set_alarm(self, sleeper: Sleeper, seconds: float) -> None:
        """Wake one in that time, if nothing has woken him until then; an earlier alarm of his is forgotten."""
        sleeper.alarm_at = time.monotonic() + seconds
        heapq.heappush(self._alarms, (sleeper.alarm_at, next(self._alarm_count), sleeper))
        if self._alarms[0][2] is sleeper:
            self._next_alarm_has_changed.set()

    async def wake(self) -> None:
        """Wake those who are called."""
        while True:
            await self._somebody_is_called.wait()
            self._somebody_is_called.clear()
            while self._called:
                for _ in range(min(_WOKEN_AT_ONCE, len(self._called))):
                    sleeper = self._called.popleft()
                    sleeper.is_called = False
                    sleeper.has_news.set()
                await asyncio.sleep(0)

    async def ring(self) -> None:
        """Call those whose time is over."""
        while True:
            self._next_alarm_has_changed.clear()
            now = time.monotonic()
            while self._alarms and self._alarms[0][0] <= now:
                due, _, sleeper = heapq.heappop(self._alarms)
                if due == sleeper.alarm_at:
                    self.call([sleeper])
            left = self._alarms[0][0] - now if self._alarms else None
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._next_alarm_has_changed.wait(), left)


class Waiter(Sleeper):
    """One who waits for something, among many in one event loop.

    :param waker: wakes him.
    :param leave: called with him when he waits no longer.
    """

    def __init__(self, waker: Waker, leave: Callable[[Any], object]) -> None:
        super().__init__()
        self._waker = waker
        self._leave = leave
        self.failure = ""
        """Why nothing will be learnt any more of what he waits for."""

    async def news(self, timeout_seconds: float) -> None:
        """Wait until something has changed, or for that time."""
        self._waker.set_alarm(self, timeout_seconds)
        await self.has_news.wait()
        self.has_news.clear()

    def close(self) -> None:
        """Wait no longer."""
        self.alarm_at = 0.0
        self._leave(self)
