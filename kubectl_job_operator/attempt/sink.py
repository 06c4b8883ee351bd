"""What this floor needs of a logger."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass
class _Moment:
    at: float


class HeardLog:
    """A log that knows when it was last written to.

    It hands out the log's own methods, which note the time when they are asked for: called through methods of this
    class, Airflow would name them as the place of every record.

    :param log: where all goes to.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._last = _Moment(time.monotonic())

    @property
    def last_at(self) -> float:
        """When it was last written to, or what is heard together with it."""
        return self._last.at

    def together_with(self, log: Log) -> HeardLog:
        """Return another log that is heard together with this one."""
        other = HeardLog(log)
        other._last = self._last
        return other

    @property
    def info(self) -> Callable[[str], None]:
        """Pass it on."""
        return self._noted().info

    @property
    def warning(self) -> Callable[[str], None]:
        """Pass it on."""
        return self._noted().warning

    @property
    def error(self) -> Callable[[str], None]:
        """Pass it on."""
        return self._noted().error

    @property
    def critical(self) -> Callable[[str], None]:
        """Pass it on."""
        return self._noted().critical

    def _noted(self) -> Log:
        self._last.at = time.monotonic()
        return self._log
