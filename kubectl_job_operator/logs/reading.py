"""One kubectl that reads a container's log, and what has come of it so far."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from kubectl_job_operator.kubectl.client import Call
from kubectl_job_operator.kubectl.output import Output
from kubectl_job_operator.logs.lines import LineReader
from kubectl_job_operator.logs.resumption import Resumption


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

    def said(self) -> str:
        """Sum up a reading for the transcript."""
        lines = f"{self.line_count} line{'' if self.line_count == 1 else 's'}"
        if self.new_count == self.line_count:
            return lines
        return f"{lines}, {self.new_count} of them new"
