"""The Job's pods as they are now, kept up to date by one ``kubectl get pods --watch``."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence

from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.jobs import status
from kubectl_job_operator.jobs.log import Log
from kubectl_job_operator.jobs.mailbox import Mailbox
from kubectl_job_operator.jobs.status import Object
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.output import Output
from kubectl_job_operator.kubectl.process import Process

_SETTLED_AFTER_SECONDS = 3.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0
_MOST_REFUSALS = 3


class PodWatch:
    """A chore that knows the Job's pods.

    The watch begins with all pods that there are. So it needs no other command after a gap: it starts again, and what
    it does not name within some seconds is gone.

    :param kubectl: watches.
    :param job: whose pods.
    :param mailbox: learns that there is news.
    :param log: takes a warning if the watch is refused.
    """

    def __init__(self, kubectl: Kubectl, job: Object, mailbox: Mailbox, log: Log) -> None:
        self._kubectl = kubectl
        self._selector = status.pod_selector(job)
        self._mailbox = mailbox
        self._log = log
        self._pods: dict[str, Object] = {}
        self._gone: set[str] = set()
        self._unconfirmed: set[str] = set()
        self._call: Call | None = None
        self._output: Output | None = None
        self._rest = b""
        self._started_at = 0.0
        self._next_start = 0.0
        self._pause = _FIRST_PAUSE_SECONDS
        self._refusals = 0
        self._has_news = False
        self.version = 0

    @property
    def pods(self) -> Mapping[str, Object]:
        """The pods by UID, in the order in which they were first seen, as they last were."""
        return self._pods

    def is_gone(self, pod_uid: str) -> bool:
        """Whether the pod has been deleted."""
        return pod_uid in self._gone

    def present(self) -> list[Object]:
        """Return the pods that have not been deleted."""
        return [pod for pod_uid, pod in self._pods.items() if pod_uid not in self._gone]

    @property
    def is_up(self) -> bool:
        """Whether the cluster answers: the watch runs, and has named something or has gone on for some seconds."""
        return self._call is not None and (
            self._has_news or time.monotonic() - self._started_at >= _SETTLED_AFTER_SECONDS
        )

    def advance(self) -> float | None:
        """Take the news, watch again if the watch has ended, and return in how many seconds to ask again."""
        self._take_news()
        now = time.monotonic()
        if self._call is None:
            if self._refusals >= _MOST_REFUSALS:
                return None
            if now < self._next_start:
                return self._next_start - now
            self._start(now)
        settled = self._started_at + _SETTLED_AFTER_SECONDS
        if now < settled:
            return settled - now
        for pod_uid in self._unconfirmed:
            self._lose(pod_uid)
        self._unconfirmed = set()
        return None

    def handle(self, process: Process | None) -> None:
        """Learn that the watch has ended, if it has."""
        if self._call is None or self._call.process is not process:
            return
        self._take_news()
        call, self._call = self._call, None
        if self._has_news:
            self._pause = _FIRST_PAUSE_SECONDS
            self._refusals = 0
        try:
            self._kubectl.finish_stream(call, "the watch has ended; it is started again")
        except KubectlError as error:
            if not error.kind.can_pass:
                self._refusals += 1
                if self._refusals >= _MOST_REFUSALS:
                    self._log.warning(f"The Job's pods cannot be watched.\n{error}")
        self._next_start = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    def replace(self, pods: Sequence[Object]) -> None:
        """Take a list of all pods for the truth, where the watch cannot be waited for."""
        for pod in pods:
            self._see(pod)
        for pod_uid in self._pods.keys() - {status.uid(pod) for pod in pods}:
            self._lose(pod_uid)

    def pending(self) -> list[Call]:
        """Return nothing: the watch goes on after the verdict, until ``close``."""
        return []

    def close(self) -> None:
        """End the watch."""
        if self._output is not None:
            self._output.close()
        if self._call is not None:
            call, self._call = self._call, None
            self._kubectl.stop(call)
        self._refusals = _MOST_REFUSALS

    def _start(self, now: float) -> None:
        self._unconfirmed = self._pods.keys() - self._gone
        self._rest, self._has_news, self._started_at = b"", False, now
        self._output = Output(self._mailbox.wake)
        self._call = self._kubectl.start_watch("pods", self._selector, self._output.put, self._mailbox.post)

    def _take_news(self) -> None:
        while self._output is not None and (chunk := self._output.take()):
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._note(json.loads(line))

    def _note(self, event: Object) -> None:
        pod = event.get("object") or {}
        if pod.get("kind") != "Pod":
            return  # An event of type ERROR, as after an etcd compaction; the watch ends by itself then.
        self._has_news = True
        self._see(pod)
        if event.get("type") == "DELETED":
            self._lose(status.uid(pod))

    def _see(self, pod: Object) -> None:
        self._pods[status.uid(pod)] = pod
        self._unconfirmed.discard(status.uid(pod))
        self.version += 1

    def _lose(self, pod_uid: str) -> None:
        self._gone.add(pod_uid)
        self.version += 1
