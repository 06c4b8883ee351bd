"""One watch of our Jobs in a namespace, and one of their pods, for all who wait there in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.errors import ErrorKind, KubectlError, KubectlJobOperatorError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Record, Transcript
from kubectl_job_operator.objects import Object
from kubectl_job_operator.watch.waking import Sleeper, Waker
from kubectl_job_operator.watch.watch_stream import WatchStream
from kubectl_job_operator.watch.watched import OURS, POD_OUTPUT, Seen, read_job, read_pod

_LINGER_SECONDS = 5.0
_CHECK_AFTER_SECONDS = 2.0
_LONGEST_CHECK_PAUSE_SECONDS = 8.0
_PAUSE_BETWEEN_EVENTS_SECONDS = 5.0
_PAUSE_BETWEEN_STARTS_SECONDS = 0.2

_watches: dict[tuple[asyncio.AbstractEventLoop, Access, str], SharedWatch] = {}


def shared_watch(access: Access, namespace: str, log: Log) -> SharedWatch:
    """Return the watch of a namespace in the event loop that runs; start it if nobody waits there yet.

    It ends soon after its last subscription.

    :param access: which cluster, as whom.
    :param namespace: where.
    :param log: takes what concerns nobody in particular, as the watch's new start.
    :raises KubectlJobOperatorError: if there is no way into the cluster.
    """
    key = (asyncio.get_running_loop(), access, namespace)
    if key not in _watches:
        _watches[key] = SharedWatch(access, namespace, log, on_end=lambda: _watches.pop(key, None))
    return _watches[key]


class Subscription(Sleeper):
    """What one who waits knows of his Job.

    :param watch: knows it.
    :param uid: the Job's UID.
    :param name: its name.
    """

    def __init__(self, watch: SharedWatch, uid: str, name: str) -> None:
        super().__init__()
        self._watch = watch
        self.uid = uid
        self.name = name
        self.is_gone = False
        """Whether the Job has been deleted."""
        self.failure = ""
        """Why nothing will be learnt of the Job any more."""

    @property
    def seen(self) -> Seen | None:
        """The Job as it was last seen; ``None`` if it was not."""
        return self._watch.job(self.uid)

    def pods(self) -> list[Object]:
        """Return the Job's pods."""
        return self._watch.pods(self.uid)

    def events(self) -> list[Object]:
        """Return the warnings about the Job and its pods, as they were last read."""
        return self._watch.events(self.uid)

    def want_events(self) -> None:
        """Have the warnings read soon."""
        self._watch.want_events(self)

    async def news(self, timeout_seconds: float) -> None:
        """Wait until something has changed, or for that time."""
        self._watch.set_alarm(self, timeout_seconds)
        await self.has_news.wait()
        self.has_news.clear()

    def close(self) -> None:
        """Wait no longer."""
        self._watch.leave(self)


