"""A process that runs triggers in one event loop, as a triggerer does, and notes when each has fired.

It knows no trigger by itself, so that it also runs in an environment where another provider is installed.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

_NAP_SECONDS = 0.005


async def _run_one(trigger: Any, number: int, notes: Any) -> None:
    """Run a trigger to its first event."""
    try:
        async for event in trigger.run():
            payload = event.payload
            told = {
                key: payload[key] for key in ("news", "status", "message", "job") if isinstance(payload.get(key), str)
            }
            notes.write(json.dumps({"number": number, "at": time.time(), **told}) + "\n")
            notes.flush()
            return
    finally:
        await trigger.cleanup()


class _Collections:
    """How long Python's garbage collections take: a full one walks through all that Airflow has imported."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.longest = 0.0
        self._began = 0.0
        gc.callbacks.append(self._note)

    def _note(self, phase: str, _: dict[str, int]) -> None:
        now = time.process_time()
        if phase == "start":
            self._began = now
        else:
            self.seconds += now - self._began
            self.longest = max(self.longest, now - self._began)


async def _watch_the_loop(blocks: Any) -> None:
    """Note how late the loop came to this: by the clock, by this process's own work, and by garbage collections.

    On a machine with other work, the first says more of that work than of the loop.
    """
    collections = _Collections()
    by_clock = by_work = 0.0
    while True:
        began, busy, collected = time.monotonic(), time.process_time(), collections.seconds
        await asyncio.sleep(_NAP_SECONDS)
        late = time.monotonic() - began - _NAP_SECONDS
        work = min(late, time.process_time() - busy) - (collections.seconds - collected)
        if late > by_clock or work > by_work:
            by_clock, by_work = max(by_clock, late), max(by_work, work)
            blocks.write(f"{by_clock} {by_work} {collections.longest}\n")
            blocks.flush()


async def _main(folder: Path) -> None:
    tasks: set[asyncio.Task[None]] = set()
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    with (folder / "events").open("a") as notes, (folder / "blocks").open("a") as blocks:
        (folder / "idle").touch()
        while not (folder / "triggers.json").exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.05)
        given = json.loads((folder / "triggers.json").read_text())
        home, _, name = given["classpath"].rpartition(".")
        began = time.monotonic()
        kind = getattr(import_module(home), name)
        # Airflow imports a trigger in its loop, too; that is told apart from what the trigger itself does.
        (folder / "import").write_text(str(time.monotonic() - began))
        tasks.add(asyncio.create_task(_watch_the_loop(blocks)))
        for number, arguments in given["triggers"]:
            tasks.add(asyncio.create_task(_run_one(kind(**arguments), number, notes)))
            await asyncio.sleep(0)  # as Airflow's own loop does between two
        (folder / "started").touch()
        await over.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    import_module("airflow.triggers.base")  # all that an idle triggerer has
    where = Path(sys.argv[1])
    logging.basicConfig(filename=where / "log", level=logging.INFO, force=True)
    asyncio.run(_main(where))
