"""Huge lines are cut for people: their start and their end stay, and no part of a secret."""

from __future__ import annotations

from collections.abc import Callable

MARGIN = 4_096
"""How long a secret may be that a cut might halve."""
LONGEST_OF_MANY = 2_000
"""Of a line that stands among others, in an error or at the end of a log, people need no more characters."""
LONGEST_SAID = 10_000
"""Of what kubectl and the API server say, the whole is of use, as a pod template that cannot be changed."""

_KIB = 1024
_ROOM_FOR_A_NOTE = 100

Mask = Callable[[str], str]


def as_it_is(text: str) -> str:
    """Mask nothing, where nobody knows a secret."""
    return text


def cut_lines(text: str, mask: Mask = as_it_is, longest: int = LONGEST_SAID) -> str:
    """Cut each line of a text that is longer than that."""
    if len(text) <= longest:
        return text
    return "\n".join(cut(line, mask, longest) for line in text.split("\n"))


def cut(line: str, mask: Mask = as_it_is, longest: int = LONGEST_OF_MANY) -> str:
    """Keep the start and the end of a line that is longer than that.

    :param mask: replaces secrets; what a cut leaves of one, nobody would know for a secret any more.
    """
    # What was cut before has a note in it, and may stand indented in an error: cut again, it would tell a wrong number.
    if len(line) <= longest + _ROOM_FOR_A_NOTE:
        return line
    end = longest // 4
    start = longest - end
    if len(line) <= longest + 2 * MARGIN:
        head = tail = mask(line)
        if len(head) <= longest:
            return head
    else:
        # At its cut end each part may hold half a secret, which the mask does not know: that goes with the margin.
        head, tail = mask(line[: start + MARGIN])[:-MARGIN], mask(line[-end - MARGIN :])[MARGIN:]
    return f"{head[:start]}{note(len(line) - longest)}{tail[-end:]}"


def note(count: int) -> str:
    """Tell, within a line, how much of it is left out."""
    size = f"{-(-count // _KIB)} KiB" if count >= _KIB else f"{count} characters"
    return f" [the line is longer: about {size} are not shown here] "
