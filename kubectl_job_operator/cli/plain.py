"""A run as lines, for a file, a pipe or a terminal without a cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubectl_job_operator.cli.streams import say
from kubectl_job_operator.cli.wording import in_options, unfolded
from kubectl_job_operator.objects import Object


class PlainView:
    """Writes each line of the run's log. The log tells all that matters, so it looks at no pods.

    :param write: takes each line; default is to write it to stdout.
    """

    def __init__(self, write: Callable[[str], None] = say) -> None:
        self._write = write

    def open(self) -> None:
        """Nothing is to be opened."""

    def close(self) -> None:
        """Nothing is to be closed."""

    def info(self, message: str, /) -> None:
        """Write what happens."""
        shown = unfolded(message)
        if shown is not None:
            self._write(shown)

    def warning(self, message: str, /) -> None:
        """Write what went wrong without stopping the run."""
        self._write(in_options(message))

    def error(self, message: str, /) -> None:
        """Write what a container has said."""
        self._write(message)

    def critical(self, message: str, /) -> None:
        """Write what a container has said."""
        self._write(message)

    def on_job(self, job: Object) -> None:
        """Leave it to the log."""

    def on_pods(self, pods: Sequence[Object]) -> None:
        """Leave it to the log."""
