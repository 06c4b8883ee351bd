"""Waiting for a deferred task's Job in an event loop, until its end or the task's ``execution_timeout``."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from kubectl_job_operator.attempt.groups import tell_group
from kubectl_job_operator.attempt.outcome import News, Outcome
from kubectl_job_operator.attempt.settings import Patience
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import JobStartupError
from kubectl_job_operator.kubectl.client import Call
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.life.deferred_silence import DeferredSilence
from kubectl_job_operator.life.deferred_timeout import DeferredTimeout
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.life.obstacles import Obstacles
from kubectl_job_operator.life.patience import WhoIsWaitedFor
from kubectl_job_operator.life.spacing import step_seconds
from kubectl_job_operator.objects import Object, status_of
from kubectl_job_operator.printable import joined
from kubectl_job_operator.status import job_status
from kubectl_job_operator.watch.pace import Pace
from kubectl_job_operator.watch.shared_watch import SharedWatch
from kubectl_job_operator.watch.sightings import TellingPods
from kubectl_job_operator.watch.subscription import Subscription

_LONGEST_NAP_SECONDS = 60.0
_UNSEEN_SECONDS = 5.0
_PROGRESS_SECONDS = 5.0
"""Of many pods one ends every moment."""
_MOST_PODS_IN_LOOP = 100
"""More are looked at in another thread, for so long that others would wait for the loop."""
_SPREAD_SECONDS = 1.0
"""Those who begin to wait at once must not all look at their watches at once."""


@dataclass(frozen=True)
class Terms:
    """For how long a Job is waited for.

    :param patience: until it has started.
    :param deadline: when the task's time is over, in seconds since 1970; ``None`` is never.
    :param logging_interval_seconds: how soon somebody is to show the logs; ``None`` is once the Job has ended.
    :param outage_tolerance_seconds: how long the cluster may be away.
    """

    patience: Patience = field(default_factory=Patience)
    deadline: float | None = None
    logging_interval_seconds: float | None = None
    outage_tolerance_seconds: float = 600.0


async def wait_for_job(watch: SharedWatch, handover: Handover, terms: Terms, log: Log) -> Outcome:
    """Wait until there is news of a Job for a worker.

    :param watch: knows the Jobs of its namespace.
    :param handover: which Job.
    :param terms: for how long.
    :param log: takes what a person who waits would like to know.
    """
    subscription = watch.subscribe(handover.uid, handover.name)
    try:
        return await _Wait(watch, subscription, handover, terms, log).run()
    finally:
        subscription.close()


class _Wait:
    """One who waits."""

    def __init__(
        self, watch: SharedWatch, subscription: Subscription, handover: Handover, terms: Terms, log: Log
    ) -> None:
        self._watch = watch
        self._subscription = subscription
        self._terms = terms
        self._timeout = DeferredTimeout(terms.deadline)
        self._log = log
        self._pods: Sequence[Object] = ()
        self._left_out = 0
        self._pace = Pace()
        self._events = _SharedEvents()
        self._obstacles = Obstacles(
            handover.job(),
            self._events,
            log,
            pods=lambda: self._pods,
            look=self._job,
            pods_of=lambda _: self._pods,
            patience=terms.patience,
            waited_seconds=time.time() - handover.began,
            clocks=handover.clocks,
        )
        self._who = WhoIsWaitedFor(handover.job(), log, lambda: self._pods, lambda: self._left_out)
        self._began = time.monotonic()
        self._silence = DeferredSilence(watch, terms.outage_tolerance_seconds, log)
        self._progress = ""
        self._progress_due = 0.0
        self._has_told_refusal = False
        self._has_told_commands = False

    async def run(self) -> Outcome:
        """Wait until there is something to tell a worker."""
        nap = random.uniform(0, _SPREAD_SECONDS)  # noqa: S311 - it only spreads the work
        while True:
            await self._subscription.news(nap)
            outcome = self._outcome()
            if outcome is not None:
                return outcome
            self._tell_once()
            self._tell()
            try:
                nap = min(await self._seconds_to_next_look(), *self._limits(), _LONGEST_NAP_SECONDS)
            except JobStartupError as error:
                return self._report(News.STUCK, error.report)

    def _outcome(self) -> Outcome | None:
        """Return what is to be told to a worker, if anything is."""
        seen, subscription = self._subscription.seen, self._subscription
        if seen is not None and seen.is_over:
            return self._report(News.ENDED)
        if subscription.is_gone:
            return self._report(News.GONE)
        if subscription.failure:
            return self._report(News.GAVE_UP, f"The Job cannot be waited for.\n{subscription.failure}")
        if self._timeout.is_over:
            return self._report(News.TIME_OVER)
        if self._silence.is_too_long:
            return self._report(News.GAVE_UP, self._silence.words)
        if time.monotonic() >= self._logs_due():
            return self._report(News.LOGS)
        if seen is None and time.monotonic() - self._began >= _UNSEEN_SECONDS:
            self._watch.want_check()
        return None

    async def _seconds_to_next_look(self) -> float:
        """Tell what keeps the Job from starting, and return when to look again if nothing changes.

        :raises JobStartupError: if it cannot start, or has not started in time.
        """
        job = self._job()
        if job is None:
            return _UNSEEN_SECONDS
        if not self._watch.knows_pods or self._watch.silent_since is not None:
            return _LONGEST_NAP_SECONDS
        left = self._pace.left()
        if left > 0:
            return left
        pods, events = self._subscription.telling_pods(), self._subscription.events()
        status, is_new = status_of(job), time.monotonic() < self._began + _UNSEEN_SECONDS
        are_unseen = status.get("active") and not status.get("ready") and not pods.texts
        if are_unseen and (is_new or not self._watch.names_all_pods):
            # It has pods of which the watch has not spoken yet: they may wait as well as run.
            if not is_new:
                self._watch.want_check()
            return _UNSEEN_SECONDS
        if len(pods.texts) <= _MOST_PODS_IN_LOOP:
            seconds = self._look(job, pods, events)
        else:
            seconds = await asyncio.to_thread(self._look, job, pods, events)
        self._pace.looked(len(pods.texts))
        if self._events.are_wanted:
            self._events.are_wanted = False
            self._subscription.want_events()
        return seconds

    def _look(self, job: Object, pods: TellingPods, events: Sequence[Object]) -> float:
        """Look at the pods, in whatever thread, and return when to look again."""
        self._pods, self._left_out = [json.loads(text) for text in pods.texts], pods.left_out
        try:
            self._obstacles.note_job(job)
            self._obstacles.note_events(events)
            self._who.note_job(job)
            return min(self._obstacles.advance(), self._who.advance())
        finally:
            self._pods = ()

    def _limits(self) -> Sequence[float]:
        """Return in how many seconds something is due, whatever the Job does."""
        now = time.monotonic()
        return [
            max(0.05, limit)
            for limit in (
                self._logs_due() - now,
                *self._silence.limits(),
                self._progress_due - now if self._progress_due > now else _LONGEST_NAP_SECONDS,
                self._timeout.seconds_left(),
            )
        ]

    def _logs_due(self) -> float:
        interval = self._terms.logging_interval_seconds
        return float("inf") if interval is None else self._began + interval

    def _tell_once(self) -> None:
        """Put the commands into the log that wait for this Job and for others."""
        commands = [joined(record.argv) for record in self._watch.watches()]
        if commands and not self._has_told_commands:
            self._has_told_commands = True
            title = "Waits together with all others who wait in the namespace"
            tell_group(self._log, title, [f"$ {command}" for command in commands])

    def _tell(self) -> None:
        """Put into the log what has changed."""
        job = self._job()
        now = time.monotonic()
        if job is not None and (progress := job_status.progress(job)) != self._progress and now >= self._progress_due:
            self._progress, self._progress_due = progress, now + step_seconds(_PROGRESS_SECONDS, now - self._began)
            self._log.info(f"Job {self._subscription.name}: {progress}, {time.monotonic() - self._began:.0f} s")
        self._silence.tell()
        if self._watch.refusal is not None and not self._has_told_refusal:
            self._has_told_refusal = True
            self._log.warning(
                "The account may not watch all Jobs of the namespace, so a kubectl of its own watches this one.\n"
                f"{self._watch.refusal}"
            )

    def _job(self) -> Object | None:
        seen = self._subscription.seen
        job: Object | None = json.loads(seen.text) if seen is not None else None
        return job

    def _report(self, news: News, message: str = "") -> Outcome:
        seen = self._subscription.seen
        return Outcome(news, message, seen.text if seen is not None else "", self._obstacles.clocks)


class _SharedEvents:
    """Has the events read together with those of all others who wait in the namespace."""

    is_reading = False

    def __init__(self) -> None:
        self.are_wanted = False
        """Whether they are to be read soon; the subscription tells when they are there."""

    def start(self, job: Object, waiting: Sequence[Object]) -> None:  # noqa: ARG002 - it reads for all
        """Want them to be read: in the loop, for this may be another thread."""
        self.are_wanted = True

    def handle(self, process: Process | None) -> Sequence[Object] | None:  # noqa: ARG002 - there is none
        """Nothing runs in the background here."""
        return None

    def pending(self) -> Sequence[Call]:
        """Nothing runs in the background here."""
        return ()
