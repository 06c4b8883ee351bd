"""How far a container's log has been shown, and which lines of the next reading were shown already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubectl_job_operator.logs.lines import LENGTH_TO_SECONDS, Line


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
    :param first: the time of the first line of that run; empty where it is not of use.
    :param is_over: whether the run was shown to its end; if the next one's log begins with the same line, it was that
        one's log which was shown.
    """

    pod_uid: str
    container: str
    instance: int
    stamp: str = ""
    lines_of_stamp: int = 0
    newest: str = ""
    line_count: int = 0
    first: str = ""
    is_over: bool = False


class Position:
    """How far a container's log has been shown.

    :param saved: how far another process has shown it; ``None`` if none has.
    """

    def __init__(self, saved: SavedPosition | None = None) -> None:
        self.first = saved.first.encode() if saved else b""
        """The time of the first line; empty where nobody has shown it, or another process that did not tell."""
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
        return self.stamp[:LENGTH_TO_SECONDS].decode() + "Z"


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
