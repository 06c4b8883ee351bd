"""What was run: each command is shown ready to paste, and below it what came of it.

What changes the cluster is shown as it starts. What only reads runs beside it, often for long and often in vain: it can
be held back, to be shown together and with what came of it.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kubectl_job_operator.kubectl.cutting import Mask, as_it_is, cut_lines
from kubectl_job_operator.kubectl.words import counted
from kubectl_job_operator.printable import joined

_READING = {
    ("api-resources",),
    ("auth", "can-i"),
    ("cluster-info",),
    ("config", "view"),
    ("describe",),
    ("events",),
    ("get",),
    ("kustomize",),
    ("logs",),
    ("version",),
    ("wait",),
}
_OWN_DRY_RUN = "--dry-run=client"
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
        return joined(self.argv)


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
        return not _is_reading(subcommand(self.argv))


@dataclass
class _Held:
    """A command that is held back, until somebody takes it to show it."""

    command: Command
    outcome: str = ""
    is_taken: bool = False

    def take(self) -> str:
        """Return the command, and what came of it if that is known."""
        self.is_taken = True
        return f"$ {self.command}{self.outcome}"


class Transcript:
    """The commands of one task try, in order.

    A try may last for days, so that a command that is run again and again is kept once and counted, and of the others
    only the first hundred and the latest few hundred are kept.

    :param show: takes each line as it comes, to put it into the task's log.
    :param mask: hides the secrets in what is too long to be shown whole.
    :param hold: takes what gives the text of a command that only reads, and is asked for it when it is to be shown;
        without it all commands are shown as they start.
    """

    def __init__(
        self,
        show: Callable[[str], None],
        mask: Mask = as_it_is,
        *,
        hold: Callable[[Callable[[], str]], None] | None = None,
    ) -> None:
        self._show = show
        self.mask = mask
        self._hold = hold
        self._held: dict[Command, _Held] = {}
        self._has_shown_logs = False
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
        if self._hold is None or self._is_for_all(subcommand(command.argv)):
            self._show(f"$ {command}")
        else:
            held = self._held[command] = _Held(command)
            self._hold(held.take)
        known = self._records.get(command.argv)
        if known is None:
            self._records[command.argv] = Record(command.argv, 1, command.started, command.started)
            self._forget_one_of_too_many()
        else:
            self._records[command.argv] = replace(known, count=known.count + 1, last_started=command.started)
        return command

    def waits(self, command: Command, seconds: float, longest_seconds: float) -> None:
        """Show that a command which should be over in a moment is not.

        :param seconds: how long it runs already.
        :param longest_seconds: how long it may.
        """
        self._show(
            f"  -> {command.label}: no answer for {seconds:g} s, so the cluster may be away; it may take up to "
            f"{longest_seconds:g} s."
        )

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
        said = cut_lines(counted(said) or "(no output)", self.mask)
        held = self._held.pop(command, None)
        code = "" if return_code == 0 else f", return code {return_code}"
        end = f"{duration_seconds:.2f} s{code}"
        if held is not None and not held.is_taken:
            held.outcome = f"\n{_outcome(command.label, said, end)}"
        elif self._hold is None or (held is None and not _is_follow(subcommand(command.argv))):
            self._show(_outcome(command.label, said, end))
        else:
            far_from_command = f"{command.label}, begun at {command.started:%H:%M:%S} UTC"
            self._hold(lambda: _outcome(far_from_command, said, end))

    def _is_for_all(self, words: Sequence[str]) -> bool:
        """Whether a command is to be seen by all: it changes the cluster, is waited for, or the first of all logs."""
        if _is_follow(words):
            is_first, self._has_shown_logs = not self._has_shown_logs, True
            return is_first
        return not _is_reading(words) or words[:2] == ("wait", "pods")

    def _forget_one_of_too_many(self) -> None:
        """Forget the oldest command that only reads, but none of the first ones."""
        if len(self._records) <= _MOST_RECORDS:
            return
        later = list(itertools.islice(self._records.values(), _FIRST_RECORDS, None))
        victim = next((record for record in later if not record.changes), later[0])
        del self._records[victim.argv]
        self.left_out += 1


def _outcome(label: str, said: str, end: str) -> str:
    first, *rest = said.splitlines()
    return "\n    ".join([f"  -> {label}{': ' if label else ''}{first} ({end})", *rest])


def _is_reading(words: Sequence[str]) -> bool:
    return _OWN_DRY_RUN in words or any(tuple(words[: len(reading)]) == reading for reading in _READING)


def _is_follow(words: Sequence[str]) -> bool:
    return words[:1] == ("logs",) and "--follow" in words


def subcommand(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command without the program and the flags that choose the cluster before them."""
    words = iter(argv[1:])
    for word in words:
        if word in _FLAGS_WITH_A_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return (word, *words)
    return ()
