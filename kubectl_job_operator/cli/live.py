"""A run on a terminal: its Job and pods at the bottom, as they change, and the lines of its log scrolling above."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from kubectl_job_operator.cli.picture import picture
from kubectl_job_operator.cli.wording import in_options, unfolded
from kubectl_job_operator.objects import Object
from kubectl_job_operator.printable import harmless_on_a_terminal

_PAUSE_SECONDS = 0.1


class LiveView:
    """Shows a run; it is the run's log and its observer.

    The run only leaves here what is to be shown and goes on. A thread of the view's own draws it ten times a second,
    all lines that have come at once: drawn one by one, a log that is written fast would hold up the run.

    :param console: the terminal.
    :param clock: tells seconds.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._began = clock()
        self._job: Object | None = None
        self._pods: Sequence[Object] = ()
        self._lines: queue.SimpleQueue[Text] = queue.SimpleQueue()
        self._live = Live(console=console, get_renderable=self._picture, auto_refresh=False)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._draw_on, name="draws the live view", daemon=True)

    def open(self) -> None:
        """Begin to draw."""
        self._live.start()
        self._thread.start()

    def close(self) -> None:
        """Draw the rest, and leave the last picture on the terminal."""
        self._is_over.set()
        self._thread.join()
        self._draw()
        with contextlib.suppress(OSError):
            self._live.stop()

    def info(self, message: str, /) -> None:
        """Write what happens."""
        shown = unfolded(message)
        if shown is None:
            return
        # Text and not str: a container may print what rich would take for markup.
        style = "dim" if shown.startswith(("$ ", "  -> ", "# ")) else ""
        self._lines.put(Text(harmless_on_a_terminal(shown), style=style))

    def warning(self, message: str, /) -> None:
        """Write what went wrong without stopping the run."""
        self._lines.put(Text(harmless_on_a_terminal(in_options(message)), style="yellow"))

    def error(self, message: str, /) -> None:
        """Write what a container has said."""
        self._lines.put(Text(harmless_on_a_terminal(message), style="red"))

    def critical(self, message: str, /) -> None:
        """Write what a container has said."""
        self.error(message)

    def on_job(self, job: Object) -> None:
        """Show the Job so from now on."""
        self._job = job

    def on_pods(self, pods: Sequence[Object]) -> None:
        """Show the pods so from now on."""
        self._pods = tuple(pods)

    def _draw_on(self) -> None:
        while not self._is_over.wait(_PAUSE_SECONDS):
            self._draw()

    def _draw(self) -> None:
        """Write the lines that have come, and the picture below them; a terminal that has gone is no trouble."""
        lines = []
        while not self._lines.empty():
            lines.append(self._lines.get())
        try:
            if lines:
                # Soft, so that a command can be copied as it is.
                self._console.print(Text("\n").join(lines), soft_wrap=True)
            self._live.refresh()
        except OSError:
            self._is_over.set()

    def _picture(self) -> RenderableType:
        return picture(self._job, self._pods, self._clock() - self._began)
