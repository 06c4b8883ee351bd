"""What was run: each command is shown as it starts, ready to paste, and again as it ends, with what came of it."""

from __future__ import annotations

import datetime
import itertools
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kubectl_job_operator.kubectl.cutting import Mask, as_it_is, cut_lines

_READING = {
    ("api-resources",),
    ("auth", "can-i"),
    ("cluster-info",),
    ("config", "view"),
    ("describe",),
    ("events",),
    ("get",),
    ("logs",),
    ("version",),
    ("wait",),
}
_FLAGS_WITH_A_VALUE = frozenset({"--kubeconfig", "--context", "-n"})
_MOST_RECORDS = 500
_FIRST_RECORDS = 100


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


@dataclass(frozen=True)
class Record:
    """A command and all its runs in one task try.

    :param argv: the command as it ran.
    :param count: how often it was started.
    :param first_started: when for the first time, in UTC.
    :param last_started: when for the last time, in UTC.
    :param return_code: what it returned when it last ended; ``None`` if it has not ended yet.
    :param duration_seconds: how long it then had taken; ``None`` if it has not ended yet.
    :param was_stopped: whether it was ended because nobody needed it any more.
    """

    argv: tuple[str, ...]
    count: int
    first_started: datetime.datetime
    last_started: datetime.datetime
    return_code: int | None = None
    duration_seconds: float | None = None
    was_stopped: bool = False

    @property
    def changes(self) -> bool:
        """Whether it changes the cluster; what is not known to read only is taken to change."""
        words = subcommand(self.argv)
        return not any(words[: len(reading)] == reading for reading in _READING)


class Transcript:
    """The commands of one task try, in order.

    A try may last for days, so that a command that is run again and again is kept once and counted, and of the others
    only the first hundred and the latest few hundred are kept.

    :param show: takes each line as it comes, to put it into the task's log.
    :param mask: hides the secrets in what is too long to be shown whole.
    """

    def __init__(self, show: Callable[[str], None], mask: Mask = as_it_is) -> None:
        self._show = show
        self._mask = mask
        self._records: dict[tuple[str, ...], Record] = {}
        self.left_out = 0
        """How many commands are not kept any more."""

    @property
    def records(self) -> list[Record]:
        """The commands in the order of their first start, each once."""
        return list(self._records.values())

    def go_on_from(self, records: Sequence[Record], left_out: int) -> None:
        """Begin with the commands that the same task try has run in another process, without showing them again."""
        self._records = {record.argv: record for record in records} | self._records
        self.left_out += left_out

    def started(self, argv: Sequence[str], label: str = "") -> Command:
        """Show a command at the moment when it starts."""
        command = Command(tuple(argv), label, datetime.datetime.now(datetime.timezone.utc))
        self._show(f"$ {command}")
        known = self._records.get(command.argv)
        if known is None:
            self._records[command.argv] = Record(command.argv, 1, command.started, command.started)
            self._forget_one_of_too_many()
        else:
            self._records[command.argv] = replace(known, count=known.count + 1, last_started=command.started)
        return command

    def ended(
        self, command: Command, return_code: int, duration_seconds: float, said: str, *, was_stopped: bool = False
    ) -> None:
        """Show what a command said and how long it took.

        :param said: kubectl's own words, or a summary where it printed JSON; may have several lines.
        :param was_stopped: whether it was ended because nobody needed it any more.
        """
        known = self._records.get(command.argv)
        if known is not None:
            self._records[command.argv] = replace(
                known, return_code=return_code, duration_seconds=duration_seconds, was_stopped=was_stopped
            )
        first, *rest = cut_lines(said or "(no output)", self._mask).splitlines()
        label = f"{command.label}: " if command.label else ""
        code = "" if return_code == 0 else f", return code {return_code}"
        self._show("\n    ".join([f"  -> {label}{first} ({duration_seconds:.2f} s{code})", *rest]))

    def _forget_one_of_too_many(self) -> None:
        """Forget the oldest command that only reads, but none of the first ones."""
        if len(self._records) <= _MOST_RECORDS:
            return
        later = list(itertools.islice(self._records.values(), _FIRST_RECORDS, None))
        victim = next((record for record in later if not record.changes), later[0])
        del self._records[victim.argv]
        self.left_out += 1


def subcommand(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command without the program and the flags that choose the cluster before them."""
    words = iter(argv[1:])
    for word in words:
        if word in _FLAGS_WITH_A_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return (word, *words)
    return ()
