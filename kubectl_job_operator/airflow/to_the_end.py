"""Work in an event loop that goes on though whoever waits for it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

_at_work: set[asyncio.Task[None]] = set()


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Do it, and wait for its end through every cancellation; where somebody gives up all the same, it goes on.

    Airflow 3.3 cancels a trigger that it has cancelled again with each of its heartbeats, about one in a second, until
    the trigger has ended: ``TriggerRunnerSupervisor`` sends the ids of all that are being cancelled each time. So what
    takes longer in ``on_kill`` is cut off, though the setting ``[triggerer] on_kill_timeout`` leaves it 30 s.
    """
    task = asyncio.get_running_loop().create_task(work)
    _at_work.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(_at_work.discard)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # the loop ends
                raise
