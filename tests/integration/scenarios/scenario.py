"""A Job and what happens around it, as data."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.integration.namespace import Namespace


def nothing(_: Namespace) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Scenario:
    """A Job and what happens around it.

    :param since: the first minor version of Kubernetes that does so by itself.
    :param manifest: the Job, as YAML.
    :param prepare: makes in the namespace what the Job needs, before it is there.
    :param meanwhile: what somebody does as soon as the Job may be there.
    :param clear_away: takes away what ``prepare`` made outside the namespace.
    :param arguments: the operator's.
    """

    since: int
    manifest: str
    prepare: Callable[[Namespace], None] = nothing
    meanwhile: Callable[[Namespace], None] = nothing
    clear_away: Callable[[Namespace], None] = nothing
    arguments: dict[str, Any] = field(default_factory=dict)

    @functools.cached_property
    def name(self) -> str:
        """The Job's name, and that of the folder of the scenario's recording."""
        return str(yaml.safe_load(self.manifest)["metadata"]["name"])

    @contextmanager
    def set_in(self, namespace: Namespace) -> Iterator[Future[None]]:
        """Prepare the namespace and clear away in the end; what happens meanwhile goes on from now."""
        with ThreadPoolExecutor(1) as pool:
            try:
                self.prepare(namespace)
                yield pool.submit(self._act, namespace)
            finally:
                self.clear_away(namespace)

    def _act(self, namespace: Namespace) -> None:
        """Do what happens meanwhile; where that fails, no task waits for ever for what it would have brought."""
        try:
            self.meanwhile(namespace)
        except BaseException:
            namespace.kubectl("delete", "jobs", "--all", "--wait=false")
            raise

    def __str__(self) -> str:
        return self.name
