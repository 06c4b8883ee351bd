"""What this floor needs of a logger."""

from __future__ import annotations

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
