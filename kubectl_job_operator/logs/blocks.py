"""Few log records for many lines: each record costs Airflow as much as a hundred lines in one."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

LONGEST_BLOCK_BYTES = 65_536
OLDEST_BLOCK_SECONDS = 0.1
SMALL_BLOCK_LINES = 25
"""So many fit on a screen: Airflow's search scrolls to a record, not to a line in it."""
SMALL_BLOCKS, SMALL_BLOCKS_PER_SECOND = 400.0, 50.0
"""How many small blocks at once, and how many more each second, before what comes still faster is joined."""


@dataclass
class _Block:
    level: str
    lines: list[str]
    size: int
    began: float


class Blocks:
    """Logs lines that come slowly one by one, at once, and joins those that come faster.

    A block is of one source and one level, never older than 0.1 s and never larger than 64 KiB, unless it is a single
    line. It has at most 25 lines, but where there are so many that Airflow could not follow. The lines of a source stay
    in order.

    :param show: logs one record: its level and its text.
    """

    def __init__(self, show: Callable[[str, str], None]) -> None:
        self._show = show
        self._pending: dict[Hashable, _Block] = {}
        self._shown_at: dict[Hashable, float] = {}
        self._small = SMALL_BLOCKS
        self._counted_at = time.monotonic()

    def add(self, source: Hashable, level: str, lines: Sequence[str]) -> None:
        """Log lines, now or soon."""
        size = sum(map(len, lines)) + len(lines) if all(map(str.isascii, lines)) else _size(lines)
        if size > LONGEST_BLOCK_BYTES and len(lines) > 1:
            middle = len(lines) // 2
            self.add(source, level, lines[:middle])
            self.add(source, level, lines[middle:])
            return
        now = time.monotonic()
        block = self._pending.get(source)
        if block is not None and (block.level != level or block.size + size > LONGEST_BLOCK_BYTES):
            self._flush(source)
            block = None
        if block is None:
            block = self._pending[source] = _Block(level, [], 0, now)
        block.lines.extend(lines)
        block.size += size
        if now - self._shown_at.get(source, 0.0) >= OLDEST_BLOCK_SECONDS:
            self._flush(source)

    def flush_due(self) -> float | None:
        """Log the blocks that are old enough, and return in how many seconds the next will be; ``None`` for none."""
        due = time.monotonic() - OLDEST_BLOCK_SECONDS
        for source in [source for source, block in self._pending.items() if block.began <= due]:
            self._flush(source)
        oldest = min((block.began for block in self._pending.values()), default=None)
        return None if oldest is None else max(0.0, oldest - due)

    def flush(self, source: Hashable | None = None) -> None:
        """Log all that is pending, or all of one source."""
        for one in [source] if source is not None else list(self._pending):
            self._flush(one)

    def forget(self, source: Hashable) -> None:
        """Log what is pending of a source from which no more comes, and forget it."""
        self._flush(source)
        self._shown_at.pop(source, None)

    def _flush(self, source: Hashable) -> None:
        block = self._pending.pop(source, None)
        if block is not None:
            now = self._shown_at[source] = time.monotonic()
            for start, end in self._parts(len(block.lines), now):
                self._show(block.level, "\n".join(block.lines[start:end]))

    def _parts(self, line_count: int, now: float) -> Iterator[tuple[int, int]]:
        """Part the lines of a block into small ones as long as there may be any, and leave the rest whole."""
        self._small = min(SMALL_BLOCKS, self._small + (now - self._counted_at) * SMALL_BLOCKS_PER_SECOND)
        self._counted_at = now
        start = 0
        while line_count - start > SMALL_BLOCK_LINES and self._small >= 1:
            self._small -= 1
            yield start, start + SMALL_BLOCK_LINES
            start += SMALL_BLOCK_LINES
        yield start, line_count


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode(errors="surrogatepass")) + 1 for line in lines)
