"""One watch of a kind in a namespace, for all in one event loop who wait for an object of it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.calls import CHANGE_SECONDS
from kubectl_job_operator.objects import Object
from kubectl_job_operator.watch.event_loop_watch import EventLoopWatch
from kubectl_job_operator.watch.waking import Waiter, Waker
from kubectl_job_operator.watch.watch_stream import WatchStream, require_version

_LOOK_AFTER_SECONDS = 0.5
"""Those who come together are looked up together."""
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


class Onlooker(Waiter):
    """One who waits for an object, among many in one event loop.

    :param name: the object's name.
    :param waker: wakes him.
    :param leave: called when he waits no longer.
    """

    def __init__(self, name: str, waker: Waker, leave: Callable[[Onlooker], None]) -> None:
        super().__init__(waker, leave)
        self.name = name
        self.is_known = False
        """Whether anything is known of the object, be it that there is none."""
        self.thing: Object | None = None
        """The object as it was last seen; ``None`` where there is none."""
        self.was_deleted = False
        """Whether an object that was there is gone, whoever may have its name now."""

    def see(self, thing: Object | None) -> None:
        """Learn how the object is now."""
        if self.thing is not None and (thing is None or objects.uid(thing) != objects.uid(self.thing)):
            self.was_deleted = True
        self.is_known, self.thing = True, thing


class ObjectWatch(EventLoopWatch[Onlooker]):
    """Knows those objects of a kind that somebody waits for.

    The watch tells of every change; what was there before, and what has gone while no watch went on, only a list tells.

    :param access: which cluster, as whom.
    :param namespace: where.
    :param resource: the kind, as kubectl takes it.
    :param log: takes the commands and what comes of them.
    :param on_end: called when it has ended.
    """

    def __init__(self, access: Access, namespace: str, resource: str, log: Log, on_end: Callable[[], object]) -> None:
        super().__init__(access, namespace, log, on_end)
        self._resource = resource
        self._changes: Counter[str] = Counter()
        self._stream = WatchStream(
            self._kubectl, partial(self._kubectl.start_watch, resource, None), self._read, self._take, self._after_gap
        )

    def subscribe(self, name: str) -> Onlooker:
        """Wait for the object of this name from now on, until ``Onlooker.close``."""
        onlooker = Onlooker(name, self._waker, self._forget)
        self._add(name, onlooker)
        self._look_is_wanted.set()
        return onlooker

    def _forget(self, onlooker: Onlooker) -> None:
        if self._remove(onlooker.name, onlooker):
            self._changes.pop(onlooker.name, None)

    def _chores(self) -> Iterable[Coroutine[Any, Any, None]]:
        return (self._watch(), self._look(_LOOK_AFTER_SECONDS))

    async def _watch(self) -> None:
        await require_version(self._kubectl, self._log.warning)
        refusal = await self._stream.run()
        self._give_up(f"{self._resource} may not be watched.\n{refusal}")

    async def _is_looked_up(self) -> bool:
        before, has_spoken = self._changes.copy(), self._stream.has_spoken
        try:
            found = await asyncio.to_thread(self._listed)
        except KubectlError as error:
            self._note_silence(error)
            return False
        self._note_answer()
        waited_for = [name for name in self._waiting if name in found]
        for name in list(self._waiting):
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
        if event.get("type") not in _CHANGES or name not in self._waiting:
            return None
        return _Change(name, None if event["type"] == "DELETED" else thing)

    def _take(self, changes: Sequence[_Change]) -> None:
        self._note_answer()
        for change in changes:
            self._changes[change.name] += 1
            self._show(change.name, change.thing)

    def _show(self, name: str, thing: Object | None) -> None:
        whom = self._waiting.get(name, ())
        for onlooker in whom:
            onlooker.see(thing)
        self._waker.call(whom)
