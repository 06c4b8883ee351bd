"""The last lines of the containers' logs. Nothing here ever fails a task: logs do not decide anything."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator, Sequence

from kubectl_job_operator.attempt.settings import Tail
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status
from kubectl_job_operator.status.result import MARKER

# What `kubectl logs --prefix` puts before each line; group 1 is pod/container.
_KUBELET = re.compile(r"unable to retrieve container logs for \w+://\w+$")
"""What it prints, with success, instead of the lines of a container that it has removed."""

_PREFIX = re.compile(r"^\[pod/([^\]]+)\] ")


class LogTails:
    """Shows the end of the logs of a Job's containers.

    :param kubectl: reads them.
    :param log: takes the lines, and a warning where they cannot be had.
    :param hides_results: leave out the lines that hold a result.
    """

    def __init__(self, kubectl: Kubectl, log: Log, *, hides_results: bool = False) -> None:
        self._kubectl = kubectl
        self._log = log
        self._hides_results = hides_results
        self._is_unanswered = False

    def show(self, job: Object, line_count: int) -> None:
        """Put the last lines of every container of every pod into the task's log."""
        self.finish(self.start(job, line_count))

    def start(self, job: Object, line_count: int, on_exit: Callable[[Process], None] | None = None) -> Call:
        """Start what ``show`` does; ``finish`` does the rest.

        One command reads them all: each further kubectl would cost a tenth of a second.

        :param on_exit: called when the lines are there, in another thread.
        """
        return self._kubectl.start_logs_of_all(job_status.pod_selector(job), line_count, on_exit)

    def finish(self, call: Call) -> None:
        """Put what ``start`` has read into the task's log."""
        try:
            lines = self._kubectl.finish_logs(call)
        except KubectlError as error:
            self._log.warning(f"The logs cannot be read.\n{error}")
            return
        for where, group in itertools.groupby(_unjoined(lines), _where):
            shown = self._visible([_PREFIX.sub("", line) for line in group])
            begin = f"----- {where}: the last {len(shown)} line{'' if len(shown) == 1 else 's'} -----"
            self._log.info("\n".join([begin, *shown, f"----- {where}: end -----"]))

    def last_lines(self, pod: str, container: str, line_count: int) -> Sequence[str] | None:
        """Return the last lines of one container; ``None``, with a warning, if they cannot be had."""
        if self._is_unanswered:
            return None
        try:
            lines = self._kubectl.logs(pod, container, line_count)
            return None if any(map(_KUBELET.match, lines)) else self._visible(lines)
        except KubectlError as error:
            self._is_unanswered = error.kind is ErrorKind.NO_ANSWER
            self._log.warning(f"The log of pod {pod}, container {container} cannot be read.\n{error}")
            return None

    def _visible(self, lines: Sequence[str]) -> Sequence[str]:
        return [line for line in lines if not line.startswith(MARKER)] if self._hides_results else lines


class RepeatedTail:
    """Shows the last lines again and again while the Job runs, without anybody waiting for them.

    :param tails: reads and shows them.
    :param job: the Job.
    :param tail: how many lines, how often.
    :param on_exit: called when lines are there, in another thread; ``handle`` then shows them.
    """

    def __init__(self, tails: LogTails, job: Object, tail: Tail, on_exit: Callable[[Process], None]) -> None:
        self._tails = tails
        self._job = job
        self._line_count = tail.line_count
        self._every_seconds = float(tail.every_seconds or 0)
        self._on_exit = on_exit
        self._next = time.monotonic() + self._every_seconds
        self._call: Call | None = None

    def advance(self) -> float:
        """Start reading if it is time to, and return in how many seconds to ask again."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._every_seconds
            if self._call is None:
                self._call = self._tails.start(self._job, self._line_count, self._on_exit)
        return self._next - now

    def handle(self, process: Process | None) -> None:
        """Show the lines if it is their process that has ended."""
        if self._call is not None and self._call.process is process:
            call, self._call = self._call, None
            self._tails.finish(call)

    def pending(self) -> list[Call]:
        """Return what is still being read, to be stopped."""
        return [self._call] if self._call else []


def _unjoined(lines: Sequence[str]) -> Iterator[str]:
    """Part lines that kubectl has joined: a container's last line may lack its newline, and the next one's follows."""
    pods = {match[1].partition("/")[0] for line in lines if (match := _PREFIX.match(line))}
    family = "|".join(re.escape(pod.rpartition("-")[0]) for pod in pods)
    for line in lines:
        yield from (part for part in re.split(rf"(?=\[pod/(?:{family})-[a-z0-9]+/[^\]]+\] )", line) if part)


def _where(line: str) -> str:
    match = _PREFIX.match(line)
    return f"pod {match[1].replace('/', ', container ')}" if match else "logs"
