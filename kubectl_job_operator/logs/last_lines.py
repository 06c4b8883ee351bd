"""The last lines of each container, for telling why one failed whose log cannot be read any more."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

_LINES, _CONTAINERS = 20, 1_000
"""Of each container; of so many at most from which no more comes."""

Key = tuple[str, str]
"""The UID of a pod, and the name of a container of it."""


class LastLines:
    """Keeps them as they are shown."""

    def __init__(self) -> None:
        self._lines: dict[Key, deque[str]] = {}

    def add(self, key: Key, lines: Sequence[str]) -> None:
        """Keep what a container has written."""
        self._lines.setdefault(key, deque(maxlen=_LINES)).extend(lines[-_LINES:])

    def of(self, key: Key) -> Sequence[str]:
        """Return what a container has written last."""
        return tuple(self._lines.get(key, ()))

    def forget(self, key: Key) -> None:
        """Forget those of a container that has ended well: nobody asks for them."""
        self._lines.pop(key, None)

    def forget_the_oldest(self, going_on: Collection[Key]) -> None:
        """Forget those of the oldest containers, where there are very many from which no more comes."""
        while len(self._lines) > len(going_on) + _CONTAINERS:
            del self._lines[next(key for key in self._lines if key not in going_on)]
