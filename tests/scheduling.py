"""Which tests ``pytest -n`` hands to a process together."""

from __future__ import annotations

import functools

from xdist.scheduler import LoadScopeScheduling


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # it is not typed
    """Hands out a file at once where its tests share something, and single tests else; the largest files first."""

    def _split_scope(self, nodeid: str) -> str:
        """Return what the test is handed out with."""
        file = nodeid.partition("::")[0]
        return file if self._shares(file) else nodeid

    @functools.cache  # noqa: B019 - there is one
    def _shares(self, file: str) -> bool:
        """Return whether a file has a fixture for all of its tests; the process that schedules collects none itself."""
        return 'scope="module"' in (self.config.rootpath / file).read_text()
