"""Lines that are read on a small screen: what is too long loses its middle, for both ends tell the most."""

from __future__ import annotations

WIDTH = 100
"""How many letters of a line of its log Airflow's page shows on a small screen, about."""

_GAP = " ... "


def shortened(text: str, most: int = WIDTH) -> str:
    """Return a text with at most so many letters, cut between words where there are some."""
    if len(text) <= most:
        return text
    rest = max(0, most - len(_GAP))
    # The end of an error says what happened, its beginning what kind of thing it is.
    start = _end_of_word(text, rest - rest * 3 // 5, rest * 2 // 3)
    end = text[len(text) - (rest - start) :] if start < rest else ""
    return f"{text[:start].rstrip()}{_GAP}{_from_a_word_on(text, end).lstrip()}"


def _end_of_word(text: str, at: int, latest: int) -> int:
    """Return where the word ends that a cut would go through, or begins if it ends too late; else the cut's place."""
    after, before = text.find(" ", at), text.rfind(" ", 0, at + 1)
    if at <= after <= latest:
        return after
    return before if before >= at // 2 > 0 else at


def _from_a_word_on(text: str, end: str) -> str:
    """Leave out the half of a word with which an end begins, unless that is most of it."""
    if text[: len(text) - len(end)].endswith(" "):
        return end
    words = end.partition(" ")[2]
    return words if len(words) * 2 >= len(end) else end
