"""From what a container has written to what stands in the task's log: levels, colours, names, and nobody's disguise."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence

from kubectl_job_operator.attempt.settings import Following
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.logs.levels import INFO, Levels, without_colours

# How the operator's own lines begin. Whoever takes a log apart by lines takes some other characters for newlines, too.
_LIKE_OURS = re.compile(
    r"(^|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029])"
    r"(?=(?:\x1b\[[0-9;?]*[ -/]*[@-~])*(?:\$ | {2}-> |----- |Job \S+(?::| failed| is | was | exists )))"
)
_OURS = ("$ ", "  -> ", "----- ", "Job ")
_BEGINNINGS_IN_ASCII = (*(f"\n{beginning}" for beginning in _OURS), *"\x1b\x0b\x0c\x1c\x1d\x1e")
_BEGINNINGS = (*_BEGINNINGS_IN_ASCII, *"\x85\u2028\u2029")


class Dressing:
    """Makes containers' lines ready to be shown.

    :param following: how its author wants them.
    :param log: takes a warning.
    """

    def __init__(self, following: Following, log: Log) -> None:
        self._following = following
        self._formatter = following.formatter
        self._log = log
        self._levels: dict[Hashable, Levels] = {}

    def dress(
        self, pod: str, container: str, lines: Sequence[str], *, is_named: bool, key: Hashable = None
    ) -> Iterator[tuple[str, Sequence[str]]]:
        """Part lines into runs of one level, ready to be shown.

        :param is_named: whether each line names its container.
        :param key: whose lines these are the next of; ``None`` if they stand alone.
        """
        text = "\n".join(lines)
        if "\r" in text:
            text = "\n".join(map(last_state, lines))
        if self._following.strip_colours:
            text = without_colours(text)
        name = f"[{pod}/{container}] "
        levels = Levels() if key is None else self._levels.setdefault(key, Levels())
        runs = levels.runs(text) if self._following.detect_level else iter([(INFO, text.split("\n"))])
        may_forge = may_be_like_ours(text) or self._formatter is not None
        for level, run in runs:
            named = self._named(name, container, run, is_named=is_named)
            yield level, undisguised(named, name) if may_forge else named

    def forget(self, key: Hashable) -> None:
        """Forget whose lines have come to their end."""
        self._levels.pop(key, None)

    def _named(self, name: str, container: str, lines: Sequence[str], *, is_named: bool) -> Sequence[str]:
        if self._formatter is not None:
            try:
                return [str(self._formatter(container, line)) for line in lines]
            except Exception as error:  # noqa: BLE001 - the formatter is the author's own
                self._formatter = None
                self._log.warning(f"log_formatter is not used any more, for it failed: {error!r}.")
        return [name + line for line in lines] if is_named else lines


def last_state(line: str) -> str:
    """Return what a terminal shows in the end of a line that was written over and over, as a bar of progress is."""
    if "\r" not in line:
        return line
    states = line.split("\r")
    return next((state for state in reversed(states) if without_colours(state).strip()), states[0])


def undisguised(lines: Sequence[str], name: str) -> Sequence[str]:
    """Put the container's name before each line that could be taken for one of the operator's own."""
    return [_LIKE_OURS.sub(lambda match: match[1] + name, line) for line in lines]


def may_be_like_ours(text: str) -> bool:
    """Whether any line of a text may be such a one; a quick look."""
    some = _BEGINNINGS_IN_ASCII if text.isascii() else _BEGINNINGS
    return text.startswith(_OURS) or any(beginning in text for beginning in some)
