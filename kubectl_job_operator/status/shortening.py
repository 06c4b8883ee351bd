"""Lines that are read on a small screen: what is too long loses its middle, for both ends tell the most."""

from __future__ import annotations

WIDTH = 100
"""How many letters of a line of its log Airflow's page shows on a small screen, about."""

_GAP = " ... "


def shortened(text: str, most: int = WIDTH) -> str:
    """Return a text with at most so many letters."""
    if len(text) <= most:
        return text
    rest = max(0, most - len(_GAP))
    # The end of an error says what happened, its beginning what kind of thing it is.
    end = rest * 3 // 5
    return f"{text[: rest - end].rstrip()}{_GAP}{text[len(text) - end :].lstrip()}"
