"""Which level a line of a container's log claims to have."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

INFO, WARNING, ERROR, CRITICAL = "info", "warning", "error", "critical"

_SEARCHED_LENGTH = 400
_MAYBE = re.compile(r"WARN|ERROR|CRIT|FATAL|[Ll][Ee][Vv][Ee][Ll]|[Ss]everity|lvl|^[EWF]\d{4} ", re.MULTILINE)
_WORD = r"WARN(?:ING)?|ERROR|CRIT(?:ICAL)?|FATAL"
_CLAIMS = tuple(
    re.compile(pattern)
    for pattern in (
        # JSON, as with a field level that is error
        r"""["'](?:level|levelname|log\.level|severity|lvl)["']\s*:\s*["'](?P<level>\w+)["']""",
        # logfmt, as with level=warning
        r"""(?:^|\s)(?:level|severity|lvl)="?(?P<level>\w+)"?""",
        # ERROR: ..., [WARN] ..., ERROR:root:...
        rf"^\s*[\[(<]?(?P<level>{_WORD})(?=[\s:\])>|]|$)",
        # 2026-11-20 19:25:02,123 - name - ERROR - ..., 19:25:02.123 [main] WARN ...
        rf"^[\[(]?\d\d(?:\d\d)?[-/:.]\d\d?\S*(?:\s+\S+){{0,5}}?\s+[\[(<]?(?P<level>{_WORD})(?=[\s:\])>|]|$)",
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
    "emergency": CRITICAL,
}


def level_of(line: str) -> str:
    """Return the level that a line claims to have: info where it claims none, or a lower one, for nothing is hidden."""
    head = line[:_SEARCHED_LENGTH]
    for claim in _CLAIMS:
        match = claim.search(head)
        if match:
            return _LEVELS.get(match["level"].lower(), INFO)
    return INFO


def by_level(lines: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Part lines into runs of one level."""
    if not _MAYBE.search("\n".join(lines)):
        yield INFO, lines
        return
    for level, run in itertools.groupby(lines, level_of):
        yield level, list(run)
