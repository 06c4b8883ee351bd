"""What was run: each command is shown as it starts, ready to paste, and again as it ends, with what came of it."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command that was started.

    :param argv: the command as it ran.
    :param label: a few words that tell it from others that run at the same time; may be empty.
    :param started: when, in UTC.
    """

    argv: tuple[str, ...]
    label: str
    started: datetime.datetime

    def __str__(self) -> str:
        return shlex.join(self.argv)


class Transcript:
    """The commands of one task try, in order.

    :param show: takes each line as it comes, to put it into the task's log.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show

    def started(self, argv: Sequence[str], label: str = "") -> Command:
        """Show a command at the moment when it starts."""
        command = Command(tuple(argv), label, datetime.datetime.now(datetime.timezone.utc))
        self._show(f"$ {command}")
        return command

    def ended(self, command: Command, return_code: int, duration_seconds: float, said: str) -> None:
        """Show what a command said and how long it took.

        :param said: kubectl's own words, or a summary where it printed JSON; may have several lines.
        """
        first, *rest = (said or "(no output)").splitlines()
        label = f"{command.label}: " if command.label else ""
        code = "" if return_code == 0 else f", return code {return_code}"
        self._show("\n    ".join([f"  -> {label}{first} ({duration_seconds:.2f} s{code})", *rest]))
