"""What this floor needs of a logger."""

from __future__ import annotations

import time
from typing import Protocol


class Log(Protocol):
    """Where a run tells what it does; every ``logging.Logger`` is one."""

    def info(self, message: str, /) -> None:
        """Tell what happens."""

    def warning(self, message: str, /) -> None:
        """Tell what went wrong without stopping the run."""

    def error(self, message: str, /) -> None:
        """Tell what a container has said of an error."""

    def critical(self, message: str, /) -> None:
        """Tell what a container has said before it gave up."""


class HeardLog:
    """A log that knows when it was last written to.

    :param log: where all goes to.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self.last_at = time.monotonic()

    def info(self, message: str, /) -> None:
        """Pass it on."""
        self._note()
        self._log.info(message)

    def warning(self, message: str, /) -> None:
        """Pass it on."""
        self._note()
        self._log.warning(message)

    def error(self, message: str, /) -> None:
        """Pass it on."""
        self._note()
        self._log.error(message)

    def critical(self, message: str, /) -> None:
        """Pass it on."""
        self._note()
        self._log.critical(message)

    def _note(self) -> None:
        self.last_at = time.monotonic()
