"""Text of others, made safe for where people read and paste it: a terminal, a log, a shell.

A control character in a name, a message or a container's line moves the cursor, hides what follows, fills the clipboard
or, pasted, ends the paste. Here it becomes a sign that can be seen.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

# Those of ASCII but tab and newline, those of Latin-1, and those that turn the direction of writing.
_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069"
_ANY = re.compile(f"[{_CONTROL}]")
_ANY_OR_SPACE = re.compile(f"[\t\n\u2028\u2029{_CONTROL}]")
_COLOUR = r"\x1b\[[\d;:]*m"
# What a terminal obeys without a trace: everything that begins so but colours.
_ORDERS = re.compile(rf"(?!{_COLOUR})(?:\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?)")
_ALL_BUT_COLOURS = re.compile(rf"(?!{_COLOUR}|\r\n)[{_CONTROL}]")
_HAS_COLOUR = re.compile(_COLOUR)
_NO_COLOUR = "\x1b[0m"
_DELETE = 0x7F
_FIRST_OF_LATIN_1 = 0x80


def harmless(text: str) -> str:
    """Return lines that colour themselves at most; what else a terminal would obey is left out or can be seen."""
    if not _ANY.search(text):
        return text
    return _ALL_BUT_COLOURS.sub(_visible, _ORDERS.sub("", text))


def harmless_on_a_terminal(text: str) -> str:
    """Do the same, with colours that end where their line does."""
    text = harmless(text)
    if "\x1b" not in text:
        return text
    return "\n".join(f"{line}{_NO_COLOUR}" if _HAS_COLOUR.search(line) else line for line in text.split("\n"))


def plain(text: str) -> str:
    """Return one line without colours: what would end it can be seen, too."""
    return _ANY_OR_SPACE.sub(_visible, text)


def quoted(word: str) -> str:
    """Quote a word for bash, in one line without any control character."""
    if not _ANY_OR_SPACE.search(word):
        return shlex.quote(word)
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{_ANY_OR_SPACE.sub(_escaped, escaped)}'"


def joined(words: Iterable[str]) -> str:
    """Write a command for bash, in one line."""
    return " ".join(map(quoted, words))


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < ord(" "):
        return chr(0x2400 + code)
    return "\u2421" if code == _DELETE else _escaped(found)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < _FIRST_OF_LATIN_1 else f"\\u{code:04x}"
