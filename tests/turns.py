"""How ``pytest -n`` may run the tests side by side: what each needs of machine and cluster, and when it runs.

Most share both. What breaks the cluster has it to itself, and tests that need none go on beside it; what measures has
the machine to itself. Each process holds a lock for the one and a lock for the other, with the rest or for itself,
for as long as it has tests of one kind to run, also between two of them: what a module shares may be at work then.

First come the tests that need the cluster, then what breaks it, spread among those that need none, then what measures.
"""

from __future__ import annotations

import fcntl
import math
import os
from collections.abc import Generator, Sequence
from enum import Enum
from pathlib import Path
from typing import IO, Any

import pytest

_BREAKING = {"breakable", "worker_node"}
"""Whoever asks for one of these fixtures breaks the cluster."""


class Need(Enum):
    """What a test needs; the values are how it locks the machine and the cluster."""

    CLUSTER = (fcntl.LOCK_SH, fcntl.LOCK_SH)
    BREAKABLE_CLUSTER = (fcntl.LOCK_SH, fcntl.LOCK_EX)
    NO_CLUSTER = (fcntl.LOCK_SH, fcntl.LOCK_UN)
    MACHINE = (fcntl.LOCK_EX, fcntl.LOCK_EX)


def need_of(item: pytest.Item) -> Need:
    """Return what a test needs."""
    if item.get_closest_marker("alone") is not None:
        return Need.MACHINE
    if not _BREAKING.isdisjoint(getattr(item, "fixturenames", ())):
        return Need.BREAKABLE_CLUSTER
    return Need.CLUSTER if item.get_closest_marker("cluster") is not None else Need.NO_CLUSTER


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests in the order in which they are handed out."""
    those: dict[Need, list[pytest.Item]] = {need: [] for need in Need}
    for item in items:
        those[need_of(item)].append(item)
    # Those that break take longer, one after another: each has its share of the others behind it.
    spread, beside = list[pytest.Item](), those[Need.NO_CLUSTER]
    share = math.ceil(len(beside) / max(1, len(those[Need.BREAKABLE_CLUSTER])))
    for item in those[Need.BREAKABLE_CLUSTER]:
        spread += [item, *beside[:share]]
        beside = beside[share:]
    return [*those[Need.CLUSTER], *spread, *beside, *those[Need.MACHINE]]


class Turns:
    """Gives each test its turn; a plugin of pytest.

    :param folder: where the locks are, for all processes of a run.
    """

    def __init__(self, folder: Path) -> None:
        self._paths = (folder / "machine.lock", folder / "cluster.lock")
        self._locks: list[IO[bytes]] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep together what shares something; ``--dist loadgroup`` of pytest-xdist 3.8 cannot in pytest 9.2."""
        from tests.scheduling import Scheduling

        return Scheduling(config, log)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the tests in their order."""
        items[:] = in_order(items)

    # Around all other wrappers: the time that a test waits for its turn is not its own, and no timeout's.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Run a test when it may run."""
        need = need_of(item)
        if not self._locks:
            # All take the machine first, then the cluster: nobody waits for somebody who waits for him.
            for path, how in zip(self._paths, need.value, strict=True):
                lock = path.open("wb")
                self._locks.append(lock)
                fcntl.flock(lock, how)
        try:
            return (yield)
        finally:
            if need in (Need.BREAKABLE_CLUSTER, Need.MACHINE) or nextitem is None or need_of(nextitem) is not need:
                self._release()

    def _release(self) -> None:
        while self._locks:
            self._locks.pop().close()


def pytest_configure(config: pytest.Config) -> None:
    """Let the tests take turns."""
    config.addinivalue_line("markers", "alone: no other test runs beside it, and it runs at the end")
    config.pluginmanager.register(Turns(Path(os.environ["KUBECTL_JOB_OPERATOR_TEST_RUN"])))
