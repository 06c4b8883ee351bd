"""One watch of our Jobs in a namespace, and one of their pods, for all who wait there in one event loop.

How long it lives says its base class, in ``event_loop_watch``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.watch.event_loop_watch import EventLoopWatch
from kubectl_job_operator.watch.shared_warnings import SharedWarnings
from kubectl_job_operator.watch.sightings import Sightings
from kubectl_job_operator.watch.subscription import Subscription
from kubectl_job_operator.watch.watch_stream import WatchStream, require_version
from kubectl_job_operator.watch.watched import OURS, POD_OUTPUT, Seen, read_job, read_pod

_LOOK_AFTER_SECONDS = 2.0
_PAUSE_BETWEEN_STARTS_SECONDS = 0.2

_watches: dict[tuple[asyncio.AbstractEventLoop, Access, str], SharedWatch] = {}


def shared_watch(
    access: Access,
    namespace: str,
    log: Log,
    make_processes: Callable[[Mapping[str, str]], Processes] = Processes,
) -> SharedWatch:
    """Return the watch of a namespace in the event loop that runs; start it if nobody waits there yet.

    It ends soon after its last subscription.

    :param access: which cluster, as whom.
    :param namespace: where.
    :param log: takes what concerns nobody in particular, as the watch's new start.
    :param make_processes: makes, from an environment, what starts kubectl; default is on this machine.
    :raises KubectlJobOperatorError: if there is no way into the cluster.
    """
    key = (asyncio.get_running_loop(), access, namespace)
    if key not in _watches:
        _watches[key] = SharedWatch(access, namespace, log, lambda: _watches.pop(key, None), make_processes)
    return _watches[key]


class SharedWatch(EventLoopWatch[Subscription]):
    """Knows all Jobs of ours in a namespace, and the pods of those that go on.

    After each gap in a watch, the UIDs of all objects are listed, once the new watch has spoken: only a list tells what
    is gone. Where the account may not watch all Jobs, each that somebody waits for gets a watch of its own.

    :param access: which cluster, as whom.
    :param namespace: where.
    :param log: takes the commands and what comes of them.
    :param on_end: called when it has ended.
    :param make_processes: makes what starts kubectl.
    """

    def __init__(
        self,
        access: Access,
        namespace: str,
        log: Log,
        on_end: Callable[[], object],
        make_processes: Callable[[Mapping[str, str]], Processes] = Processes,
    ) -> None:
        super().__init__(access, namespace, log, on_end, make_processes)
        self._sightings = Sightings(self._tell)
        self._warnings = SharedWarnings(self._kubectl, self._known, self._waker, log)
        self._own_watches: dict[str, asyncio.Task[None]] = {}
        self._jobs_stream = WatchStream(
            self._kubectl, partial(self._kubectl.start_watch, "jobs", OURS), read_job, self._take_jobs, self._after_gap
        )
        self._pods_stream = WatchStream(
            self._kubectl,
            partial(self._kubectl.start_watch, "pods", OURS, output=POD_OUTPUT),
            read_pod,
            self._sightings.take_pods,
            self._after_gap,
        )
        self._is_first_watch_started = asyncio.Event()
        self.refusal: KubectlError | None = None
        """Why each Job has a watch of its own; ``None`` where one serves for all."""
        self.knows_pods = True
        """Whether pods can be watched."""
        self._are_pods_checked = False

    @property
    def names_all_pods(self) -> bool:
        """Whether a pod that was not named is not there; until then it may only not have been named yet."""
        return self._pods_stream.has_spoken or self._are_pods_checked

    def subscribe(self, uid: str, name: str) -> Subscription:
        """Wait for a Job from now on, until ``Subscription.close``."""
        subscription = Subscription(
            uid, name, sightings=self._sightings, warnings=self._warnings, waker=self._waker, leave=self._leave
        )
        self._add(uid, subscription)
        if self.refusal is not None:
            self._watch_alone(uid, name)
        return subscription

    def _leave(self, subscription: Subscription) -> None:
        """Forget one who waited."""
        self._warnings.forget(subscription)
        if self._remove(subscription.uid, subscription):
            if subscription.is_gone:
                self._sightings.forget_job(subscription.uid)
            alone = self._own_watches.pop(subscription.uid, None)
            if alone is not None:
                alone.cancel()

    def job(self, uid: str) -> Seen | None:
        """Return a Job as it was last seen."""
        return self._sightings.job(uid)

    def want_check(self) -> None:
        """Have it found out soon which Jobs are gone."""
        self._look_is_wanted.set()

    def _chores(self) -> Iterable[Coroutine[Any, Any, None]]:
        return (self._watch_jobs(), self._watch_pods(), self._look(_LOOK_AFTER_SECONDS), self._warnings.read())

    def _other_tasks(self) -> Iterable[asyncio.Task[None]]:
        return self._own_watches.values()

    async def _watch_jobs(self) -> None:
        # One after the other: to start a program, a large process stands still for a moment.
        await require_version(self._kubectl, self._log.warning)
        self._is_first_watch_started.set()
        self.refusal = await self._jobs_stream.run()
        self._log.warning(
            f"Not all Jobs of the namespace may be watched; each that is waited for gets a kubectl of its own.\n"
            f"{self.refusal}"
        )
        waiting = {uid: next(iter(group)).name for uid, group in self._waiting.items()}
        for uid, name in waiting.items():
            self._watch_alone(uid, name)
            await asyncio.sleep(0)
        self._waker.call(self._all())

    async def _watch_pods(self) -> None:
        await self._is_first_watch_started.wait()
        await asyncio.sleep(_PAUSE_BETWEEN_STARTS_SECONDS)
        refusal = await self._pods_stream.run()
        self.knows_pods = False
        self._log.warning(f"Pods may not be watched, so nobody can tell early that a Job does not start.\n{refusal}")

    def _watch_alone(self, uid: str, name: str) -> None:
        if uid not in self._own_watches and uid in self._waiting:
            self._own_watches[uid] = asyncio.create_task(self._watch_one(uid, name))

    async def _watch_one(self, uid: str, name: str) -> None:
        """Watch one Job by its name."""

        def take(seen: Sequence[Seen]) -> None:
            self._take_jobs(seen)
            if seen[-1].uid != uid:
                self._lose(uid)  # another Job has the name

        stream = WatchStream(
            self._kubectl, partial(self._kubectl.start_watch_of_one, f"job/{name}"), read_job, take, self._note_silence
        )
        try:
            failure: Exception = await stream.run()
        except KubectlError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                self._note_answer()
                self._lose(uid)
                return
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
            failure = error
        self._fail(str(failure) or repr(failure), list(self._waiting.get(uid, ())))

    def _take_jobs(self, seen: Sequence[Seen]) -> None:
        self._note_answer()
        for one in seen:
            if one.is_gone:
                self._lose(one.uid)
                continue
            self._sightings.take_job(one)

    def _lose_jobs(self, gone: set[str]) -> None:
        for uid in gone:
            self._lose(uid)

    def _lose(self, uid: str) -> None:
        """Learn that a Job is gone."""
        waiting = self._waiting.get(uid, ())
        for subscription in waiting:
            subscription.is_gone = True
        self._sightings.lose_job(uid, keeps_verdict=bool(waiting))

    def _tell(self, uid: str) -> None:
        self._waker.call(self._waiting.get(uid, ()))

    def _after_gap(self, error: KubectlError | None) -> None:
        self._are_pods_checked = False
        if self.refusal is None:
            super()._after_gap(error)
        else:
            self._note_silence(error)

    async def _is_looked_up(self) -> bool:
        if self.refusal is not None:
            return True  # of what has a watch of its own nothing is missed
        is_sure = await self._is_checked("jobs", self._jobs_stream, self._known_jobs, self._lose_jobs)
        if is_sure and self.knows_pods:
            is_sure = await self._is_checked(
                "pods", self._pods_stream, self._sightings.pod_uids, self._sightings.lose_pods
            )
            self._are_pods_checked = is_sure
        return is_sure

    async def _is_checked(
        self, resource: str, stream: WatchStream[Seen], known: Callable[[], set[str]], lose: Callable[[set[str]], None]
    ) -> bool:
        """Forget what is gone; return whether nothing can have been missed."""
        before, has_spoken = known(), stream.has_spoken
        try:
            there = await asyncio.to_thread(self._kubectl.uids, resource, OURS)
        except KubectlError as error:
            self._note_silence(error)
            return False
        self._note_answer()
        lose(before - there)
        # What goes between this list and the first word of the watch would be missed.
        return has_spoken or not there

    def _known_jobs(self) -> set[str]:
        return self._sightings.job_uids() | self._waiting.keys()

    def _known(self) -> set[str]:
        return self._known_jobs() | self._sightings.pod_uids()
