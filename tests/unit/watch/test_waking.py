"""Many who wait are woken one after the other, and nobody is forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator

import pytest

from kubectl_job_operator.watch.waking import Sleeper, Waker
from tests.unit.shared import run


@contextlib.contextmanager
def living(waker: Waker) -> Iterator[None]:
    """Let it wake and ring."""
    tasks = [asyncio.ensure_future(waker.wake()), asyncio.ensure_future(waker.ring())]
    yield
    for task in tasks:
        task.cancel()


def test_a_thousand_who_are_called_at_once_are_woken_a_few_at_a_time() -> None:
    async def call_all() -> tuple[int, int]:
        waker, sleepers = Waker(), [Sleeper() for _ in range(1000)]
        most = before = 0
        with living(waker):
            waker.call(sleepers)
            while before < len(sleepers):
                await asyncio.sleep(0)
                now = sum(sleeper.has_news.is_set() for sleeper in sleepers)
                most, before = max(most, now - before), now
        return before, most

    assert run(call_all()) == (1000, 10)


def test_an_alarm_wakes_in_its_time_and_an_earlier_one_of_the_same_is_forgotten() -> None:
    async def wait() -> None:
        waker, early, late = Waker(), Sleeper(), Sleeper()
        with living(waker):
            began = time.monotonic()
            waker.set_alarm(late, 0.05)
            waker.set_alarm(late, 0.6)
            waker.set_alarm(early, 0.2)
            await early.has_news.wait()
            assert time.monotonic() - began >= 0.2
            assert not late.has_news.is_set()
            await late.has_news.wait()
            assert time.monotonic() - began >= 0.6

    run(wait())


def test_one_who_is_called_twice_is_woken_once_and_can_be_called_again() -> None:
    async def call() -> None:
        waker, sleeper = Waker(), Sleeper()
        with living(waker):
            for _ in range(3):
                waker.call([sleeper, sleeper])
                await asyncio.wait_for(sleeper.has_news.wait(), 10)
                sleeper.has_news.clear()
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(sleeper.has_news.wait(), 0.05)

    run(call())
