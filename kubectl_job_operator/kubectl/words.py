"""Which of the words on stderr are kubectl's own: others' words stand beside them, in quotes and on further lines."""

from __future__ import annotations

import re

# As "E1120 19:25:02.614761    5005 memcache.go:265] ...": kubectl's own logger.
_LOGGED = re.compile(r"^[EWI]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ ")
_LOGGED_LINES = re.compile(r"^[EWI]\d{4} \d\d:\d\d:\d\d\.\d+ .*\berr=<\n(?:\t.*\n)* >$", re.MULTILINE)
_LOGGED_ERROR = re.compile(r'\berr="((?:[^"\\\n]|\\.)*)"')
_COUNT = re.compile(r"^\d+ x ")
# The apostrophe of a word, as in "doesn't", is no quote.
_QUOTED = re.compile(r""" "(?:[^"\\\n]|\\.)*" | (?<!\w)'[^'\n]*'(?!\w) | `[^`\n]*` """, re.VERBOSE)
# Before it asks for anything else, apply asks for the server's schema; what comes of that is the error.
_NO_SCHEMA = re.compile(
    r'^error: error validating "": error validating data: failed to download openapi: (.*?)(?:; if you choose to .*)?$',
    re.MULTILINE,
)
# What kubectl says to whoever types it, behind each conflict: no task can force it, and there is a hint of our own.
_ADVICE_ON_CONFLICTS = re.compile(
    r"^Please review the fields above--they currently have other managers\..*?(?:#conflicts$|\Z)\n?",
    re.MULTILINE | re.DOTALL,
)
_SENTENCE = re.compile(
    r'^(?:[Ee]rror from server|[Ee]rror: |Error in configuration|The \S+ "|The connection to the server'
    r"|Unable to connect to the server)"
)


def shown(stderr: str) -> str:
    """Return what is worth showing: the lines of kubectl's own logger are left out, unless there is nothing else."""
    said = _ADVICE_ON_CONFLICTS.sub("", _LOGGED_LINES.sub("", stderr))
    own = [line for line in said.splitlines() if line.strip() and not _LOGGED.match(line)]
    return counted("\n".join(own) or stderr.strip())


def counted(text: str) -> str:
    """Put each line once, with how often it is there: kubectl says the same for each of its own attempts."""
    counts: dict[str, int] = {}
    first: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        said = _LOGGED.sub("", line)
        counts[said] = counts.get(said, 0) + 1
        first.setdefault(said, line)
    return "\n".join(f"{count} x {first[said]}" if count > 1 else first[said] for said, count in counts.items())


def deciding(stderr: str) -> str:
    """Return kubectl's own sentences, each on a line, with nothing between its quotes.

    What a credential plugin, a policy or a proxy has written stands on lines before and after them; names, values and
    messages stand in quotes.
    """
    lines = [_COUNT.sub("", line) for line in shown(stderr).splitlines()]
    sentences = [line for line in lines if _SENTENCE.match(line)] or list(map(_unlogged, lines))
    return _NO_SCHEMA.sub(r"error: \1", "\n".join(map(without_quotes, sentences)))


def without_quotes(line: str) -> str:
    """Empty what is quoted in a line."""
    return _QUOTED.sub(lambda quoted: quoted[0][0] + quoted[0][-1], line)


def _unlogged(line: str) -> str:
    """Return what kubectl's logger quotes as the error; other lines as they are."""
    logged = _LOGGED_ERROR.search(line) if _LOGGED.match(line) else None
    return re.sub(r"\\(.)", r"\1", logged[1]) if logged else line