class SharedWatch:
    """Knows all Jobs of ours in a namespace, and the pods of those that go on.

    After each gap in a watch, the UIDs of all objects are listed, once the new watch has spoken: only a list tells what
    is gone. Where the account may not watch all Jobs, each that somebody waits for gets a watch of its own.

    :param access: which cluster, as whom.
    :param namespace: where.
    :param log: takes the commands and what comes of them.
    :param on_end: called when it has ended.
    """

    def __init__(self, access: Access, namespace: str, log: Log, on_end: Callable[[], object]) -> None:
        self._workspace = Workspace()
        try:
            access = self._workspace.settle(access)
            access.check()
        except KubectlJobOperatorError:
            self._workspace.remove()
            raise
        self._log = log
        self._on_end = on_end
        self._processes = Processes(access.environment(os.environ, self._workspace.folder))
        self._transcript = Transcript(log.info)
        self._kubectl = Kubectl(access, namespace, self._processes, self._transcript)
        self._jobs: dict[str, Seen] = {}
        self._pods: dict[str, dict[str, Seen]] = {}
        self._events: dict[str, list[Object]] = {}
        self._subscriptions: dict[str, set[Subscription]] = {}
        self._own_watches: dict[str, asyncio.Task[None]] = {}
        self._jobs_stream = self._stream(
            partial(self._kubectl.start_watch, "jobs", OURS), read_job, self._take_jobs, self._after_gap
        )
        self._pods_stream = self._stream(
            partial(self._kubectl.start_watch, "pods", OURS, output=POD_OUTPUT),
            read_pod,
            self._take_pods,
            self._after_gap,
        )
        self._came_or_went = asyncio.Event()
        self._check_is_wanted = asyncio.Event()
        self._events_are_wanted = asyncio.Event()
        self._waits_for_events: set[Subscription] = set()
        self._waker = Waker()
        self._is_first_watch_started = asyncio.Event()
        self.refusal: KubectlError | None = None
        """Why each Job has a watch of its own; ``None`` where one serves for all."""
        self.knows_pods = True
        """Whether pods can be watched."""
        self.silent_since: float | None = time.monotonic()
        """Since when the cluster does not answer; ``None`` if it does."""
        self.last_error = ""
        # In a context of its own: else Airflow would put its lines into the log of the task that came first.
        self._life = contextvars.Context().run(asyncio.create_task, self._live())

    def watches(self) -> list[Record]:
        """Return the commands that watch, for whoever wants to see what one who waited has seen."""
        return [record for record in self._transcript.records if "--watch" in record.argv]

    def subscribe(self, uid: str, name: str) -> Subscription:
        """Wait for a Job from now on, until ``Subscription.close``."""
        subscription = Subscription(self, uid, name)
        self._subscriptions.setdefault(uid, set()).add(subscription)
        self._came_or_went.set()
        if self.refusal is not None:
            self._watch_alone(uid, name)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Forget one who waited."""
        self._waits_for_events.discard(subscription)
        subscription.alarm_at = 0.0
        others = self._subscriptions.get(subscription.uid, set())
        others.discard(subscription)
        if not others:
            self._subscriptions.pop(subscription.uid, None)
            if subscription.is_gone:
                self._jobs.pop(subscription.uid, None)
            alone = self._own_watches.pop(subscription.uid, None)
            if alone is not None:
                alone.cancel()
        self._came_or_went.set()

    def job(self, uid: str) -> Seen | None:
        """Return a Job as it was last seen."""
        return self._jobs.get(uid)

    def pods(self, job_uid: str) -> list[Object]:
        """Return a Job's pods as they were last seen."""
        return [json.loads(pod.text) for pod in self._pods.get(job_uid, {}).values()]

    def events(self, job_uid: str) -> list[Object]:
        """Return the warnings about a Job and its pods, as they were last read."""
        uids = [job_uid, *self._pods.get(job_uid, ())]
        return [event for uid in uids for event in self._events.get(uid, ())]

    def want_events(self, subscription: Subscription) -> None:
        """Have the warnings of the namespace read soon, once for all who want them."""
        self._waits_for_events.add(subscription)
        self._events_are_wanted.set()

    def want_check(self) -> None:
        """Have it found out soon which Jobs are gone."""
        self._check_is_wanted.set()

    def set_alarm(self, subscription: Subscription, seconds: float) -> None:
        """Wake one who waits in that time, if nothing has happened until then."""
        self._waker.set_alarm(subscription, seconds)

    def _stream(
        self,
        start: Callable[..., Any],
        read: Callable[[bytes], Seen | None],
        take: Callable[[Sequence[Seen]], None],
        on_gap: Callable[[KubectlError | None], None],
    ) -> WatchStream:
        return WatchStream(self._kubectl, start, read, take, on_gap)

    async def _live(self) -> None:
        """Watch as long as somebody waits, and a little longer: the next one often comes soon."""
        chores = [
            asyncio.create_task(self._guarded(chore))
            for chore in (
                self._watch_jobs(),
                self._watch_pods(),
                self._check(),
                self._read_events(),
                self._waker.wake(),
                self._waker.ring(),
            )
        ]
        try:
            while self._subscriptions or await self._somebody_comes():
                self._came_or_went.clear()
                await self._came_or_went.wait()
        finally:
            self._on_end()
            running = [*chores, *self._own_watches.values()]
            for task in running:
                task.cancel()
            self._processes.stop()
            await asyncio.gather(*running, return_exceptions=True)
            await asyncio.to_thread(self._processes.close)
            self._workspace.remove()

    async def _somebody_comes(self) -> bool:
        self._came_or_went.clear()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._came_or_went.wait(), _LINGER_SECONDS)
        return bool(self._subscriptions)

    async def _guarded(self, chore: Coroutine[Any, Any, None]) -> None:
        """Let nobody wait in vain for something that has failed in a way that was not foreseen."""
        try:
            await chore
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
            self._fail(str(error) or repr(error), self._all())

    async def _watch_jobs(self) -> None:
        # One after the other: to start a program, a large process stands still for a moment.
        await asyncio.to_thread(self._kubectl.require_version)
        self._is_first_watch_started.set()
        self.refusal = await self._jobs_stream.run()
        self._log.warning(
            f"Not all Jobs of the namespace may be watched; each that is waited for gets a kubectl of its own.\n"
            f"{self.refusal}"
        )
        waiting = {uid: next(iter(group)).name for uid, group in self._subscriptions.items()}
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
        if uid not in self._own_watches and uid in self._subscriptions:
            self._own_watches[uid] = asyncio.create_task(self._watch_one(uid, name))

    async def _watch_one(self, uid: str, name: str) -> None:
        """Watch one Job by its name."""

        def take(seen: Sequence[Seen]) -> None:
            self._take_jobs(seen)
            if seen[-1].uid != uid:
                self._lose(uid)  # another Job has the name

        stream = self._stream(
            partial(self._kubectl.start_watch_of_one, f"job/{name}"), read_job, take, self._note_silence
        )
        try:
            failure: Exception = await stream.run()
        except KubectlError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                self._note_answer()
                self._lose(uid)
                return
            failure = error
        except KubectlJobOperatorError as error:
            failure = error
        self._fail(str(failure), list(self._subscriptions.get(uid, ())))

    def _take_jobs(self, seen: Sequence[Seen]) -> None:
        self._note_answer()
        for one in seen:
            if one.is_gone:
                self._lose(one.uid)
                continue
            self._jobs[one.uid] = one
            if one.is_over:
                self._pods.pop(one.uid, None)
            self._tell(one.uid)

    def _take_pods(self, seen: Sequence[Seen]) -> None:
        for one in seen:
            job = self._jobs.get(one.owner)
            if job is not None and job.is_over:
                continue
            if one.is_gone:
                self._lose_pod(one.uid, one.owner)
            else:
                self._pods.setdefault(one.owner, {})[one.uid] = one
                self._tell(one.owner)

    def _lose_jobs(self, gone: set[str]) -> None:
        for uid in gone:
            self._lose(uid)

    def _lose(self, uid: str) -> None:
        """Learn that a Job is gone."""
        last = self._jobs.pop(uid, None)
        self._pods.pop(uid, None)
        for subscription in self._subscriptions.get(uid, ()):
            subscription.is_gone = True
            if last is not None and last.is_over:
                self._jobs[uid] = last  # they have yet to read its verdict
        self._tell(uid)

    def _tell(self, uid: str) -> None:
        self._waker.call(self._subscriptions.get(uid, ()))

    def _all(self) -> list[Subscription]:
        return [subscription for group in self._subscriptions.values() for subscription in group]

    def _fail(self, message: str, whom: Sequence[Subscription]) -> None:
        for subscription in whom:
            subscription.failure = message
        self._waker.call(whom)

    def _note_answer(self) -> None:
        self.silent_since = None

    def _note_silence(self, error: KubectlError | None) -> None:
        if error is not None and error.kind.can_pass:
            self.silent_since = self.silent_since or time.monotonic()
            self.last_error = str(error)

    def _after_gap(self, error: KubectlError | None) -> None:
        self._note_silence(error)
        if self.refusal is None:
            # Until the check is answered: from a server that is frozen nothing comes, not even an error.
            self.silent_since = self.silent_since or time.monotonic()
        self._check_is_wanted.set()

    async def _check(self) -> None:
        """Find out what is gone, whenever that may have been missed."""
        pause = _CHECK_AFTER_SECONDS
        while True:
            await self._check_is_wanted.wait()
            self._check_is_wanted.clear()
            await asyncio.sleep(pause)
            if self.refusal is not None:
                return
            is_sure = await self._is_checked("jobs", self._jobs_stream, self._known_jobs, self._lose_jobs)
            if is_sure and self.knows_pods:
                is_sure = await self._is_checked("pods", self._pods_stream, self._known_pods, self._lose_pods)
            if is_sure:
                pause = _CHECK_AFTER_SECONDS
            else:
                self._check_is_wanted.set()
                pause = min(2 * pause, _LONGEST_CHECK_PAUSE_SECONDS)

    async def _is_checked(
        self, resource: str, stream: WatchStream, known: Callable[[], set[str]], lose: Callable[[set[str]], None]
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
        return self._jobs.keys() | self._subscriptions.keys()

    def _known_pods(self) -> set[str]:
        return {uid for pods in self._pods.values() for uid in pods}

    def _lose_pods(self, gone: set[str]) -> None:
        owners = [(uid, owner) for owner, pods in self._pods.items() for uid in pods.keys() & gone]
        for uid, owner in owners:
            self._lose_pod(uid, owner)

    def _lose_pod(self, uid: str, owner: str) -> None:
        """Learn that a pod is gone."""
        pods = self._pods.get(owner, {})
        if pods.pop(uid, None) is not None:
            self._tell(owner)
        if not pods:
            self._pods.pop(owner, None)

    async def _read_events(self) -> None:
        """Read the warnings of the namespace for all who want them."""
        while True:
            await self._events_are_wanted.wait()
            self._events_are_wanted.clear()
            asked, self._waits_for_events = self._waits_for_events, set()
            with contextlib.suppress(KubectlError):  # the pods tell most of it
                found = await asyncio.to_thread(self._read_warnings)
                about = self._known_jobs() | self._known_pods()
                self._events = {uid: events for uid, events in found.items() if uid in about}
            self._waker.call(asked)
            await asyncio.sleep(_PAUSE_BETWEEN_EVENTS_SECONDS)

    def _read_warnings(self) -> dict[str, list[Object]]:
        """Read the warnings, by the UID of what they are about."""
        found: dict[str, list[Object]] = {}
        for event in self._kubectl.finish_events(self._kubectl.start_events("type=Warning")):
            found.setdefault(str((event.get("involvedObject") or {}).get("uid")), []).append(event)
        return found
