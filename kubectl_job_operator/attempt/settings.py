"""How a Job is run: the choices of the task's author that are not part of the manifest."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

from kubectl_job_operator.status.result import ResultSource


class DeletePolicy(enum.Enum):
    """When a Job that has ended is deleted, with its companions."""

    ALWAYS = "Always"
    IF_SUCCEEDED = "IfSucceeded"
    IF_FAILED = "IfFailed"
    NEVER = "Never"

    def deletes(self, *, is_complete: bool) -> bool:
        """Whether a Job that ended so is deleted."""
        return self in (DeletePolicy.ALWAYS, DeletePolicy.IF_SUCCEEDED if is_complete else DeletePolicy.IF_FAILED)


class KillAction(enum.Enum):
    """What becomes of a Job whose task is killed."""

    DELETE = "delete"
    KEEP = "keep"


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
class Patience:
    """How long a Job may take to start.

    :param startup_timeout_seconds: until the first container runs; the time while the Job is suspended does not count.
        0 is without limit.
    :param image_pull_grace_seconds: from when the pull of an image first failed. 0 is without limit.
    """

    startup_timeout_seconds: float = 600.0
    image_pull_grace_seconds: float = 120.0


@dataclass(frozen=True)
class Following:
    """How the containers' logs are shown while they run.

    :param is_on: whether they are.
    :param containers: the names of the containers to show; ``None`` is all.
    :param init_containers: the same for init containers.
    :param formatter: makes, from a container's name and a line, the line to show; ``None`` shows it as it is, behind
        ``[pod/container]`` where there is more than one.
    :param detect_level: log a line at the level that it claims.
    :param strip_colours: leave out what colours the line on a terminal.
    :param max_streams: how many containers are followed at once; others are read whole when they have ended.
    :param drain_seconds: how long, after the verdict, lines may still be read.
    """

    is_on: bool = False
    containers: frozenset[str] | None = None
    init_containers: frozenset[str] | None = None
    formatter: Callable[[str, str], str] | None = None
    detect_level: bool = True
    strip_colours: bool = False
    max_streams: int = 20
    drain_seconds: float = 30.0

    def chooses(self, container: str, *, is_init: bool) -> bool:
        """Whether the container's log is shown."""
        names = self.init_containers if is_init else self.containers
        return names is None or container in names


@dataclass(frozen=True)
class Keeping:
    """How much stays of what failed tries leave.

    :param most: how many folders, the latest; 0 is all.
    :param days: how long; 0 is for ever.
    """

    most: int = 50
    days: float = 30.0


@dataclass(frozen=True)
class Settings:
    """How a Job is run.

    :param following: which logs are shown while the containers run.
    :param tail: which ends of logs are shown.
    :param log_yaml: show the manifest in the log.
    :param write_path: a folder where the manifest is also written, to stay; ``None`` for none.
    :param write_filename: the name of that file; default is the template's.
    :param delete_policy: when a Job that has ended is deleted.
    :param on_kill: what becomes of the Job when somebody kills the task, or its time is over.
    :param keep_on_worker_stop: keep the Job when only the worker is told to stop, for the next try to go on with.
    :param patience: how long it may take to start.
    :param outage_tolerance_seconds: how long a cluster that has answered once may be away.
    :param result_from: by which way a result comes; ``None`` for no result.
    :param replay_dir: a folder that gets a folder for each failed try; ``None`` for none.
    :param replay_keep: how many of them are kept, the latest; 0 is all.
    :param keeping: how much stays of the folders that failed tries leave below the folder for temporary files; its days
        hold for those in ``replay_dir`` too.
    """

    following: Following = field(default_factory=Following)
    tail: Tail = field(default_factory=Tail)
    log_yaml: bool = True
    write_path: str | None = None
    write_filename: str | None = None
    delete_policy: DeletePolicy = DeletePolicy.IF_SUCCEEDED
    on_kill: KillAction = KillAction.DELETE
    keep_on_worker_stop: bool = False
    patience: Patience = field(default_factory=Patience)
    outage_tolerance_seconds: float = 600.0
    result_from: ResultSource | None = None
    replay_dir: str | None = None
    replay_keep: int = 50
    keeping: Keeping = field(default_factory=Keeping)

    @property
    def hides_results(self) -> bool:
        """Whether lines that hold a result are left out of what is shown of the logs."""
        return self.result_from is ResultSource.LOGS

    @property
    def reads_logs(self) -> bool:
        """Whether the containers' logs are shown, or a result is looked for in them."""
        return self.following.is_on or self.tail.is_on or self.result_from is ResultSource.LOGS
