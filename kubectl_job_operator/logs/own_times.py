"""When a container wrote a line, for lines that are read long after."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from kubectl_job_operator.logs.lines import LENGTH_TO_SECONDS

_LENGTH_OF_DATE = len("2026-11-20T")


def with_own_times(
    stamps: Iterable[bytes], runs: Iterable[tuple[str, Sequence[str]]], today: datetime.date | None = None
) -> list[tuple[str, Sequence[str]]]:
    """Put before each line the time in UTC at which it was written, with the date if that is not today's.

    :param stamps: one for each line of all runs together.
    :param runs: lines of one level each.
    :param today: default is the day that it is, in UTC.
    """
    day = f"{today or datetime.datetime.now(datetime.timezone.utc).date()}T"
    times = iter(stamps)
    return [(level, [f"{_short(next(times), day)}Z {text}" for text in run]) for level, run in runs]


def _short(stamp: bytes, day: str) -> str:
    text = stamp[:LENGTH_TO_SECONDS].decode()
    return text[_LENGTH_OF_DATE:] if text.startswith(day) else text
