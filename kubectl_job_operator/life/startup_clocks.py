"""Since when a Job waits and for what, and what was said of it: kept while its task goes from process to process."""

from __future__ import annotations

import datetime
import json
import time
from dataclasses import dataclass, field

from kubectl_job_operator.status.outlook import Obstacle, Outlook

Identity = tuple[str, str, Outlook]
_MOST_KEPT = 50


def identity(obstacle: Obstacle) -> Identity:
    """Tell obstacles apart by what they concern: the words for one and the same differ from look to look."""
    return obstacle.pod, obstacle.container, obstacle.outlook


@dataclass
class Clocks:
    """Times are those of the monotonic clock of this process.

    :param waits_since: since when nothing runs.
    :param deadline: until when the Job must have started.
    :param since: when each obstacle was first seen.
    :param said: the keys of what was said.
    :param is_running: whether something ran when it was last looked at.
    :param has_started: whether anything has ever run.
    """

    waits_since: float
    deadline: float
    since: dict[Identity, float] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    is_running: bool = False
    has_started: bool = False

    def to_text(self, now: float) -> str:
        """Write them as JSON, for another process.

        :param now: the time of the clock.
        """
        ages = [(*key[:2], key[2].value, now - first) for key, first in self.since.items()]
        return json.dumps(
            {
                "at": time.time(),
                "waited": now - self.waits_since,
                "left": self.deadline - now,
                "since": ages[:_MOST_KEPT],
                "said": sorted(self.said)[:_MOST_KEPT],
                "is_running": self.is_running,
                "has_started": self.has_started,
            }
        )

    @classmethod
    def from_text(cls, text: str, now: float) -> Clocks:
        """Read what ``to_text`` has written; the time between counts too."""
        plain = json.loads(text)
        then = now - max(0.0, time.time() - plain["at"])
        return cls(
            waits_since=then - plain["waited"],
            deadline=then + plain["left"],
            since={(pod, container, Outlook(outlook)): then - age for pod, container, outlook, age in plain["since"]},
            said=set(plain["said"]),
            is_running=plain["is_running"],
            has_started=plain["has_started"],
        )


def seconds_since(timestamp: str) -> float:
    """Return how long ago a time of the cluster was, as ``2026-11-20T19:25:02Z``."""
    then = datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    return (datetime.datetime.now(datetime.timezone.utc) - then).total_seconds()
