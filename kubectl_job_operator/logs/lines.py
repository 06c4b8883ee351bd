"""From the bytes of ``kubectl logs --timestamps`` to lines, each of them once."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from kubectl_job_operator.kubectl.cutting import MARGIN, note
from kubectl_job_operator.logs import kubelet
from kubectl_job_operator.manifest.masking import Mask, masks_nothing

LONGEST_LINE_BYTES = 60_000

_HELD_BYTES = LONGEST_LINE_BYTES + 256
"""Room for the times before its pieces too, so that a line is cut alike wherever kubectl's output is."""
_END_BYTES = 10_000
_START_BYTES = LONGEST_LINE_BYTES - _END_BYTES
_HELD_END_BYTES = _END_BYTES + MARGIN
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

    Of a line that is too long the middle is left out, and never held in memory. Lines without a time are not the
    container's but the kubelet's own words; they are put aside.

    :param mask: hides the secrets in a line that is too long, before it is cut.
    :param leaves_out_older: whether the kubelet leaves out what is older than a time. The container runtime has cut a
        long line into pieces; the rest of an older one comes then, without a time, before the first line.
    """

    def __init__(self, mask: Mask = masks_nothing, *, leaves_out_older: bool = False) -> None:
        self._mask = mask
        self._may_be_rest = leaves_out_older
        self._rest = b""
        self._dropped = 0
        self._end = b""
        self.remarks: list[str] = []

    def feed(self, chunk: bytes) -> Sequence[Line]:
        """Return the lines that are whole now."""
        if self._dropped:
            end = chunk.find(b"\n")
            if end < 0:
                self._drop(chunk)
                return []
            self._drop(chunk[:end])
            return [*self.last(), *self.feed(chunk[end + 1 :])]
        data = self._rest + chunk
        end = data.rfind(b"\n")
        self._rest = data[end + 1 :]
        if len(self._rest) > _HELD_BYTES:
            self._rest, beyond = self._rest[:_HELD_BYTES], self._rest[_HELD_BYTES:]
            self._drop(beyond)
        return self._split(data[:end]) if end >= 0 else []

    def last(self) -> Sequence[Line]:
        """Return the line at the end that has no newline, if there is one: right only where nothing can follow."""
        rest, end, dropped = self._rest, self._end, self._dropped
        self._rest, self._end, self._dropped = b"", b"", 0
        return self._parse(rest, end, dropped) if rest else []

    @property
    def is_within_line(self) -> bool:
        """Whether what has come does not end with a newline."""
        return bool(self._rest)

    def half(self) -> Sequence[Line]:
        """Return what has come of a line that has not ended, if anything has: all of it, or half."""
        return [line for line in self.last() if line.text] if _ANY_STAMP.match(self._rest) else []

    def hear_kubelet(self) -> None:
        """Learn what the kubelet has said at the end, without a newline, instead of going on."""
        words = kubelet.at_the_end_of((self._end or self._rest).decode(errors="backslashreplace"))
        if words:
            self._remark(words)

    def _drop(self, some: bytes) -> None:
        """Count what is not held, but for the end of it."""
        self._dropped += len(some)
        self._end = (self._end + some)[-_HELD_END_BYTES:]

    def _split(self, data: bytes) -> Sequence[Line]:
        # At the speed of the regular expression engine where every line is as expected, else one by one.
        found = _STAMPED.findall(data)
        if len(found) == data.count(b"\n") + 1 and max(len(text) for _, text in found) < _CONTAINER_RUNTIME_PIECE:
            self._forget_rest()
            return [Line(stamp, text) for stamp, text in found]
        return [line for raw in data.split(b"\n") for line in self._parse(raw, b"", 0)]

    def _parse(self, raw: bytes, end: bytes, dropped: int) -> Sequence[Line]:
        match = _ANY_STAMP.match(raw)
        if match is None:
            if raw.strip():
                self._remark(raw.decode(errors="backslashreplace"))
            return []
        self._forget_rest()
        if len(raw) > _HELD_BYTES:
            dropped = len(raw) - _HELD_BYTES
            end = raw[_HELD_BYTES:][-_HELD_END_BYTES:]
        text = _without_inner_stamps(raw[match.end() : _HELD_BYTES])
        if dropped or len(text) > LONGEST_LINE_BYTES:
            text = self._cut(text, end, dropped - len(end))
        return [Line(_sortable(match[1], match[2] or b"", match[3]), text)]

    def _cut(self, head: bytes, tail: bytes, gap: int) -> bytes:
        """Cut a line.

        :param gap: how many bytes between its head and its tail are not known any more.
        """
        size = len(head) + gap + len(tail)
        if gap:
            # At the cut either may have half a secret, which the mask does not know: that goes with the margin.
            head, tail = self._masked(head)[:-MARGIN], self._masked(tail)[MARGIN:]
        else:
            head = tail = self._masked(head + tail)
            if len(head) <= LONGEST_LINE_BYTES:
                return head
        start, end = (part.decode(errors="ignore") for part in (head[:_START_BYTES], tail[-_END_BYTES:]))
        return f"{start}{note(size - LONGEST_LINE_BYTES)}{end}".encode()

    def _masked(self, part: bytes) -> bytes:
        return self._mask(part.decode(errors="backslashreplace")).encode(errors="backslashreplace")

    def _forget_rest(self) -> None:
        """Learn that there is a line: behind the kubelet's words none comes."""
        if self._may_be_rest:
            self._may_be_rest, self.remarks = False, []

    def _remark(self, words: str) -> None:
        self.remarks = [*self.remarks[-4:], words]


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
