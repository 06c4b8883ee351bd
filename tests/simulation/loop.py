"""An event loop of asyncio in a thread of the simulated world."""

from __future__ import annotations

import asyncio
import asyncio.events
import math
from collections.abc import Callable
from typing import Any

from tests.simulation.world import World


class VirtualLoop(asyncio.BaseEventLoop):
    """Waits as the world's threads do, and has its blocking calls made in threads of the world.

    :param world: whose time it is.
    """

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._is_woken = False
        self._is_ending = False
        self._selector = self
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Return the world's time."""
        return self._world.now

    def select(self, timeout: float | None) -> list[Any]:
        """Wait until there is something to do; asyncio takes it for what waits for files."""
        if not self._is_ending and timeout != 0:
            # All threads of the world are one for Python: while others run, this loop does not.
            asyncio.events._set_running_loop(None)
            try:
                self._world.wait(lambda: self._is_woken, math.inf if timeout is None else timeout)
            finally:
                asyncio.events._set_running_loop(self)
        self._is_woken = False
        return []

    def run_in_executor(  # type: ignore[override]
        self,
        executor: Any,  # noqa: ARG002 - there is one
        func: Callable[..., Any],
        *args: Any,
    ) -> asyncio.Future[Any]:
        """Make a blocking call in a thread of the world."""
        future = self.create_future()
        if self._is_ending:
            future.set_result(None)
            return future

        def run() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001 - whoever waits gets it
                self.call_soon_threadsafe(_settle, future, None, error)
            else:
                self.call_soon_threadsafe(_settle, future, result, None)

        self._world.spawn(run, "a call of the event loop")
        return future

    def end(self) -> None:
        """Let all that still waits in it be cancelled, when its machine is gone."""
        self._is_ending = True
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        if tasks:
            self.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.close()

    def _process_events(self, event_list: Any) -> None:
        """Do nothing: there are no files."""

    def _write_to_self(self) -> None:
        self._is_woken = True


def _settle(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.cancelled():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
