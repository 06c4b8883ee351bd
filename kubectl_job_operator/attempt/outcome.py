"""What came of waiting for a Job in another process."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass

from kubectl_job_operator.objects import Object


class News(enum.Enum):
    """Why the waiting has ended."""

    ENDED = "ended"
    GONE = "gone"
    STUCK = "stuck"
    LOGS = "logs"
    TIME_OVER = "time over"
    GAVE_UP = "gave up"


_WORDS = {
    News.ENDED: "it has ended",
    News.GONE: "it is gone",
    News.STUCK: "it does not start",
    News.LOGS: "its logs are shown as far as they are",
    News.TIME_OVER: "the task's execution_timeout is over",
    News.GAVE_UP: "the triggerer has given up",
}


@dataclass(frozen=True)
class Outcome:
    """Why the waiting has ended, in text, for a database.

    :param news: why.
    :param message: an error's text, where it is one.
    :param job: the Job as it was last seen, in short, as JSON; empty if it was not seen.
    :param clocks: since when it waits, for whoever waits next.
    """

    news: News
    message: str = ""
    job: str = ""
    clocks: str = ""

    def seen_job(self) -> Object | None:
        """Return the Job as it was last seen, in short."""
        job: Object | None = json.loads(self.job) if self.job else None
        return job

    def __str__(self) -> str:
        return _WORDS[self.news]
