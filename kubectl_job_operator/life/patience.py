"""Telling who is waited for while nothing ends: a node that is lost, a finalizer, a pod that is being ended."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Callable, Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import pod_status
from kubectl_job_operator.status.lingering import disruption_key, end_by_others, is_out_of_reach, lingering

_SAID_AGAIN_AFTER_SECONDS = 300.0
_LOOK_SECONDS = 5.0
_JOB_IS_READ_AFTER_SECONDS = (10.0, 30.0, 60.0, 300.0)


class WhoIsWaitedFor:
    """Tells each of them once, and again every five minutes; and once what has ended a pod that was not its program.

    :param job: the Job.
    :param log: takes the lines.
    :param pods: gives the Job's pods as they are last known; called often, so it must be cheap.
    :param left_out: tells how many pods there are beside these that run well.
    """

    def __init__(
        self, job: Object, log: Log, pods: Callable[[], Sequence[Object]], left_out: Callable[[], int] = lambda: 0
    ) -> None:
        self._left_out = left_out
        self._job = job
        self._log = log
        self._pods = pods
        self._said_at: dict[str, float] = {}
        self._ended: set[str] | None = None

    def note_job(self, job: Object) -> None:
        """Learn what the Job now is."""
        self._job = job

    def advance(self) -> float:
        """Tell what is new, and return in how many seconds to ask again."""
        now = time.monotonic()
        pods = self._pods()
        self._tell_ends(pods)
        found = lingering(self._job, pods, datetime.datetime.now(datetime.timezone.utc), self._left_out())
        self._said_at = {one.key: self._said_at[one.key] for one in found if one.key in self._said_at}
        for one in found:
            if now - self._said_at.get(one.key, float("-inf")) >= _SAID_AGAIN_AFTER_SECONDS:
                self._said_at[one.key] = now
                self._log.warning(one.sentence)
        return _LOOK_SECONDS

    def _tell_ends(self, pods: Sequence[Object]) -> None:
        """Tell what has ended pods since the last look: the Job may go on with others, and nobody else says it then."""
        ended = {objects.uid(pod): pod for pod in pods if pod_status.has_ended(pod)}
        if self._ended is None:
            # What was over before is no news; without a pod, none has been looked at yet.
            self._ended = set(ended) if pods else None
            return
        for pod_uid in ended.keys() - self._ended:
            self._ended.add(pod_uid)
            sentence = end_by_others(ended[pod_uid])
            if sentence and disruption_key(ended[pod_uid]) not in self._said_at:
                self._log.warning(sentence)


class JobReader:
    """A chore that reads the Job anew where none of its pods does anything, and nothing has told of its end.

    A wait for a condition tells nothing of what keeps the condition from coming.

    :param kubectl: reads.
    :param job: the Job.
    :param who: tells who is waited for.
    :param pods: gives the Job's pods as they are last known.
    :param on_job: takes the Job as it now is.
    :param on_exit: called when the Job is there, in another thread; ``handle`` then takes it.
    """

    def __init__(
        self,
        kubectl: Kubectl,
        job: Object,
        who: WhoIsWaitedFor,
        *,
        pods: Callable[[], Sequence[Object]],
        on_job: Callable[[Object], None],
        on_exit: Callable[[Process], None],
    ) -> None:
        self._kubectl = kubectl
        self._job = job
        self._who = who
        self._on_job = on_job
        self._pods = pods
        self._on_exit = on_exit
        self._idle_since: float | None = None
        self._reads = 0
        self._next_read = 0.0
        self._reading: Call | None = None

    def advance(self) -> float:
        """Tell who is waited for, read the Job if that is due, and return in how many seconds to ask again."""
        now = time.monotonic()
        if not self._is_idle():
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since, self._reads = now, 0
            self._next_read = now + _JOB_IS_READ_AFTER_SECONDS[0]
        elif self._reading is None and now >= self._next_read:
            self._reads += 1
            pause = _JOB_IS_READ_AFTER_SECONDS[min(self._reads, len(_JOB_IS_READ_AFTER_SECONDS) - 1)]
            self._next_read = now + pause
            self._reading = self._kubectl.start_get(kinds.target(self._job), self._on_exit)
        return self._who.advance()

    def handle(self, process: Process | None) -> None:
        """Take the Job if it is its process that has ended."""
        if self._reading is None or self._reading.process is not process:
            return
        call, self._reading = self._reading, None
        # That it cannot be read, or is gone, is for the waits to tell.
        with contextlib.suppress(KubectlError):
            found = self._kubectl.finish_get(call)
            if found is not None and objects.uid(found) == objects.uid(self._job):
                self._who.note_job(found)
                self._on_job(found)

    def pending(self) -> Sequence[Call]:
        """Return what is still being read, to be stopped."""
        return [self._reading] if self._reading else []

    def _is_idle(self) -> bool:
        """Whether there is no pod that does, or will soon do, its work."""
        now = datetime.datetime.now(datetime.timezone.utc)
        return not any(
            not pod_status.has_ended(pod) and not objects.is_being_deleted(pod) and not is_out_of_reach(pod, now)
            for pod in self._pods()
        )
