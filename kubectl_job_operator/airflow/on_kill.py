"""Airflow's ``on_kill``: it may come before ``execute`` has begun its work, while that goes on, and when it is over."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
else:
    BaseOperator = object  # the next class of an operator is


class Work(Protocol):
    """What ``execute`` does its work with."""

    def kill(self) -> None:
        """Have the work end soon; never waits."""


class EndsOnKill(BaseOperator):
    """A mixin of operators whose work can be ended."""

    _work: Work | None = None
    _is_killed = False
    _is_over = False

    def on_kill(self) -> None:
        """End ``execute`` at once: it stops its children, cleans up and raises. Never waits."""
        if self._work is not None:
            self._work.kill()
        elif not self._is_over:
            # execute has not come so far yet. After execution_timeout Airflow calls this when all is over.
            self._is_killed = True

    def _begin(self, work: Work) -> None:
        """Have this ended by ``on_kill``, which may have come already."""
        self._work = work
        if self._is_killed:
            work.kill()

    @contextlib.contextmanager
    def _until_over(self) -> Iterator[None]:
        """Hear ``on_kill``; afterwards there is nothing to end any more."""
        self._is_over = False
        try:
            yield
        finally:
            self._work = None
            self._is_killed = False
            self._is_over = True
