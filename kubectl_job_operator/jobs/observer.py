"""Whoever looks on while a Job runs, as the live view of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kubectl_job_operator.jobs.status import Object


class Observer(Protocol):
    """Is shown what a run has learnt of its Job. It decides nothing, must be quick and must not raise."""

    def on_job(self, job: Object) -> None:
        """Take the Job as it now is."""

    def on_pods(self, pods: Sequence[Object]) -> None:
        """Take all of the Job's pods as they now are."""


class Nobody:
    """Nobody looks on."""

    def on_job(self, job: Object) -> None:
        """Take the Job, for nothing."""

    def on_pods(self, pods: Sequence[Object]) -> None:
        """Take the pods, for nothing."""
