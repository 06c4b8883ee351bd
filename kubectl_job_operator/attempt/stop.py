"""Who told a run to end before its Job has ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stop:
    """Why a run is to end, as far as anybody tells.

    :param words: the beginning of a sentence.
    :param is_worker_only: whether only the worker is to stop, and nobody wants the work to end.
    :param is_unwanted: whether somebody has said that the work is to end, so that nobody waits for it any more.
    :param is_timeout: whether only the task's time is over, so that what is done already is of use to a later try.
    """

    words: str = "The task was told to stop"
    is_worker_only: bool = False
    is_unwanted: bool = False
    is_timeout: bool = False
