"""The last lines of the containers' logs. Nothing here ever fails a task: logs do not decide anything."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.jobs import status
from kubectl_job_operator.jobs.diagnosis import LAST_LINES
from kubectl_job_operator.jobs.log import Log
from kubectl_job_operator.jobs.status import Object
from kubectl_job_operator.kubectl.client import Kubectl


class LogTails:
    """Reads the end of each container's log, once.

    :param kubectl: reads it.
    :param line_count: how many lines from the end.
    :param log: takes the lines, and a warning where they cannot be had.
    """

    def __init__(self, kubectl: Kubectl, line_count: int, log: Log) -> None:
        self._kubectl = kubectl
        self._line_count = line_count
        self._log = log
        self._tails: dict[tuple[str, str], list[str]] = {}

    def pods_of(self, job: Object) -> list[Object]:
        """Return the Job's pods, by the Job's own selector; none, with a warning, if they cannot be had."""
        try:
            return self._kubectl.select("pods", status.pod_selector(job))
        except KubectlError as error:
            self._log.warning(f"The Job's pods cannot be listed, so no log is shown.\n{error}")
            return []

    def show(self, pods: Sequence[Object]) -> None:
        """Put the last lines of every container that has run into the task's log."""
        for pod in pods:
            name = pod["metadata"]["name"]
            for container in status.started_containers(pod):
                lines = self._tail(name, container)[-self._line_count :] if self._line_count else []
                where = f"pod {name}, container {container}"
                begin = f"----- {where}: the last {len(lines)} lines -----"
                self._log.info("\n".join([begin, *lines, f"----- {where}: end -----"]))

    def last_lines(self, pod: str, container: str) -> list[str]:
        """Return the very last lines of a container's log, for the account of a failure."""
        return self._tail(pod, container)[-LAST_LINES:]

    def _tail(self, pod: str, container: str) -> list[str]:
        if (pod, container) not in self._tails:
            try:
                text = self._kubectl.logs(pod, container, tail=max(self._line_count, LAST_LINES))
            except KubectlError as error:
                self._log.warning(f"The log of pod {pod}, container {container} cannot be read.\n{error}")
                text = ""
            self._tails[pod, container] = text.splitlines()
        return self._tails[pod, container]
