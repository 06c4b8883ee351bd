"""Waiting for a deferred sensor's object, of whatever kind, in an event loop, until its state or the timeout."""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass

from kubectl_job_operator.attempt.groups import tell_group
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.life.deferred_silence import DeferredSilence
from kubectl_job_operator.life.deferred_timeout import DeferredTimeout
from kubectl_job_operator.printable import joined
from kubectl_job_operator.status.awaited import Awaited, Judgement, Verdict, judge
from kubectl_job_operator.watch.object_watch import ObjectWatch, Onlooker

_LONGEST_NAP_SECONDS = 60.0
_SPREAD_SECONDS = 1.0
"""Those who begin to wait at once must not all look at their watches at once."""


class ObjectNews(enum.Enum):
    """Why the waiting has ended."""

    MET = "met"
    FAILED = "failed"
    TIME_OVER = "time over"
    GAVE_UP = "gave up"


@dataclass(frozen=True)
class Limits:
    """For how long an object is waited for.

    :param deadline: when the time is over, in seconds since 1970; ``None`` is never.
    :param outage_tolerance_seconds: how long the cluster may be away.
    """

    deadline: float | None = None
    outage_tolerance_seconds: float = 600.0


@dataclass(frozen=True)
class ObjectOutcome:
    """What came of waiting for an object, in text, for a database.

    :param news: why it has ended.
    :param state: how the object was last, or why nobody can tell.
    """

    news: ObjectNews
    state: str


async def wait_for_object(watch: ObjectWatch, name: str, awaited: Awaited, limits: Limits, log: Log) -> ObjectOutcome:
    """Wait until an object has come to what it is waited for.

    :param watch: knows the objects of its kind.
    :param name: the object's.
    :param limits: for how long.
    :param log: takes what a person who waits would like to know.
    """
    onlooker = watch.subscribe(name)
    try:
        return await _Look(watch, onlooker, awaited, limits, log).run()
    finally:
        onlooker.close()


class _Look:
    """One who waits."""

    def __init__(self, watch: ObjectWatch, onlooker: Onlooker, awaited: Awaited, limits: Limits, log: Log) -> None:
        self._watch = watch
        self._onlooker = onlooker
        self._awaited = awaited
        self._timeout = DeferredTimeout(limits.deadline)
        self._log = log
        self._silence = DeferredSilence(watch, limits.outage_tolerance_seconds, log)
        self._state = "nothing is known of it yet"
        self._has_told_commands = False

    async def run(self) -> ObjectOutcome:
        """Wait until there is something to tell a worker."""
        nap = random.uniform(0.5, 0.5 + _SPREAD_SECONDS)  # noqa: S311 - it only spreads the work
        while True:
            await self._onlooker.news(nap)
            outcome = self._outcome()
            if outcome is not None:
                return outcome
            self._tell_commands()
            self._silence.tell()
            nap = max(0.05, min(self._limits()))

    def _outcome(self) -> ObjectOutcome | None:
        judgement = self._judgement()
        if judgement is not None and judgement.state != self._state:
            self._state = judgement.state
            self._log.info(f"{self._onlooker.name}: {judgement.state}")
        if judgement is not None and judgement.verdict is Verdict.MET:
            return ObjectOutcome(ObjectNews.MET, self._state)
        if judgement is not None and judgement.verdict is Verdict.FAILED:
            return ObjectOutcome(ObjectNews.FAILED, self._state)
        if self._onlooker.failure:
            return ObjectOutcome(ObjectNews.GAVE_UP, self._onlooker.failure)
        if self._timeout.is_over:
            return ObjectOutcome(ObjectNews.TIME_OVER, self._state)
        if self._silence.is_too_long:
            return ObjectOutcome(ObjectNews.GAVE_UP, self._silence.words)
        return None

    def _judgement(self) -> Judgement | None:
        onlooker = self._onlooker
        if not onlooker.is_known:
            return None
        if self._awaited.success is None and onlooker.was_deleted:
            return Judgement(Verdict.MET, "it was deleted")
        return judge(onlooker.thing, self._awaited)

    def _limits(self) -> list[float]:
        """Return in how many seconds something is due, whatever the object does."""
        return [
            _LONGEST_NAP_SECONDS,
            *self._silence.limits(),
            self._timeout.seconds_left(),
        ]

    def _tell_commands(self) -> None:
        """Put the command into the log that waits for this object and for others, once."""
        commands = [joined(record.argv) for record in self._watch.watches()]
        if commands and not self._has_told_commands:
            self._has_told_commands = True
            title = "Waits together with all others who wait for this kind in the namespace"
            tell_group(self._log, title, [f"$ {command}" for command in commands])
