"""What is read beside the Job while it runs: its pods, and their logs."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.attempt import Attempt
from kubectl_job_operator.logs.follower import LogFollower
from kubectl_job_operator.logs.resumption import SavedPosition
from kubectl_job_operator.logs.tails import LogTails
from kubectl_job_operator.manifest import main_container
from kubectl_job_operator.objects import Lazily, Object
from kubectl_job_operator.status import main_end, pod_status
from kubectl_job_operator.status.rights import GET_LOGS, GET_PODS, WATCH_PODS
from kubectl_job_operator.watch.pods import PodWatch


class Reading:
    """Knows the Job's pods and, if they are to be shown, reads their logs.

    :param attempt: the try.
    """

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self.tails = LogTails(
            attempt.kubectl,
            attempt.log,
            container_log=attempt.container_log,
            following=attempt.settings.following,
            hides_results=attempt.settings.hides_results,
            mask=attempt.mask,
        )
        self.watch: PodWatch | None = None
        self.follower: LogFollower | None = None

    @property
    def seen_pods(self) -> Sequence[Object]:
        """The pods that were seen, also those that are gone."""
        return Lazily(list(self.watch.pods), self.watch.pods.__getitem__) if self.watch is not None else ()

    def begin(
        self,
        job: Object,
        positions: Sequence[SavedPosition] = (),
        *,
        follows: bool = True,
        tells_times: bool = False,
    ) -> PodWatch:
        """Begin with a Job.

        :param positions: up to where its logs were shown already.
        :param follows: whether the logs are followed, or only read as far as they are.
        :param tells_times: whether each line is shown with the time at which it was written: what is read late stands
            in the task's log with the time of its reading.
        """
        attempt = self._attempt
        watch = self.watch = PodWatch(
            attempt.kubectl,
            job,
            attempt.mailbox,
            attempt.log,
            attempt.observer,
            may_watch=attempt.permissions.has(WATCH_PODS),
        )
        following = attempt.settings.following
        if following.is_on:
            self.follower = LogFollower(
                attempt.kubectl,
                job,
                watch,
                attempt.mailbox,
                log=attempt.log,
                container_log=attempt.container_log,
                mask=attempt.mask,
                following=following,
                hides_results=attempt.settings.hides_results,
                saved=positions,
                follows=follows,
                tells_times=tells_times,
            )
        return watch

    def positions(self) -> Sequence[SavedPosition]:
        """Return up to where the logs were shown."""
        return self.follower.positions() if self.follower is not None else ()

    def catch_up(self, job: Object) -> None:
        """Show what the logs have by now, and go on later."""
        attempt = self._attempt
        if self.follower is not None:
            self.follower.catch_up(attempt.pods_if_listed(job))
        if attempt.settings.tail.is_on:
            self.tails.show(job, attempt.settings.tail.line_count)

    def finish(self, job: Object) -> None:
        """Show what the containers have said and the task's log does not have yet."""
        attempt = self._attempt
        if self.follower is not None:
            only = main_container.name_in(job) if main_end.exit_code(job) is not None else ""
            self.follower.finish(job, lambda: attempt.pods_of(job), only)
        if self.watch is not None:
            self.watch.close()
        if attempt.settings.tail.is_on and attempt.recalled is None:
            self.tails.show(job, attempt.settings.tail.line_count)

    def close(self) -> None:
        """Read nothing any more."""
        for reader in (self.follower, self.watch):
            if reader is not None:
                reader.close()

    def last_lines(self, pod: Object, container: str, line_count: int) -> Sequence[str] | None:
        """Return the last lines of a container's log; ``None`` if they cannot be had, as where the pod is gone."""
        name = pod["metadata"]["name"]
        is_gone = pod_status.has_lost(pod, container) or (
            self.watch is not None and self.watch.is_gone(objects.uid(pod))
        )
        lines = None
        if not is_gone and self._attempt.permissions.has(GET_PODS, GET_LOGS):
            lines = self.tails.last_lines(name, container, line_count)
        if not lines and self.follower is not None:
            lines = self.follower.last_lines(objects.uid(pod), container, line_count) or lines
        # Before they are shortened: nobody would know half a secret for one.
        return lines and [self._attempt.mask(line) for line in lines]
