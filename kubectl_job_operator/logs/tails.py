"""The last lines of the containers' logs. Nothing here ever fails a task: logs do not decide anything."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator, Sequence

from kubectl_job_operator.attempt.settings import Following, Tail
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.cutting import cut
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.logs import kubelet
from kubectl_job_operator.logs.blocks import SMALL_BLOCK_LINES
from kubectl_job_operator.logs.dressing import Dressing, last_state
from kubectl_job_operator.logs.lines import LONGEST_LINE_BYTES
from kubectl_job_operator.manifest.masking import Mask, masks_nothing
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status, keyed
from kubectl_job_operator.status.result import MARKER

# What `kubectl logs --prefix` puts before each line; group 1 is pod/container.
_PREFIX = re.compile(r"^\[pod/([^\]]+)\] ")
# What the names of a Job's pods end with: of an Indexed one's the index too, and in a set of such the Job's number.
_POD_OF_JOB = r"(?:-\d+)*-[a-z0-9]+"
_POD_OF_JOB_AT_END = re.compile(f"{_POD_OF_JOB}$")


class LogTails:
    """Shows the end of the logs of a Job's containers.

    :param kubectl: reads them.
    :param log: takes what frames the lines, and a warning where they cannot be had.
    :param container_log: takes the lines, each at the level that it claims; default is the same log.
    :param following: how they look.
    :param hides_results: leave out the lines that hold a result.
    :param mask: hides the secrets in a line that is too long, before it is cut.
    """

    def __init__(
        self,
        kubectl: Kubectl,
        log: Log,
        *,
        container_log: Log | None = None,
        following: Following | None = None,
        hides_results: bool = False,
        mask: Mask = masks_nothing,
    ) -> None:
        self._kubectl = kubectl
        self._log = log
        self._container_log = container_log or log
        self._dressing = Dressing(following or Following(), log)
        self._hides_results = hides_results
        self._mask = mask
        self._is_unanswered = False
        self._told_words: set[str] = set()

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
        for name, group in itertools.groupby(_unjoined(lines), _name):
            self._show(name, [_PREFIX.sub("", line) for line in group])

    def _show(self, name: str, lines: Sequence[str]) -> None:
        """Show the last lines of a container, each as if it had been followed."""
        pod, _, container = name.partition("/")
        where = f"pod {pod}, container {container}" if name else "logs"
        if lines and (words := kubelet.only_words(lines)):
            self._tell(where, words)
            return
        shown = [cut(line, self._mask, LONGEST_LINE_BYTES) for line in self._visible(lines)]
        self._log.info(f"----- {where}: the last {len(shown)} line{'' if len(shown) == 1 else 's'} -----")
        for level, run in self._dressing.dress(pod, container, shown, is_named=False) if shown else ():
            for start in range(0, len(run), SMALL_BLOCK_LINES):
                getattr(self._container_log, level)("\n".join(run[start : start + SMALL_BLOCK_LINES]))
        self._log.info(f"----- {where}: end -----")

    def _tell(self, where: str, words: str) -> None:
        """Tell, once, what the kubelet says instead of lines."""
        if words not in self._told_words:
            self._told_words.add(words)
            self._log.warning(f"The log of {where} cannot be had. The kubelet says: {kubelet.with_cure(words)}")

    def last_lines(self, pod: str, container: str, line_count: int) -> Sequence[str] | None:
        """Return the last lines of one container; ``None``, with a warning, if they cannot be had."""
        if self._is_unanswered:
            return None
        try:
            lines = self._kubectl.logs(pod, container, line_count)
            if kubelet.only_words(lines):
                return None
            return [cut(last_state(line), self._mask) for line in self._visible(lines)]
        except KubectlError as error:
            self._is_unanswered = error.kind is ErrorKind.NO_ANSWER
            self._log.warning(f"The log of pod {pod}, container {container} cannot be read.\n{error}")
            return None

    def _visible(self, lines: Sequence[str]) -> Sequence[str]:
        return [line for line in lines if not line.startswith((MARKER, keyed.MARKER))] if self._hides_results else lines


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
    family = "|".join({re.escape(_POD_OF_JOB_AT_END.sub("", pod)) for pod in pods})
    for line in lines:
        yield from (part for part in re.split(rf"(?=\[pod/(?:{family}){_POD_OF_JOB}/[^\]]+\] )", line) if part)


def _name(line: str) -> str:
    """Return whose line it is, as ``pod/container``; empty if it does not say."""
    match = _PREFIX.match(line)
    return match[1] if match else ""
