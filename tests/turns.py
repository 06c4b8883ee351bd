"""How ``pytest -n`` may run the tests side by side: some together in one process, some alone, at the end.

What a module's fixture gives, as a kind that the cluster learns, is there once: one process runs all that use it.

Alone are those that break the cluster that all share, or measure. Each process holds a lock together with the others
while it has ordinary tests to run, also between two of them: what a module shares may be at work then. Who runs alone
holds it for itself.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

import pytest

_FIXTURES = {"breakable"}
"""Whoever asks for one of these is alone without saying so."""


def is_alone(item: pytest.Item) -> bool:
    """Return whether no other test may run beside this one."""
    return item.get_closest_marker("alone") is not None or not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


class Turns:
    """Gives each test its turn; a plugin of pytest.

    :param lock: a file that all processes of a run open.
    """

    def __init__(self, lock: Path) -> None:
        self._path = lock
        self._lock: IO[bytes] | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep together what shares something; ``--dist loadgroup`` of pytest-xdist 3.8 cannot in pytest 9.2."""
        from tests.scheduling import Scheduling

        return Scheduling(config, log)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the tests that run alone at the end."""
        items.sort(key=is_alone)

    # Around all other wrappers: the time that a test waits for its turn is not its own, and no timeout's.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Run a test when it may run."""
        alone = is_alone(item)
        if alone or self._lock is None:
            self._release()
            self._lock = self._path.open("wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        try:
            return (yield)
        finally:
            if alone or nextitem is None or is_alone(nextitem):
                self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def pytest_configure(config: pytest.Config) -> None:
    """Let the tests take turns."""
    config.addinivalue_line("markers", "alone: no other test runs beside it, and it runs at the end")
    config.pluginmanager.register(Turns(Path(os.environ["KUBECTL_JOB_OPERATOR_TEST_RUN"], "turns.lock")))
