"""A run on a terminal: its Job and pods at the bottom, as they change, and the lines of its log scrolling above."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from kubectl_job_operator.cli.picture import picture
from kubectl_job_operator.cli.wording import in_options
from kubectl_job_operator.jobs.status import Object

_PER_SECOND = 4


class LiveView:
    """Shows a run; it is the run's log and its observer.

    :param console: the terminal.
    :param clock: tells seconds.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._began = clock()
        self._job: Object | None = None
        self._pods: Sequence[Object] = ()
        # rich's own thread asks for the picture; what is kept above is replaced whole, never changed.
        self._live = Live(console=console, get_renderable=self._picture, refresh_per_second=_PER_SECOND)

    def open(self) -> None:
        """Begin to draw."""
        self._live.start()

    def close(self) -> None:
        """Leave the last picture on the terminal."""
        self._live.stop()

    def info(self, message: str, /) -> None:
        """Write what happens."""
        self._print(message, "dim" if message.startswith(("$ ", "  -> ")) else "")

    def warning(self, message: str, /) -> None:
        """Write what went wrong without stopping the run."""
        self._print(in_options(message), "yellow")

    def on_job(self, job: Object) -> None:
        """Show the Job so from now on."""
        self._job = job

    def on_pods(self, pods: Sequence[Object]) -> None:
        """Show the pods so from now on."""
        self._pods = pods

    def _print(self, message: str, style: str) -> None:
        # Text and not str: a container may print what rich would take for markup. Soft, so that it can be pasted.
        self._console.print(Text(message, style=style), soft_wrap=True)

    def _picture(self) -> RenderableType:
        return picture(self._job, self._pods, self._clock() - self._began)
