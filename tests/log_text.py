"""What stands in a task's log, and what of it a person sees who has unfolded nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OWN_TIME = re.compile(r"^(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\dZ ", re.MULTILINE)
BEGIN, END = "::group::", "::endgroup::"
_LEFT = ("To delete it", "if so, it runs on")
_MAY_BE_LEFT = "it is for you to do"
"""It stands before the deletion, as the log may end in the midst of that."""
_DELETED = re.compile(r"^ *-> delete: .*\(\d+\.\d+ s\)$", re.MULTILINE)


def commands_in(text: str) -> list[str]:
    """Return the commands of a log, in its order, each as it can be pasted."""
    return [line.removeprefix("$ ") for line in text.split("\n") if line.startswith("$ ")]


def visible_lines(records: Iterable[str]) -> list[str]:
    """Return the lines of a log with its groups folded: of each group, its title."""
    lines: list[str] = []
    is_folded = False
    for record in records:
        if record == END:
            is_folded = False
        elif record.startswith(BEGIN):
            lines.append(record)
            is_folded = True
        elif not is_folded:
            lines += record.split("\n")
    return lines


def without_times(text: str) -> str:
    """Return a log as it is without the containers' own times, which a deferred task puts before their lines."""
    return _OWN_TIME.sub("", text)


def titles(records: Iterable[str]) -> list[str]:
    """Return the titles of a log's groups."""
    return [record.removeprefix(BEGIN) for record in records if record.startswith(BEGIN)]


def says_that_a_job_is_left(text: str) -> bool:
    """Whether a log tells a person to delete a Job, as that was tried and did not work."""
    if any(words in text for words in _LEFT):
        return True
    _, words, after = text.rpartition(_MAY_BE_LEFT)
    # It may take two, and be tried again: the last one tells.
    deletions = re.split(r"^\$ (?=.* delete )", after, flags=re.MULTILINE)[1:]
    return bool(words) and bool(deletions) and _DELETED.search(deletions[-1]) is None
