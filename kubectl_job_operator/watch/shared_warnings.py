"""The warnings of a namespace, read once for all who want them in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from kubectl_job_operator.attempt.refusals import Refusals, is_refusal
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.objects import Object
from kubectl_job_operator.watch.waking import Sleeper, Waker

_PAUSE_BETWEEN_EVENTS_SECONDS = 5.0


class SharedWarnings:
    """Reads the warnings whenever somebody wants them, as long as ``read`` goes on.

    :param kubectl: reads them.
    :param known: returns the UIDs of all about which warnings are kept.
    :param waker: wakes those who wanted them.
    :param log: takes the line that they may not be read.
    """

    def __init__(self, kubectl: Kubectl, known: Callable[[], set[str]], waker: Waker, log: Log) -> None:
        self._kubectl = kubectl
        self._known = known
        self._waker = waker
        self._log = log
        self._events: dict[str, list[Object]] = {}
        self._are_wanted = asyncio.Event()
        self._asked: set[Sleeper] = set()

    def about(self, uids: Iterable[str]) -> list[Object]:
        """Return the warnings about these, as they were last read."""
        return [event for uid in uids for event in self._events.get(uid, ())]

    def want(self, sleeper: Sleeper) -> None:
        """Have them read soon, and this one woken then."""
        self._asked.add(sleeper)
        self._are_wanted.set()

    def forget(self, sleeper: Sleeper) -> None:
        """Let one who does not wait any longer sleep."""
        self._asked.discard(sleeper)

    async def read(self) -> None:
        """Read them for all who want them, unless that is refused for good."""
        refusals = Refusals(self._kubectl.is_ready)
        while True:
            await self._are_wanted.wait()
            self._are_wanted.clear()
            asked, self._asked = self._asked, set()
            try:
                found = await asyncio.to_thread(self._read)
            except KubectlError as error:  # the pods tell most of it
                if is_refusal(error) and await asyncio.to_thread(refusals.believes, error, was_served=False):
                    self._log.info("Events may not be listed, so what they tell of a Job that waits is left out.")
                    return
            else:
                refusals.forget()
                about = self._known()
                self._events = {uid: events for uid, events in found.items() if uid in about}
            self._waker.call(asked)
            await asyncio.sleep(_PAUSE_BETWEEN_EVENTS_SECONDS)

    def _read(self) -> dict[str, list[Object]]:
        """Read the warnings, by the UID of what they are about."""
        found: dict[str, list[Object]] = {}
        for event in self._kubectl.finish_events(self._kubectl.start_events("type=Warning")):
            found.setdefault(str((event.get("involvedObject") or {}).get("uid")), []).append(event)
        return found
