"""Every line of every container of a Job, once, as it happens. Nothing here ever fails a task or holds it back long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.attempt.settings import Following
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.output import MOST_CHUNKS
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.logs.display import LogDisplay
from kubectl_job_operator.logs.last_lines import Key
from kubectl_job_operator.logs.reading import Kind
from kubectl_job_operator.logs.resumption import SavedPosition
from kubectl_job_operator.logs.source import LogSource
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.masking import Mask, masks_nothing
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status, pod_status
from kubectl_job_operator.status.pod_status import ContainerState
from kubectl_job_operator.watch.pods import PodWatch

_MOST_READINGS = 4
"""Of containers that have ended, beside those that are followed."""
_PODS_SECONDS = 2.0


class LogFollower:
    """A chore that shows the logs of a Job's containers while they run.

    :param kubectl: reads them.
    :param job: whose.
    :param watch: knows the pods.
    :param mailbox: learns that there is something to show.
    :param log: takes the warnings.
    :param container_log: takes the lines, each at the level that it claims; default is the same log.
    :param following: which containers, and how.
    :param saved: how far another process has shown them.
    :param follows: whether containers that run are followed; else ``catch_up`` reads them as far as they have come.
    :param tells_times: whether each line is shown with the time at which its container wrote it.
    :param hides_results: leave out the lines that hold a result.
    :param mask: hides the secrets in a line that is too long, before it is cut.
    """

    def __init__(
        self,
        kubectl: Kubectl,
        job: Object,
        watch: PodWatch,
        mailbox: Mailbox,
        *,
        log: Log,
        following: Following,
        saved: Sequence[SavedPosition] = (),
        follows: bool = True,
        tells_times: bool = False,
        hides_results: bool = False,
        container_log: Log | None = None,
        mask: Mask = masks_nothing,
    ) -> None:
        self._kubectl = kubectl
        self._job = job
        self._watch = watch
        self._mailbox = mailbox
        self._log = log
        self._following = following
        self._mask = mask
        self._display = LogDisplay(
            following,
            log,
            container_log or log,
            tells_times=tells_times,
            hides_results=hides_results,
            mask=mask,
        )
        self._sources: dict[Key, LogSource] = {}
        self._put_away: dict[Key, int | None] = {}
        self._saved = {(one.pod_uid, one.container): one for one in saved}
        self._is_listed = False
        self._follows = follows
        self._version = 0
        self._only = ""
        spec = job["spec"] if kinds.is_job(job) else {}
        self._has_many = max(spec.get("parallelism") or 1, spec.get("completions") or 1) > 1

    def advance(self) -> float | None:
        """Show what has come, start what is to be read, and return in how many seconds to ask again."""
        self._learn()
        has_more = [source.take() for source in self._sources.values()]
        self._start_readings()
        limits = [source.advance() for source in self._sources.values()]
        self._put_away_what_is_read()
        limits.append(self._display.flush_due())
        return 0.0 if any(has_more) else min((limit for limit in limits if limit is not None), default=None)

    def handle(self, process: Process | None) -> None:
        """Learn that a process has ended; it may be one that reads."""
        if process is not None:
            for source in self._sources.values():
                source.handle(process)

    def pending(self) -> Sequence[Call]:
        """Return nothing: reading goes on after the verdict, until ``finish``."""
        return ()

    def finish(self, job: Object, list_pods: Callable[[], Sequence[Object]], only: str = "") -> None:
        """Read the logs of a Job that has ended to their ends, for a bounded time, and say what was left.

        :param job: the Job as it ended.
        :param list_pods: lists its pods, for when the watch does not name them soon.
        :param only: the one container whose log has an end, where others run on.
        """
        self._only = only
        now, seconds = time.monotonic(), self._following.drain_seconds
        ended = job_status.ended_pod_count(job)
        # Of another kind nobody knows how many pods it has had: only a list tells.
        are_seen = kinds.counts_its_pods(job) and self._go_on(
            lambda: self._watch.over_count >= ended, now + min(seconds, _PODS_SECONDS)
        )
        # An empty list may also mean that they could not be listed: it takes nothing from what is known.
        if not are_seen and (pods := list_pods()):
            self._watch.replace(pods)
        is_read = self._go_on(lambda: not self._unread(), now + seconds)
        self.close()
        self._tell_of_lost_pods()
        if self._watch.over_count < ended or self._watch.has_ended_unseen:
            self._log.warning("Some pods of the Job were gone before the task saw them; their logs are lost.")
        if not is_read:
            commands = "".join(f"\n  {source.rest_command()}" for source in self._unread())
            self._log.warning(
                f"Not all logs could be read within {seconds:g} s (log_drain_seconds). As long as the pods exist, "
                f"this shows the rest:{commands}"
            )

    def catch_up(self, pods: Sequence[Object] | None) -> None:
        """Show what the containers of a Job that runs on have written up to now, for a bounded time.

        Of very many containers only as many are shown as may be followed at once; the others when the Job has ended.

        :param pods: the Job's pods as they now are; ``None`` if they could not be listed.
        """
        self._is_listed = pods is not None
        if pods is None:
            return
        self._watch.replace(pods)
        deadline = time.monotonic() + self._following.drain_seconds
        self._go_on(lambda: not self._unread() or self._is_any_held, deadline, with_watch=False)
        if self._is_any_held:
            # Perhaps kubectl reads the next run of a container already: only a watch tells.
            self._go_on(lambda: not self._unread(), deadline)
            self._watch.close()
        self.close()
        self._tell_of_lost_pods()

    def last_lines(self, pod_uid: str, container: str, line_count: int) -> Sequence[str]:
        """Return the last lines of a container that were shown, for where the node has them no more."""
        return self._display.last_lines((pod_uid, container), line_count)

    def positions(self) -> list[SavedPosition]:
        """Return how far each container has been shown, for another process to go on from."""
        positions = [source.saved(pod_uid) for (pod_uid, _), source in self._sources.items()]
        return [one for one in positions if one is not None] if self._is_listed else [*self._saved.values()]

    def close(self) -> None:
        """End all reading, and show what is here already."""
        for source in self._sources.values():
            # What is here, and not what a fast kubectl goes on to print.
            for _ in range(MOST_CHUNKS + 1):
                source.take()
        self._display.flush()
        self._kubectl.stop(*(call for source in self._sources.values() if (call := source.abandon()) is not None))

    @property
    def _is_any_held(self) -> bool:
        return any(source.is_held for source in self._sources.values())

    def _unread(self) -> list[LogSource]:
        """Return the containers whose logs have not been shown to their end."""
        self._learn()
        awaited = [one for (_, name), one in self._sources.items() if self._only in ("", name)]
        return [source for source in awaited if not source.is_read]

    def _go_on(self, is_done: Callable[[], bool], deadline: float, *, with_watch: bool = True) -> bool:
        """Watch and read on until there is nothing left to do, or until the deadline; return whether there is not."""
        chores = (self._watch, self) if with_watch else (self,)
        while True:
            limits = [limit for chore in chores if (limit := chore.advance()) is not None]
            if is_done():
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            process = self._mailbox.receive(min([left, *limits]))
            self._watch.handle(process)
            self.handle(process)

    def _learn(self) -> None:
        """Tell each container's log what its container does now."""
        if self._version == self._watch.version:
            return
        for pod_uid in self._watch.changed_since(self._version):
            pod, is_gone = self._watch.pods[pod_uid], self._watch.is_gone(pod_uid)
            is_evicted = (pod.get("status") or {}).get("reason") == "Evicted"
            for state in pod_status.container_states(pod):
                if self._following.chooses(state.name, is_init=state.is_init) and self._has_room(pod_uid, state):
                    source = self._source(pod_uid, pod, state.name)
                    source.note(state, is_gone=is_gone, is_evicted=is_evicted)
            self._forget_lines(pod_uid, pod)
        self._version = self._watch.version
        self._has_many = self._has_many or len(self._sources) + len(self._put_away) > 1

    def _put_away_what_is_read(self) -> None:
        """Forget, of containers that have been shown to their end and will hardly run again, all but that."""
        # How far each has been shown is handed over where none is followed.
        for key in [key for key, source in self._sources.items() if source.is_done and self._follows]:
            self._put_away[key] = self._sources.pop(key).next_instance
            self._display.end(key)
            self._forget_lines(key[0], self._watch.pods[key[0]])
        self._display.forget_the_oldest(self._sources.keys())

    def _forget_lines(self, pod_uid: str, pod: Object) -> None:
        """Forget the last lines of a pod that has ended well: nobody asks for them."""
        if pod_status.phase(pod) == "Succeeded":
            for key in [(pod_uid, one["name"]) for one in pod_status.container_statuses(pod)]:
                if key in self._put_away:
                    self._display.forget_last_lines(key)

    def _has_room(self, pod_uid: str, state: ContainerState) -> bool:
        """Whether the container is shown now: how far each has been shown must not become too much to hand over."""
        key = (pod_uid, state.name)
        if key in self._put_away:
            instance = self._put_away[key]
            return instance is not None and instance <= state.instance and (state.is_running or state.is_over)
        if self._follows or key in self._sources or key in self._saved:
            return True
        return len(self._sources.keys() | self._saved.keys()) < self._following.max_streams

    def _tell_of_lost_pods(self) -> None:
        """Tell which containers another process has begun to show, and nobody can show to their end."""
        for (pod_uid, container), saved in self._saved.items():
            if pod_uid not in self._watch.pods and saved.stamp and not saved.is_over:
                self._log.warning(
                    f"The pod of a container {container} is gone: its lines after {saved.stamp} may be missing."
                )

    def _source(self, pod_uid: str, pod: Object, container: str) -> LogSource:
        key = (pod_uid, container)
        if key not in self._sources:
            saved, put_away = self._saved.get(key), self._put_away.pop(key, None)
            if put_away is not None:
                saved = SavedPosition(*key, put_away)
            name = pod["metadata"]["name"]
            self._sources[key] = LogSource(
                self._kubectl,
                self._mailbox,
                name,
                container,
                show=lambda lines: self._display.show(key, name, container, lines, is_named=self._has_many),
                warn=lambda sentence: self._display.warnings.warn(key, name, container, sentence),
                saved=saved,
                remark=lambda words: self._display.warnings.remark(key, name, container, words),
                follows=self._follows,
                mask=self._mask,
            )
        return self._sources[key]

    def _start_readings(self) -> None:
        """Start kubectls, within the limits; none while the cluster is away."""
        if not self._watch.is_up:
            return
        room = {
            Kind.FOLLOW: self._following.max_streams - sum(one.is_following for one in self._sources.values()),
            Kind.REST: _MOST_READINGS - sum(one.is_reading and not one.is_following for one in self._sources.values()),
        }
        for source in self._sources.values():
            kind = source.wanted()
            limited = Kind.FOLLOW if kind is Kind.FOLLOW else Kind.REST
            if kind is not None and room[limited] > 0:
                room[limited] -= 1
                source.start(kind)
