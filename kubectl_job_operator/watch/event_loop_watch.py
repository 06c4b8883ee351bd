"""What is watched in an event loop by one kubectl for all who wait for it, as long as there is anybody."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.errors import KubectlError, KubectlJobOperatorError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Record, Transcript
from kubectl_job_operator.watch.waking import Waiter, Waker

_LINGER_SECONDS = 5.0
_LONGEST_LOOK_PAUSE_SECONDS = 8.0

AnyWaiter = TypeVar("AnyWaiter", bound=Waiter)


class EventLoopWatch(Generic[AnyWaiter]):
    """Lives as long as somebody waits, watches, and looks by a list at what the watch may have missed.

    :param access: which cluster, as whom.
    :param namespace: where.
    :param log: takes the commands and what comes of them.
    :param on_end: called once, when it has ended or is of no use any more.
    :param make_processes: makes, from an environment, what starts kubectl; default is on this machine.
    """

    def __init__(
        self,
        access: Access,
        namespace: str,
        log: Log,
        on_end: Callable[[], object],
        make_processes: Callable[[Mapping[str, str]], Processes] = Processes,
    ) -> None:
        self._workspace = Workspace()
        try:
            access = self._workspace.settle(access)
            access.check()
        except KubectlJobOperatorError:
            self._workspace.remove()
            raise
        self._log = log
        self._on_end = on_end
        self._processes = make_processes(access.environment(os.environ, self._workspace.folder))
        self._transcript = Transcript(log.info)
        self._kubectl = Kubectl(access, namespace, self._processes, self._transcript)
        self._waker = Waker()
        self._waiting: dict[str, set[AnyWaiter]] = {}
        self._came_or_went = asyncio.Event()
        self._look_is_wanted = asyncio.Event()
        self.silent_since: float | None = time.monotonic()
        """Since when the cluster does not answer; ``None`` if it does."""
        self.last_error = ""
        self._failure = ""
        # It begins when the loop goes on, and so when all of this is made. In a context of its own: else Airflow would
        # put its lines into the log of the task that came first.
        self._life = contextvars.Context().run(asyncio.create_task, self._live())

    def watches(self) -> list[Record]:
        """Return the commands that watch, for whoever wants to see what one who waited has seen."""
        return [record for record in self._transcript.records if "--watch" in record.argv]

    def _chores(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Return what is to be done as long as somebody waits."""
        raise NotImplementedError

    def _other_tasks(self) -> Iterable[asyncio.Task[None]]:
        """Return what else is to be ended."""
        return ()

    async def _is_looked_up(self) -> bool:
        """See by a list how all that is waited for is; return whether nothing can have been missed."""
        raise NotImplementedError

    def _add(self, key: str, waiter: AnyWaiter) -> None:
        """Note one who waits.

        :param key: for what.
        """
        self._waiting.setdefault(key, set()).add(waiter)
        self._came_or_went.set()
        if self._failure:
            waiter.failure = self._failure
            waiter.has_news.set()

    def _remove(self, key: str, waiter: AnyWaiter) -> bool:
        """Forget one who waited; return whether nobody waits for the same any more."""
        others = self._waiting.get(key, set())
        others.discard(waiter)
        if not others:
            self._waiting.pop(key, None)
        self._came_or_went.set()
        return not others

    def _all(self) -> list[AnyWaiter]:
        return [waiter for group in self._waiting.values() for waiter in group]

    def _fail(self, message: str, whom: Sequence[AnyWaiter]) -> None:
        for waiter in whom:
            waiter.failure = message
        self._waker.call(whom)

    def _give_up(self, message: str) -> None:
        """Fail all who wait, and who still come; whoever asks for the watch from now on gets a new one."""
        if not self._failure:
            self._failure = message
            self._on_end()
        self._fail(self._failure, self._all())

    async def _live(self) -> None:
        """Watch as long as somebody waits, and a little longer: the next one often comes soon."""
        chores = [
            asyncio.create_task(self._guarded(chore))
            for chore in (*self._chores(), self._waker.wake(), self._waker.ring())
        ]
        try:
            while self._waiting or await self._somebody_comes():
                self._came_or_went.clear()
                await self._came_or_went.wait()
        finally:
            if not self._failure:  # else another may have its place
                self._on_end()
            running = [*chores, *self._other_tasks()]
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
        return bool(self._waiting)

    async def _guarded(self, chore: Coroutine[Any, Any, None]) -> None:
        """Let nobody wait in vain for something that has failed in a way that was not foreseen."""
        try:
            await chore
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
            self._give_up(str(error) or repr(error))

    async def _look(self, after_seconds: float) -> None:
        """List, whenever something may have been missed.

        :param after_seconds: how long after that; what is missed until then is looked up by the same list.
        """
        pause = after_seconds
        while True:
            await self._look_is_wanted.wait()
            self._look_is_wanted.clear()
            await asyncio.sleep(pause)
            if await self._is_looked_up():
                pause = after_seconds
            else:
                self._look_is_wanted.set()
                pause = min(2 * pause, _LONGEST_LOOK_PAUSE_SECONDS)

    def _note_answer(self) -> None:
        self.silent_since = None

    def _note_silence(self, error: KubectlError | None) -> None:
        if error is not None and error.kind.can_pass:
            self.silent_since = self.silent_since or time.monotonic()
            self.last_error = str(error)

    def _after_gap(self, error: KubectlError | None) -> None:
        """Learn that a watch has ended, with the error if it was one."""
        self._note_silence(error)
        # Until the look is answered: from a server that is frozen nothing comes, not even an error.
        self.silent_since = self.silent_since or time.monotonic()
        self._look_is_wanted.set()
