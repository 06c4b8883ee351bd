"""Huge lines are cut for people: their start and their end stay, and no part of a secret."""

from __future__ import annotations

from collections.abc import Callable

MARGIN = 4_096
"""How long a secret may be that a cut might halve."""
LONGEST_OF_MANY = 2_000
"""Of a line that stands among others, in an error or at the end of a log, people need no more characters."""

Mask = Callable[[str], str]


def as_it_is(text: str) -> str:
    """Mask nothing, where nobody knows a secret."""
    return text


def cut_lines(text: str, mask: Mask = as_it_is, longest: int = LONGEST_OF_MANY) -> str:
    """Cut each line of a text that is longer than that."""
    if len(text) <= longest:
        return text
    return "\n".join(cut(line, mask, longest) for line in text.split("\n"))


def cut(line: str, mask: Mask = as_it_is, longest: int = LONGEST_OF_MANY) -> str:
    """Keep the start and the end of a line that is longer than that.

    :param mask: replaces secrets; what is cut off one by the cut itself, it could not know any more.
    """
    if len(line) <= longest:
        return line
    end = longest // 4
    start = longest - end
    if len(line) <= longest + 2 * MARGIN:
        return joined(mask(line), "", 0, start, end)
    return joined(
        mask(line[: start + MARGIN])[:-MARGIN],
        mask(line[-end - MARGIN :])[MARGIN:],
        len(line) - longest - 2 * MARGIN,
        start,
        end,
    )


def joined(head: str, tail: str, left_out: int, start: int, end: int) -> str:
    """Put together what is shown of a line that was cut.

    :param head: its beginning; all of it, where there is no tail.
    :param tail: its end.
    :param left_out: how much between them is known to nobody any more.
    :param start: how much of the head is shown.
    :param end: how much of the tail is shown.
    """
    if not tail and not left_out:
        if len(head) <= start + end:
            return head
        head, tail = head[:-end], head[-end:]
    count = left_out + max(0, len(head) - start) + max(0, len(tail) - end)
    size = f"{-(-count // 1024)} KiB" if count >= 1024 else f"{count} characters"
    return f"{head[:start]} [the line is longer: about {size} are not shown here] {tail[-end:]}"
