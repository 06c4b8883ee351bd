"""That the cluster does not answer who waits in an event loop: when that is told, and when it is too long."""

from __future__ import annotations

import time
from typing import Any

from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.standing import Standing
from kubectl_job_operator.watch.event_loop_watch import EventLoopWatch

_TOLD_AFTER_SECONDS = 5.0


class DeferredSilence:
    """The silence of a watch, for one of those who wait by it.

    :param watch: notices it.
    :param tolerance_seconds: how long it is borne, from now on at the earliest.
    :param log: takes the lines.
    """

    def __init__(self, watch: EventLoopWatch[Any], tolerance_seconds: float, log: Log) -> None:
        self._watch = watch
        self._tolerance_seconds = tolerance_seconds
        self._standing = Standing(log.warning)
        self._began = time.monotonic()

    @property
    def is_too_long(self) -> bool:
        """Whether it is to be borne no longer."""
        return time.monotonic() >= self._borne_until()

    @property
    def words(self) -> str:
        """Say that it was too long."""
        return (
            f"The cluster has not answered for {self._tolerance_seconds:.0f} s (outage_tolerance_seconds).\n"
            f"{self._watch.last_error}"
        )

    def limits(self) -> tuple[float, float]:
        """Return in how many seconds it is too long, and in how many it is to be told; infinite is never."""
        now, since = time.monotonic(), self._watch.silent_since
        told_at = float("inf") if since is None else since + _TOLD_AFTER_SECONDS
        return self._borne_until() - now, told_at - now if told_at > now else float("inf")

    def tell(self) -> None:
        """Say once that the cluster is away, and once that it is back."""
        since = self._watch.silent_since
        if since is None:
            self._standing.serves()
        elif time.monotonic() - since >= _TOLD_AFTER_SECONDS:
            self._standing.is_away("no answer", self._tolerance_seconds, since)

    def _borne_until(self) -> float:
        since = self._watch.silent_since
        return float("inf") if since is None else max(since, self._began) + self._tolerance_seconds
