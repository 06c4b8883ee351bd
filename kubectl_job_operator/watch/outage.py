"""Telling that the cluster is away while everything waits, and giving up when it has been away for too long."""

from __future__ import annotations

import time
from collections.abc import Sequence

from kubectl_job_operator.attempt.standing import Standing
from kubectl_job_operator.kubectl.calls import Call
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.watch.pods import PodWatch

_TOLD_AFTER_SECONDS = 3.0


class Outage:
    """A chore that limits an outage: ``kubectl wait`` itself sits out any.

    :param watch: notices that the cluster is away, and that it is back.
    :param standing: tells it.
    :param tolerance_seconds: how long it may be away.
    """

    def __init__(self, watch: PodWatch, standing: Standing, tolerance_seconds: float) -> None:
        self._watch = watch
        self._standing = standing
        self._tolerance_seconds = tolerance_seconds
        self._has_noticed = False

    def advance(self) -> float | None:
        """Tell what is new, and return in how many seconds to ask again.

        :raises KubectlError: what was last heard, if the cluster has been away for too long.
        """
        since = self._watch.away_since
        if since is None and self._watch.refused_since is not None:
            return self._tell_refusal(self._watch.refused_since)
        if since is None:
            if self._has_noticed:
                self._has_noticed = False
                self._standing.serves()
            return None
        # Somebody else may have been served meanwhile.
        since = max(since, self._standing.served_at)
        away = time.monotonic() - since
        if away < _TOLD_AFTER_SECONDS:
            return _TOLD_AFTER_SECONDS - away
        error = self._watch.last_error
        self._has_noticed = True
        self._standing.is_away(error.kind.value if error else "no answer", self._tolerance_seconds, since)
        if error is not None and away >= self._tolerance_seconds:
            raise error
        return max(1.0, self._tolerance_seconds - away)

    def _tell_refusal(self, since: float) -> float | None:
        """Tell that the cluster answers, but with a refusal; for how long that is borne is for others to say."""
        left = since + _TOLD_AFTER_SECONDS - time.monotonic()
        error = self._watch.last_error
        if left <= 0 and error is not None and not self._has_noticed:
            self._has_noticed = True
            self._standing.refuses(error.kind.value)
        return left if left > 0 else None

    def handle(self, process: Process | None) -> None:
        """Nothing runs in the background here."""

    def pending(self) -> Sequence[Call]:
        """Nothing runs in the background here."""
        return ()
