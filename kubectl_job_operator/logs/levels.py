"""Which level a line of a container's log claims to have."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from kubectl_job_operator.logs.tracebacks import Traceback, may_begin

INFO, WARNING, ERROR, CRITICAL = "info", "warning", "error", "critical"

_SEARCHED_LENGTH = 400
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# Looking for words is many times faster than one expression for all of them.
_WORDS = ("WARN", "ERROR", "CRIT", "FATAL", "PANIC", "everity", "lvl")
_SMALL_WORDS = ("[warn", "[err", "[crit", "[fatal", "[alert", "[emerg")
_KLOG = re.compile(r"^[EWF]\d{4} ", re.MULTILINE)

_KEY = r"(?:level|levelname|log\.level|severity|lvl)"
# With the lower levels, so that the first word counts: in "INFO [ERROR] is a word" that is INFO.
_WORD = r"[\[(<]?(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRIT(?:ICAL)?|FATAL|PANIC)(?=[\s:\])>|]|$)"
_SMALL_WORD = r"\[(?P<small>debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|alert|emerg(?:ency)?)\s*\]"
_TIME = r"\d\d:\d\d:\d\d"
_STAMP = rf"^[\[(]?(?:\d\d(?:\d\d)?[-/.]\d\d?[-/.]\d\d(?:\d\d)?[T ])?{_TIME}"
# What stands between the time and the level: a zone, a thread or a file in brackets, a logger's name between dashes.
_BETWEEN = (
    r"(?:[-|:]|[+-]\d\d:?\d\d\]?|UTC|[A-Z]{2,3}T|\d+(?=\s\[)|\[[^\]]*\]|\{[^}]*\}|\([^)]*\)|[-|]\s+[^\s|]+\s+[-|])\s+"
)
_CLAIMS = tuple(
    re.compile(pattern)
    for pattern in (
        # JSON, as with a field level that is error; not a field of a field
        rf"""^\s*\{{[^{{}}]*?["']{_KEY}["']\s*:\s*["'](?P<level>\w+)["']""",
        # logfmt, as with level=warning behind other fields
        rf"""^(?:\S*{_TIME}\S*\s+)?(?:[\w.-]+=(?:"(?:[^"\\]|\\.)*"|[^\s"]\S*|)\s+)*{_KEY}="?(?P<level>\w+)""",
        # ERROR: ..., [WARN] ..., ERROR:root:...
        rf"^\s*{_WORD}",
        # 2026-11-20 19:25:02,123 - name - ERROR - ..., 19:25:02.123 [main] WARN ..., 2026/11/20 19:25:02 [error] ...
        rf"{_STAMP}\S*\s+(?:{_BETWEEN}){{0,4}}?(?:{_WORD}|{_SMALL_WORD})",
        # [2026-11-20 19:25:02,123: ERROR/MainProcess] ...
        rf"{_STAMP}\S*: (?P<level>[A-Z]+)/\S+\]",
        # 2026-11-20 19:25:02,123 name ERROR ...: with a fraction of a second a logger has written it, not a person
        rf"{_STAMP}[.,]\d+\S*\s+[\w.-]+\s+{_WORD}",
        # E1120 19:25:02.614761 ... of Kubernetes' own programs
        r"^(?P<level>[EWF])\d{4} \d\d:\d\d:\d\d",
    )
)
_LEVELS = {
    "warn": WARNING,
    "warning": WARNING,
    "w": WARNING,
    "error": ERROR,
    "err": ERROR,
    "e": ERROR,
    "crit": CRITICAL,
    "critical": CRITICAL,
    "fatal": CRITICAL,
    "f": CRITICAL,
    "panic": CRITICAL,
    "alert": CRITICAL,
    "emerg": CRITICAL,
    "emergency": CRITICAL,
}


def level_of(line: str) -> str:
    """Return the level that a line claims to have: info where it claims none, or a lower one, for nothing is hidden."""
    head = without_colours(line[:_SEARCHED_LENGTH])
    for claim in _CLAIMS:
        match = claim.search(head)
        if match:
            groups = match.groupdict()
            return _LEVELS.get((groups["level"] or groups["small"]).lower(), INFO)
    return INFO


def may_claim(text: str) -> bool:
    """Whether any line of a text may claim a level; a quick look."""
    if any(word in text for word in _WORDS) or ("[" in text and any(word in text for word in _SMALL_WORDS)):
        return True
    if "level" in text.lower():
        return True
    return (text[:1] in "EWF" or "\nE" in text or "\nW" in text or "\nF" in text) and _KLOG.search(text) is not None


class Levels:
    """The levels of the lines of one container, where what belongs to a traceback has the level of an error."""

    def __init__(self) -> None:
        self._traceback = Traceback()

    def runs(self, text: str) -> Iterator[tuple[str, Sequence[str]]]:
        """Part the next lines into runs of one level."""
        lines = text.split("\n")
        if not self._traceback.is_open and not may_claim(text) and not may_begin(text):
            yield INFO, lines
            return
        for level, run in itertools.groupby(lines, self._level_of):
            yield level, list(run)

    def _level_of(self, line: str) -> str:
        return ERROR if self._traceback.takes(without_colours(line[:_SEARCHED_LENGTH])) else level_of(line)


def without_colours(text: str) -> str:
    """Leave out what colours a text on a terminal."""
    return _COLOUR.sub("", text) if "\x1b" in text else text
