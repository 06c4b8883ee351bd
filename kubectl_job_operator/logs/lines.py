"""From the bytes of ``kubectl logs --timestamps`` to lines, each of them once."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

LONGEST_LINE_BYTES = 60_000

_HELD_BYTES = LONGEST_LINE_BYTES + 256
"""Room for the times before its pieces too, so that a line is cut alike wherever kubectl's output is."""
_CONTAINER_RUNTIME_PIECE = 16_384
_STAMPED = re.compile(rb"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (.*)$", re.MULTILINE)
_ANY_STAMP = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?",
)
LENGTH_TO_SECONDS = 19


class Line(NamedTuple):
    """A line of a container.

    :param stamp: when it was written, as ``2026-11-20T19:25:02.123456789Z``; such stamps sort as they are.
    :param text: what was written, without the newline.
    """

    stamp: bytes
    text: bytes


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
