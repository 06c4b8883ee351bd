"""The program, as the tests run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """What came of it."""

    code: int
    out: str
    err: str


Program = Callable[..., Result]
