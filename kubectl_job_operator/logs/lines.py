"""From the bytes of ``kubectl logs --timestamps`` to lines, each of them once."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

LONGEST_LINE_BYTES = 60_000

_HELD_BYTES = LONGEST_LINE_BYTES + 256
"""Room for the times before its pieces too, so that a line is cut alike wherever kubectl's output is."""
_CONTAINER_RUNTIME_PIECE = 16_384
_STAMPED = re.compile(rb"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (.*)$", re.MULTILINE)
_ANY_STAMP = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?",
)
_LENGTH_TO_SECONDS = 19


class Line(NamedTuple):
    """A line of a container.

    :param stamp: when it was written, as ``2026-11-20T19:25:02.123456789Z``; such stamps sort as they are.
    :param text: what was written, without the newline.
    """

    stamp: bytes
    text: bytes


@dataclass(frozen=True)
class SavedPosition:
    """How far a container's log has been shown, for another process to go on from.

    :param pod_uid: whose container.
    :param container: its name.
    :param instance: which of its runs is the next to be shown, or is being shown.
    :param stamp: the time of the last line that was shown.
    :param lines_of_stamp: how many lines of that time were shown.
    :param newest: the newest time of all lines that were shown.
    :param line_count: how many lines were shown.
    """

    pod_uid: str
    container: str
    instance: int
    stamp: str = ""
    lines_of_stamp: int = 0
    newest: str = ""
    line_count: int = 0


