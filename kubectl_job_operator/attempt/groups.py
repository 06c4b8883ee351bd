"""A log with groups: Airflow's log view shows a group's title, and the rest to whoever clicks on it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kubectl_job_operator.attempt.sink import HeardLog, Log

BEGIN, END = "::group::", "::endgroup::"
"""A group begins and ends with these, each in a record of its own, at level INFO for Airflow 2."""

_LONGEST_TITLE = 100
_LONGEST_RECORD = 60_000
_MOST_HELD = 200
_FIRST_HOLD_SECONDS, _LONGEST_HOLD_SECONDS = 30.0, 600.0


@dataclass
class Group:
    """What is held back until its title is known.

    :param title: what came of it; until that is known, what is being done.
    """

    title: str


class GroupedLog(HeardLog):
    """A log that can hold back what few want to read, and then tells it in a group whose title says what came of it.

    A title stands first, so what belongs below it waits: in ``group`` until it is over or something goes wrong, and
    outside until the next group, or for half a minute. Whatever changes the cluster is not held back.

    :param log: where all goes to.
    """

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self._group: Group | None = None
        self._held: list[Callable[[], str]] = []
        self._held_since = 0.0
        self._hold_seconds = _FIRST_HOLD_SECONDS

    @property
    def info(self) -> Callable[[str], None]:
        """Show it, or hold it back in the group that is open."""
        return super().info if self._group is None else self._hold_text

    @property
    def warning(self) -> Callable[[str], None]:
        """Show it, below what led to it."""
        return super().warning if self._group is None else self._warn_below_group

    def hold(self, text: Callable[[], str]) -> None:
        """Hold something back for the next group.

        :param text: gives it when it is told.
        """
        if not self._held:
            self._held_since = time.monotonic()
        self._held.append(text)
        if self._group is None and len(self._held) >= _MOST_HELD:
            self.tell_held()

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[Group]:
        """Hold back what is logged meanwhile, and then tell it in a group, also where it ends in an error.

        :param title: of what is being done; whoever knows what came of it gives the group another one.
        """
        before, self._group = self._group, Group(title)
        try:
            yield self._group
        finally:
            self._tell_open_group()
            self._group = before

    def tell_held(self) -> None:
        """Tell what is held back outside of a group."""
        texts = self._take_held()
        count = sum(text.startswith("$ ") for text in texts)
        self.tell(f"Ran beside: {count} command{'' if count == 1 else 's'} that only read", texts)

    def tell_held_as(self, title: str) -> None:
        """Tell it under another title, which is worth a line also where nothing is held back."""
        texts = self._take_held()
        if texts:
            self.tell(title, texts)
        else:
            self.info(title)

    def tell_held_in_time(self) -> None:
        """Tell what has been held back for long: a process that is killed takes it along."""
        if self._group is None and self._held and time.monotonic() - self._held_since >= self._hold_seconds:
            self._hold_seconds = min(2 * self._hold_seconds, _LONGEST_HOLD_SECONDS)
            self.tell_held()

    def tell(self, title: str, texts: Sequence[str]) -> None:
        """Tell a group at once; none where there is nothing in it."""
        if texts:
            tell_group(self._noted(), title, texts)

    def _hold_text(self, message: str) -> None:
        self.hold(lambda: message)

    def _warn_below_group(self, message: str) -> None:
        self._tell_open_group()
        super().warning(message)

    def _tell_open_group(self) -> None:
        if self._group is not None:
            self.tell(self._group.title, self._take_held())

    def _take_held(self) -> list[str]:
        held, self._held = self._held, []
        return [text() for text in held]


def tell_group(log: Log, title: str, texts: Sequence[str]) -> None:
    """Log a group whose title and content are known; in few records, so that what is in it can be pasted."""
    line = " ".join(title.split())
    log.info(f"{BEGIN}{line if len(line) <= _LONGEST_TITLE else f'{line[: _LONGEST_TITLE - 3]}...'}")
    record: list[str] = []
    for text in texts:
        if record and sum(map(len, record)) + len(text) > _LONGEST_RECORD:
            log.info("\n".join(record))
            record = []
        record.append(text)
    log.info("\n".join(record))
    log.info(END)
