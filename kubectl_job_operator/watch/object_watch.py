"""One watch of a kind in a namespace, for all in one event loop who wait for an object of it."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.errors import KubectlError, KubectlJobOperatorError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.calls import CHANGE_SECONDS
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Record, Transcript
from kubectl_job_operator.objects import Object
from kubectl_job_operator.watch.waking import Sleeper, Waker
from kubectl_job_operator.watch.watch_stream import WatchStream, require_version

_LINGER_SECONDS = 5.0
_LOOK_AFTER_SECONDS = 0.5
"""Those who come together are looked up together."""
_LONGEST_LOOK_PAUSE_SECONDS = 8.0
_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})

_watches: dict[tuple[asyncio.AbstractEventLoop, Access, str, str], ObjectWatch] = {}


def object_watch(access: Access, namespace: str, resource: str, log: Log) -> ObjectWatch:
    """Return the watch of a kind in the event loop that runs; start it if nobody waits there yet.

    It ends soon after the last who waits.

    :param access: which cluster, as whom.
    :param namespace: where.
    :param resource: the kind, as ``deployments.apps``.
    :param log: takes what concerns nobody in particular, as the watch's new start.
    :raises KubectlJobOperatorError: if there is no way into the cluster.
    """
    key = (asyncio.get_running_loop(), access, namespace, resource)
    if key not in _watches:
        _watches[key] = ObjectWatch(access, namespace, resource, log, on_end=lambda: _watches.pop(key, None))
    return _watches[key]


@dataclass(frozen=True)
class _Change:
    """An event of an object that somebody waits for.

    :param name: the object's.
    :param thing: it; ``None`` if it was deleted.
    """

    name: str
    thing: Object | None


class Onlooker(Sleeper):
    """One who waits for an object, among many in one event loop.

    :param name: the object's name.
    :param waker: wakes him.
    :param leave: called when he waits no longer.
    """

    def __init__(self, name: str, waker: Waker, leave: Callable[[Onlooker], None]) -> None:
        super().__init__()
        self.name = name
        self._waker = waker
        self._leave = leave
        self.is_known = False
        """Whether anything is known of the object, be it that there is none."""
        self.thing: Object | None = None
        """The object as it was last seen; ``None`` where there is none."""
        self.was_deleted = False
        """Whether an object that was there is gone, whoever may have its name now."""
        self.failure = ""
        """Why nothing will be learnt of it any more."""

    def see(self, thing: Object | None) -> None:
        """Learn how the object is now."""
        if self.thing is not None and (thing is None or objects.uid(thing) != objects.uid(self.thing)):
            self.was_deleted = True
        self.is_known, self.thing = True, thing

    async def news(self, timeout_seconds: float) -> None:
        """Wait until something has changed, or for that time."""
        self._waker.set_alarm(self, timeout_seconds)
        await self.has_news.wait()
        self.has_news.clear()

    def close(self) -> None:
        """Wait no longer."""
        self.alarm_at = 0.0
        self._leave(self)


class ObjectWatch:
    """Knows those objects of a kind that somebody waits for.

    The watch tells of every change; what was there before, and what has gone while no watch went on, only a list tells.

    :param access: which cluster, as whom.
    :param namespace: where.
    :param resource: the kind, as kubectl takes it.
    :param log: takes the commands and what comes of them.
    :param on_end: called when it has ended.
    """

    def __init__(self, access: Access, namespace: str, resource: str, log: Log, on_end: Callable[[], object]) -> None:
        self._workspace = Workspace()
        try:
            access = self._workspace.settle(access)
            access.check()
        except KubectlJobOperatorError:
            self._workspace.remove()
            raise
        self._resource = resource
        self._log = log
        self._on_end = on_end
        self._processes = Processes(access.environment(os.environ, self._workspace.folder))
        self._transcript = Transcript(log.info)
        self._kubectl = Kubectl(access, namespace, self._processes, self._transcript)
        self._waker = Waker()
        self._onlookers: dict[str, set[Onlooker]] = {}
        self._changes: Counter[str] = Counter()
        self._stream = WatchStream(
            self._kubectl, partial(self._kubectl.start_watch, resource, None), self._read, self._take, self._after_gap
        )
        self._came_or_went = asyncio.Event()
        self._look_is_wanted = asyncio.Event()
        self.silent_since: float | None = time.monotonic()
        """Since when the cluster does not answer; ``None`` if it does."""
        self.last_error = ""
        # In a context of its own: else Airflow would put its lines into the log of the task that came first.
        self._life = contextvars.Context().run(asyncio.create_task, self._live())

    def watches(self) -> list[Record]:
        """Return the commands that watch."""
        return [record for record in self._transcript.records if "--watch" in record.argv]

    def subscribe(self, name: str) -> Onlooker:
        """Wait for the object of this name from now on, until ``Onlooker.close``."""
        onlooker = Onlooker(name, self._waker, self._forget)
        self._onlookers.setdefault(name, set()).add(onlooker)
        self._came_or_went.set()
        self._look_is_wanted.set()
        return onlooker

    def _forget(self, onlooker: Onlooker) -> None:
        others = self._onlookers.get(onlooker.name, set())
        others.discard(onlooker)
        if not others:
            self._onlookers.pop(onlooker.name, None)
            self._changes.pop(onlooker.name, None)
        self._came_or_went.set()

    async def _live(self) -> None:
        """Watch as long as somebody waits, and a little longer: the next one often comes soon."""
        chores = [
            asyncio.create_task(self._guarded(chore))
            for chore in (self._watch(), self._look(), self._waker.wake(), self._waker.ring())
        ]
        try:
            while self._onlookers or await self._somebody_comes():
                self._came_or_went.clear()
                await self._came_or_went.wait()
        finally:
            self._on_end()
            for task in chores:
                task.cancel()
            self._processes.stop()
            await asyncio.gather(*chores, return_exceptions=True)
            await asyncio.to_thread(self._processes.close)
            self._workspace.remove()

    async def _somebody_comes(self) -> bool:
        self._came_or_went.clear()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._came_or_went.wait(), _LINGER_SECONDS)
        return bool(self._onlookers)

    async def _guarded(self, chore: Coroutine[Any, Any, None]) -> None:
        """Let nobody wait in vain for something that has failed in a way that was not foreseen."""
        try:
            await chore
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
            self._fail(str(error) or repr(error))

    async def _watch(self) -> None:
        await require_version(self._kubectl, self._log.warning)
        refusal = await self._stream.run()
        self._fail(f"{self._resource} may not be watched.\n{refusal}")

    async def _look(self) -> None:
        """List the objects, whenever something may have been missed."""
        pause = _LOOK_AFTER_SECONDS
        while True:
            await self._look_is_wanted.wait()
            self._look_is_wanted.clear()
            await asyncio.sleep(pause)
            if await self._is_looked_up():
                pause = _LOOK_AFTER_SECONDS
            else:
                self._look_is_wanted.set()
                pause = min(2 * pause, _LONGEST_LOOK_PAUSE_SECONDS)

    async def _is_looked_up(self) -> bool:
        """See how all that is waited for is; return whether nothing can have been missed."""
        before, has_spoken = self._changes.copy(), self._stream.has_spoken
        try:
            found = await asyncio.to_thread(self._listed)
        except KubectlError as error:
            self._note_silence(error)
            return False
        self.silent_since = None
        waited_for = [name for name in self._onlookers if name in found]
        for name in list(self._onlookers):
            # What the watch has told meanwhile is newer than the list.
            if self._changes[name] == before[name]:
                self._show(name, found.get(name))
        # What goes between this list and the first word of the watch would be missed.
        return has_spoken or not waited_for

    def _listed(self) -> dict[str, Object]:
        found = self._kubectl.finish_select(self._kubectl.start_select(self._resource, None), CHANGE_SECONDS)
        return {str(thing["metadata"]["name"]): thing for thing in found}

    def _read(self, line: bytes) -> _Change | None:
        """Read an event, in the thread of the watch; ``None`` if nobody waits for the object."""
        event = json.loads(line)
        thing = event.get("object") or {}
        name = (thing.get("metadata") or {}).get("name")
        if event.get("type") not in _CHANGES or name not in self._onlookers:
            return None
        return _Change(name, None if event["type"] == "DELETED" else thing)

    def _take(self, changes: Sequence[_Change]) -> None:
        self.silent_since = None
        for change in changes:
            self._changes[change.name] += 1
            self._show(change.name, change.thing)

    def _show(self, name: str, thing: Object | None) -> None:
        whom = self._onlookers.get(name, ())
        for onlooker in whom:
            onlooker.see(thing)
        self._waker.call(whom)

    def _fail(self, message: str) -> None:
        whom = [onlooker for group in self._onlookers.values() for onlooker in group]
        for onlooker in whom:
            onlooker.failure = message
        self._waker.call(whom)

    def _note_silence(self, error: KubectlError | None) -> None:
        if error is not None and error.kind.can_pass:
            self.silent_since = self.silent_since or time.monotonic()
            self.last_error = str(error)

    def _after_gap(self, error: KubectlError | None) -> None:
        self._note_silence(error)
        # Until the look is answered: from a server that is frozen nothing comes, not even an error.
        self.silent_since = self.silent_since or time.monotonic()
        self._look_is_wanted.set()