class LineReader:
    """Cuts what one kubectl prints into lines.

    A line that is too long is cut, and its rest never held in memory. Lines without a time are not the container's but
    the kubelet's own words; they are put aside.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._dropped = 0
        self.remarks: list[str] = []

    def feed(self, chunk: bytes) -> Sequence[Line]:
        """Return the lines that are whole now."""
        if self._dropped:
            end = chunk.find(b"\n")
            if end < 0:
                self._dropped += len(chunk)
                return []
            first = self._parse(self._rest, self._dropped + end)
            self._rest, self._dropped = b"", 0
            return [*first, *self.feed(chunk[end + 1 :])]
        data = self._rest + chunk
        end = data.rfind(b"\n")
        self._rest = data[end + 1 :]
        if len(self._rest) > _HELD_BYTES:
            self._rest, self._dropped = self._rest[:_HELD_BYTES], len(self._rest) - _HELD_BYTES
        return self._split(data[:end]) if end >= 0 else []

    def last(self) -> Sequence[Line]:
        """Return the line at the end that has no newline, if there is one: right only where nothing can follow."""
        rest, dropped, self._rest, self._dropped = self._rest, self._dropped, b"", 0
        return self._parse(rest, dropped) if rest else []

    def _split(self, data: bytes) -> Sequence[Line]:
        # At the speed of the regular expression engine where every line is as expected, else one by one.
        found = _STAMPED.findall(data)
        if len(found) == data.count(b"\n") + 1 and max(len(text) for _, text in found) < _CONTAINER_RUNTIME_PIECE:
            return [Line(stamp, text) for stamp, text in found]
        return [line for raw in data.split(b"\n") for line in self._parse(raw, 0)]

    def _parse(self, raw: bytes, dropped: int) -> Sequence[Line]:
        match = _ANY_STAMP.match(raw)
        if match is None:
            if raw.strip():
                self.remarks = [*self.remarks[-4:], raw.decode(errors="backslashreplace")]
            return []
        dropped += max(0, len(raw) - _HELD_BYTES)
        text = _without_inner_stamps(raw[match.end() : _HELD_BYTES])
        dropped += max(0, len(text) - LONGEST_LINE_BYTES)
        if dropped:
            note = b" [the line is longer: about %d KiB more are not shown]" % -(-dropped // 1024)
            text = text[:LONGEST_LINE_BYTES] + note
        return [Line(_sortable(match[1], match[2] or b"", match[3]), text)]


class Position:
    """How far a container's log has been shown.

    :param saved: how far another process has shown it; ``None`` if none has.
    """

    def __init__(self, saved: SavedPosition | None = None) -> None:
        self.first = b""
        """The time of the first line; empty where another process has shown it, or nobody."""
        self.stamp = saved.stamp.encode() if saved else b""
        self.lines_of_stamp = saved.lines_of_stamp if saved else 0
        self.newest = saved.newest.encode() if saved else b""
        self.line_count = saved.line_count if saved else 0

    def advance(self, lines: Sequence[Line]) -> None:
        """Note that these lines have been shown too."""
        if not lines:
            return
        if not self.line_count:
            self.first = self.first or lines[0].stamp
        last = lines[-1].stamp
        count = 0
        for line in reversed(lines):
            if line.stamp != last:
                break
            count += 1
        goes_on = last == self.stamp and count == len(lines)
        self.lines_of_stamp = count + (self.lines_of_stamp if goes_on else 0)
        self.stamp = last
        self.newest = max(self.newest, max(lines).stamp)
        self.line_count += len(lines)

    def saved(self, pod_uid: str, container: str, instance: int) -> SavedPosition:
        """Return it for another process.

        :param pod_uid: whose container.
        :param container: its name.
        :param instance: which of its runs this is about.
        """
        stamp, newest = self.stamp.decode(), self.newest.decode()
        return SavedPosition(pod_uid, container, instance, stamp, self.lines_of_stamp, newest, self.line_count)

    def since(self) -> str | None:
        """Return from when to read on, a whole second, as ``--since-time`` takes it; ``None`` is from the beginning.

        The kubelet leaves out each line that is older. Where the node's clock has gone back, lines that are still to
        come may be, so then it must leave out none.
        """
        if not self.stamp or self.stamp < self.newest:
            return None
        return self.stamp[:_LENGTH_TO_SECONDS].decode() + "Z"


class Resumption:
    """Leaves out of a new reading what was shown already: all up to the last line that was.

    :param position: how far the log was shown when the reading began.
    """

    def __init__(self, position: Position) -> None:
        self._stamp = position.stamp
        self._to_find = position.lines_of_stamp
        self._newest = position.newest
        self._found = 0
        self.is_over = not position.stamp
        self.has_gap = False

    @property
    def is_in_vain(self) -> bool:
        """Whether the last line that was shown has not been found."""
        return not self.is_over and not self._found

    def unseen(self, lines: Sequence[Line]) -> Sequence[Line]:
        """Return the lines that were not shown yet.

        ``has_gap`` then tells whether the last line that was shown is missing, so that others may be missing too.
        """
        if self.is_over:
            return lines
        for index, line in enumerate(lines):
            if line.stamp == self._stamp:
                self._found += 1
                if self._found == self._to_find:
                    self.is_over = True
                    return lines[index + 1 :]
            elif self._found or line.stamp > self._newest:
                self.is_over = True
                self.has_gap = not self._found
                return lines[index:]
        return []


def _without_inner_stamps(text: bytes) -> bytes:
    """Undo what older kubelets do: they print a time before each piece into which the runtime has cut a line."""
    end = _CONTAINER_RUNTIME_PIECE
    while len(text) > end and (match := _ANY_STAMP.match(text, end)):
        text = text[:end] + text[match.end() :]
        end += _CONTAINER_RUNTIME_PIECE
    return text


def _sortable(to_seconds: bytes, fraction: bytes, zone: bytes) -> bytes:
    """Write a stamp in UTC and with nine digits, whatever the node's time zone is."""
    if zone != b"Z":
        to_seconds = _in_utc(to_seconds, zone)
    return to_seconds + b"." + fraction.ljust(9, b"0") + b"Z"


@functools.lru_cache(maxsize=64)
def _in_utc(to_seconds: bytes, zone: bytes) -> bytes:
    local = datetime.datetime.fromisoformat((to_seconds + zone).decode())
    return local.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S").encode()
