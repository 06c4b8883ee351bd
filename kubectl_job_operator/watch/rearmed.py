"""Waits that are started again whenever they end: which refusal of one is to be believed."""

from __future__ import annotations

import time
from collections.abc import Callable

from kubectl_job_operator.attempt.refusals import Refusals
from kubectl_job_operator.errors import KubectlError

PAUSE_SECONDS = 1.0
"""How long to pause before one that has failed is started again."""
_SERVED_AFTER_SECONDS = 30.0
"""A wait that goes on for so long was not refused when it began."""


class Rearmed:
    """Remembers of each wait when it was started, and how it was refused.

    :param is_ready: asks the server whether it is ready; ``None`` if it does not tell.
    """

    def __init__(self, is_ready: Callable[[], bool | None]) -> None:
        self._is_ready = is_ready
        self._refusals: dict[str, Refusals] = {}
        self._last: dict[str, KubectlError] = {}
        self._armed_at: dict[str, float] = {}

    def arm(self, key: str) -> None:
        """Learn that a wait is started."""
        self._armed_at[key] = time.monotonic()

    def forget(self, key: str) -> None:
        """Learn that a wait was served."""
        self._refusals.pop(key, None)

    def forget_if_served(self, key: str) -> None:
        """Learn that a wait is stopped: it was served if it went on for long."""
        if self._was_served_long(key):
            self.forget(key)

    def believes(self, key: str, error: KubectlError, *, was_served: bool) -> bool:
        """Return whether that a wait has failed is to be believed: it goes on, and is none that can pass.

        :param was_served: whether the same request was served before.
        """
        if error.kind.can_pass or self._was_served_long(key):
            self.forget(key)
            return False
        self._last[key] = error
        return self._refusals.setdefault(key, Refusals(self._is_ready)).believes(error, was_served=was_served)

    def last_refusal(self, key: str) -> KubectlError | None:
        """Return how a wait was refused, unless it has been served for long since."""
        return self._last[key] if key in self._refusals and not self._was_served_long(key) else None

    def _was_served_long(self, key: str) -> bool:
        return time.monotonic() - self._armed_at[key] >= _SERVED_AFTER_SECONDS
