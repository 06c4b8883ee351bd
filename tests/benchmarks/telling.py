"""How a bench prints its figures."""

from __future__ import annotations


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a program that prints


def verdict(is_missed: bool) -> str:
    """Tell of a bar whether it is missed."""
    return "MISSED" if is_missed else "held"
