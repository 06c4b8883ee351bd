"""How the cluster stands to a task try: whether it has served it, and since when it does not."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable


class Standing:
    """Tells that the cluster is away, and that it is back, each in one line, whoever has noticed it.

    :param show: takes the lines.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._away_since: float | None = None
        self.was_served = False
        """Whether the cluster has ever answered as it should."""
        self.served_at = 0.0
        """When it last did, on the monotonic clock."""

    def is_away(self, why: str, tolerance_seconds: float, since: float | None = None) -> None:
        """Learn that the cluster does not serve the task.

        :param why: in a few words.
        :param tolerance_seconds: how long that is borne.
        :param since: when that began, on the monotonic clock; default is now.
        """
        if self._away_since is None:
            now = time.monotonic()
            self._away_since = now if since is None else since
            began = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=now - self._away_since)
            self._show(
                f"The cluster does not serve us now ({why}), since {began:%H:%M:%S} UTC; trying for up to "
                f"{tolerance_seconds:.0f} s."
            )

    def refuses(self, why: str) -> None:
        """Learn that the cluster refuses what was asked, which is not yet believed.

        :param why: in a few words.
        """
        if self._away_since is None:
            self._away_since = time.monotonic()
            self._show(
                f"The cluster refuses us ({why}). One that has just started refuses everybody, so it is asked again "
                "before that is believed."
            )

    def serves(self) -> None:
        """Learn that the cluster serves the task."""
        self.was_served, self.served_at = True, time.monotonic()
        if self._away_since is not None:
            self._show(f"The cluster serves us again after {self.served_at - self._away_since:.0f} s.")
            self._away_since = None
