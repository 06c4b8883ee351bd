"""The Job's pods as they are now, kept up to date by one ``kubectl get pods --watch``, or by lists now and then."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.attempt.observer import Nobody, Observer
from kubectl_job_operator.attempt.refusals import REFUSALS_SECONDS
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.output import Output
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status
from kubectl_job_operator.watch.known_pods import KnownPods

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 4.0
_LONGEST_PAUSE_BETWEEN_LISTS_SECONDS = 30.0
_REFUSED_PAUSE_SECONDS = 60.0
_SILENT_SECONDS = 3.0
"""A watch that has not said a word so long: there may be no pod yet, or nobody who answers."""
_SHOW_SECONDS_PER_POD = 0.001


class PodWatch(KnownPods):
    """A chore that knows the Job's pods.

    A watch begins with all pods that there are. After a gap they are listed first: only a list tells what is gone, and
    that the cluster answers at all; for that they are also listed beside a watch that says nothing. Where watching is
    refused, they are listed again and again, less and less often as long as nothing changes.

    :param kubectl: watches and lists.
    :param job: whose pods.
    :param mailbox: learns that there is news.
    :param log: takes a warning if the watch is refused.
    :param observer: is shown the pods that there are, whenever they have changed.
    :param may_watch: whether the account may watch pods, as far as is known.
    """

    def __init__(
        self,
        kubectl: Kubectl,
        job: Object,
        mailbox: Mailbox,
        log: Log,
        observer: Observer | None = None,
        *,
        may_watch: bool = True,
    ) -> None:
        super().__init__()
        self._kubectl = kubectl
        self._selector = job_status.pod_selector(job)
        self._mailbox = mailbox
        self._log = log
        self._observer = observer or Nobody()
        self._shown_version, self._next_show = 0, 0.0
        self._watch: Call | None = None
        self._list: Call | None = None
        self._output: Output | None = None
        self._rest = b""
        self._may_watch = may_watch
        self._has_gap = False
        self._next_start = self._asked_at = 0.0
        self._pause = _FIRST_PAUSE_SECONDS
        self._refused_since = 0.0
        self._refused_in_a_row = 0
        self._has_warned = False
        self._is_closed = False
        self.is_up = False
        """Whether the cluster answers: it has named something, or nothing, since the last gap."""
        self.reconnections = 0
        """How often the cluster has answered again after a gap."""
        self.away_since: float | None = None
        """Since when the cluster has not answered, on the monotonic clock; ``None`` if it answers."""
        self.refused_since: float | None = None
        """Since when it refuses whatever is asked of the pods; ``None`` if it does not."""
        self.last_error: KubectlError | None = None
        """What was last heard instead of pods."""

    @property
    def sees_changes(self) -> bool | None:
        """Whether a change of a pod would be known at once; ``None`` if not yet, or not now."""
        if not self._may_watch:
            return False
        return True if self.is_up and self._watch is not None else None

    def advance(self) -> float | None:
        """Take the news, watch again if the watch has ended, and return in how many seconds to ask again."""
        self._take_news()
        limits = (self._show(), self._go_on())
        return min((limit for limit in limits if limit is not None), default=None)

    def _go_on(self) -> float | None:
        """Start the next command if it is due, and return in how many seconds it will be."""
        if (self._watch is not None and self.is_up) or self._list is not None or self._is_closed:
            return None
        left = self._next_start - time.monotonic()
        if left > 0:
            return left
        self._asked_at = time.monotonic()
        if self._has_gap or not self._may_watch or self._watch is not None:
            self._list = self._kubectl.start_select("pods", self._selector, self._mailbox.post)
        else:
            self._start_watch()
        return None

    def handle(self, process: Process | None) -> None:
        """Learn that the watch or the list has ended, if it has."""
        watch, listing = self._watch, self._list
        if watch is not None and watch.process is process:
            self._take_news()
            self._watch = None
            self._after_watch(watch)
        elif listing is not None and listing.process is process:
            self._list = None
            if self._watch is None:
                self._after_list(listing)
            else:
                self._after_list_beside_watch(listing)

    def replace(self, pods: Sequence[Object]) -> None:
        """Take a list of all pods for the truth."""
        self._note_answer()
        for pod in pods:
            if pod != self._pods.get(objects.uid(pod)) or self.is_gone(objects.uid(pod)):
                self.see(pod)
        for pod_uid in self._pods.keys() - {objects.uid(pod) for pod in pods} - self._gone:
            self.lose(pod_uid, while_unwatched=True)

    def pending(self) -> list[Call]:
        """Return nothing: the watch goes on after the verdict, until ``close``."""
        return []

    def close(self) -> None:
        """End the watch."""
        self._is_closed = True
        self._show(is_last=True)
        if self._output is not None:
            self._output.close()
        calls = [call for call in (self._watch, self._list) if call is not None]
        self._watch = self._list = None
        self._kubectl.stop(*calls)

    def _show(self, *, is_last: bool = False) -> float | None:
        """Show the pods to whoever looks on, if they have changed; very many not each time."""
        if not self._observer.wants_pods or self.version == self._shown_version:
            return None
        left = self._next_show - time.monotonic()
        if left > 0 and not is_last:
            return left
        self._shown_version = self.version
        self._observer.on_pods(self.present())
        self._next_show = time.monotonic() + _SHOW_SECONDS_PER_POD * len(self._pods)
        return None

    def _start_watch(self) -> None:
        self._rest = b""
        self._output = Output(self._mailbox.wake)
        self._watch = self._kubectl.start_watch("pods", self._selector, self._output.put, self._mailbox.post)
        self._next_start = time.monotonic() + _SILENT_SECONDS

    def _after_watch(self, call: Call) -> None:
        self._has_gap, self.is_up = True, False
        self.away_since = self.away_since or time.monotonic()
        try:
            self._kubectl.finish_stream(call, "the watch has ended; it is started again")
        except KubectlError as error:
            self._bear(error)
            self._refused_in_a_row += not error.kind.can_pass
        else:
            self._refused_in_a_row = 0
            self._refused_since = 0.0
        self._wait_a_while()

    def _after_list(self, call: Call) -> None:
        try:
            pods = self._kubectl.finish_select(call)
        except KubectlError as error:
            self._refused_in_a_row = 0
            self._has_gap, self.is_up = True, False
            self._bear(error)
            self._wait_a_while()
            return
        version = self.version
        self.replace(pods)
        # Where watching is forbidden and listing is not, this comes again and again and means nothing.
        if self._has_gap and self._refused_in_a_row <= 1:
            self.reconnections += 1
        if self._may_watch:
            self._start_watch()
            return
        self._has_gap, self._refused_since = False, 0.0
        if self.version != version:
            self._pause = _FIRST_PAUSE_SECONDS
        self._wait_a_while(_LONGEST_PAUSE_BETWEEN_LISTS_SECONDS)

    def _after_list_beside_watch(self, call: Call) -> None:
        """Learn whether the cluster answers; what the watch says meanwhile is newer than the list."""
        try:
            pods = self._kubectl.finish_select(call)
        except KubectlError as error:
            # A refusal tells of the right to list alone.
            if error.kind.can_pass and not self.is_up:
                self.away_since, self.last_error = self.away_since or self._asked_at, error
            self._wait_a_while()
            return
        self._note_answer()
        for pod in pods:
            if objects.uid(pod) not in self._pods:
                self.see(pod)

    def _wait_a_while(self, longest_seconds: float = _LONGEST_PAUSE_SECONDS) -> None:
        """Put the next command off, longer and longer until there are news."""
        self._next_start = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _REFUSED_PAUSE_SECONDS if self._has_warned else longest_seconds)

    def _bear(self, error: KubectlError) -> None:
        """Go on trying, and warn once if a refusal was no accident."""
        self.last_error = error
        if error.kind.can_pass:
            self._refused_in_a_row = 0
            self._refused_since, self.refused_since = 0.0, None
            return
        self.away_since, self.refused_since = None, self.refused_since or time.monotonic()
        now = time.monotonic()
        self._refused_since = self._refused_since or now
        if now - self._refused_since >= REFUSALS_SECONDS and not self._has_warned:
            self._has_warned = True
            self._log.warning(f"The Job's pods cannot be watched.\n{error}")

    def _take_news(self) -> None:
        while self._output is not None and (chunk := self._output.take()):
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                with contextlib.suppress(ValueError):  # it is not JSON; what matters will be said again
                    self._note(json.loads(line))

    def _note(self, event: Object) -> None:
        pod = event.get("object") or {}
        if pod.get("kind") != "Pod":
            return  # An event of type ERROR, as after an etcd compaction; the watch ends by itself then.
        self._refused_in_a_row = 0
        self._note_answer()
        self._pause = _FIRST_PAUSE_SECONDS
        self.see(pod)
        if event.get("type") == "DELETED":
            self.lose(objects.uid(pod))

    def _note_answer(self) -> None:
        self.is_up = True
        self.away_since = self.refused_since = self.last_error = None
