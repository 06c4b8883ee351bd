"""What a program said last that tells why it ended. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_job_operator.status.shortening import shortened

_MOST_SAID = 2000
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# Java and Go tell first what happened, and then where.
_JAVA_PLACE = re.compile(r"\s+(?:at \S|\.\.\. \d+ (?:more|common frames omitted))")
_JAVA_REASON = re.compile(r"Caused by: |Exception in thread \"|(?:[a-z][\w$]*\.)+[A-Z][\w$]*(?::|$)")
_GO_REASON = re.compile(r"panic: |fatal error: ")
_GO_STACK = re.compile(r"goroutine \d+ \[")
_GO_PLACE = re.compile(r"\t|goroutine \d+ |created by |exit status \d+$|[\w./*()\[\]{}\-]+\(.*\)$")


def last_words(lines: Sequence[str]) -> str:
    """Return the last line that says something, or that which the places in the code at the end belong to.

    :param lines: the last ones of a log.
    """
    said = [line for line in map(_shown, lines) if line.strip()]
    return " ".join((_of_go(said) or _of_java(said) or next(reversed(said), "")).split())


def _shown(line: str) -> str:
    """Return what a terminal would show: a bar of progress overwrites itself, and colours are no words."""
    return _COLOUR.sub("", shortened(line.rstrip().rpartition("\r")[2], _MOST_SAID))


def _of_java(said: Sequence[str]) -> str:
    places = 0
    while places < len(said) and _JAVA_PLACE.match(said[-1 - places]):
        places += 1
    if not places or places == len(said):
        return ""
    reason = said[-1 - places]
    return reason if _JAVA_REASON.match(reason) else ""


def _of_go(said: Sequence[str]) -> str:
    begins = next((at for at in reversed(range(len(said))) if _GO_REASON.match(said[at])), None)
    if begins is None or not _GO_PLACE.match(said[-1]):
        return ""
    return said[begins] if any(_GO_STACK.match(line) for line in said[begins:]) else ""
