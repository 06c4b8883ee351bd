"""The last lines of the containers' logs. Nothing here ever fails a task: logs do not decide anything."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.jobs import status
from kubectl_job_operator.jobs.log import Log
from kubectl_job_operator.jobs.status import Object
from kubectl_job_operator.kubectl.client import Kubectl

# What `kubectl logs --prefix` puts before each line; group 1 is pod/container.
_PREFIX = re.compile(r"^\[pod/([^\]]+)\] ")


class LogTails:
    """Shows the end of the logs of a Job's containers.

    :param kubectl: reads them.
    :param log: takes the lines, and a warning where they cannot be had.
    """

    def __init__(self, kubectl: Kubectl, log: Log) -> None:
        self._kubectl = kubectl
        self._log = log

    def show(self, job: Object, line_count: int) -> None:
        """Put the last lines of every container of every pod into the task's log.

        One command reads them all: each further kubectl would cost a tenth of a second.
        """
        try:
            lines = self._kubectl.logs_of_all(status.pod_selector(job), line_count)
        except KubectlError as error:
            self._log.warning(f"The logs cannot be read.\n{error}")
            return
        for where, group in itertools.groupby(lines, _where):
            shown = [_PREFIX.sub("", line) for line in group]
            begin = f"----- {where}: the last {len(shown)} line{'' if len(shown) == 1 else 's'} -----"
            self._log.info("\n".join([begin, *shown, f"----- {where}: end -----"]))

    def last_lines(self, pod: str, container: str, line_count: int) -> Sequence[str]:
        """Return the last lines of one container; none, with a warning, if they cannot be had."""
        try:
            return self._kubectl.logs(pod, container, line_count)
        except KubectlError as error:
            self._log.warning(f"The log of pod {pod}, container {container} cannot be read.\n{error}")
            return []


def _where(line: str) -> str:
    match = _PREFIX.match(line)
    return f"pod {match[1].replace('/', ', container ')}" if match else "logs"
