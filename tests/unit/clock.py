"""A clock that stands still."""

from __future__ import annotations

from types import ModuleType

import pytest


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


def stopped(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> Clock:
    """Give these modules one clock that stands still."""
    clock = Clock()
    for module in modules:
        monkeypatch.setattr(module, "time", clock)
    return clock
