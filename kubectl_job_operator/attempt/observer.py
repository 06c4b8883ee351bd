"""Whoever looks on while a Job runs, as the live view of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kubectl_job_operator.objects import Object


class Observer(Protocol):
    """Is shown what a run has learnt of its Job. It decides nothing, must be quick and must not raise."""

    @property
    def wants_events(self) -> bool:
        """Whether the events are to be read for it, which costs a command."""

    @property
    def wants_pods(self) -> bool:
        """Whether it is to be shown the pods."""

    def on_job(self, job: Object) -> None:
        """Take the Job as it now is."""

    def on_pods(self, pods: Sequence[Object]) -> None:
        """Take all of the Job's pods as they now are; of very many not each change is shown, but always the last."""

    def on_events(self, events: Sequence[Object]) -> None:
        """Take the events of the namespace when the Job has ended."""


class Nobody:
    """Nobody looks on."""

    wants_events = wants_pods = False

    def on_job(self, job: Object) -> None:
        """Take the Job, for nothing."""

    def on_pods(self, pods: Sequence[Object]) -> None:
        """Take the pods, for nothing."""

    def on_events(self, events: Sequence[Object]) -> None:
        """Take the events, for nothing."""
