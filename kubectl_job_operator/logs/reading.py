"""One kubectl that reads a container's log, and what has come of it so far."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from kubectl_job_operator.kubectl.client import Call
from kubectl_job_operator.kubectl.output import Output
from kubectl_job_operator.logs.lines import LineReader
from kubectl_job_operator.logs.resumption import Resumption

_WELL_SECONDS, _QUIET_SECONDS = 2.0, 0.2


class Kind(enum.Enum):
    """How a log is read."""

    FOLLOW = "follow"
    SO_FAR = "so far"
    REST = "rest"
    PREVIOUS = "previous"


@dataclass
class Reading:
    """One kubectl that reads."""

    kind: Kind
    instance: int
    call: Call
    output: Output
    resumption: Resumption
    reader: LineReader
    is_check: bool
    began: float
    heard_at: float = field(init=False)
    first: bytes = b""
    line_count: int = 0
    new_count: int = 0

    def __post_init__(self) -> None:
        self.heard_at = self.began

    def was_well(self, now: float) -> bool:
        """Whether it has shown something, has had the time to show all, and has nothing more to show."""
        has_had_time = now - self.began >= _WELL_SECONDS and now - self.heard_at >= _QUIET_SECONDS
        return self.line_count > 0 and has_had_time and not self.reader.is_within_line

    def said(self) -> str:
        """Sum up a reading for the transcript."""
        lines = f"{self.line_count} line{'' if self.line_count == 1 else 's'}"
        if self.new_count == self.line_count:
            return lines
        return f"{lines}, {self.new_count} of them new"
