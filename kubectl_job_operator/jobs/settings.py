"""How a Job is run: the choices of the task's author that are not part of the manifest."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tail:
    """Which ends of the containers' logs are shown.

    :param is_on: whether any are.
    :param line_count: how many lines from the end of each container's log.
    :param every_seconds: also show them again and again while the Job runs; ``None`` shows them only when it has ended.
    """

    is_on: bool = False
    line_count: int = 100
    every_seconds: int | None = None


@dataclass(frozen=True)
class Settings:
    """How a Job is run.

    :param tail: which logs are shown.
    :param log_yaml: show the manifest in the log.
    :param write_path: a folder where the manifest is also written, to stay; ``None`` for none.
    :param write_filename: the name of that file; default is the template's.
    :param delete_completed_job: delete the Job once it is Complete.
    :param outage_tolerance_seconds: how long a cluster that has answered once may be away.
    """

    tail: Tail = field(default_factory=Tail)
    log_yaml: bool = True
    write_path: str | None = None
    write_filename: str | None = None
    delete_completed_job: bool = True
    outage_tolerance_seconds: float = 600.0
