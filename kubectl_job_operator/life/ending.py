"""What follows a verdict: the last logs, the result or why it failed, and deletion as ``delete_policy`` says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.attempt import Attempt
from kubectl_job_operator.attempt.memory import Done
from kubectl_job_operator.errors import JobFailedError, JobVanishedError, KubectlError, ResultError
from kubectl_job_operator.life.main_container import end_the_rest
from kubectl_job_operator.life.reading import Reading
from kubectl_job_operator.logs.results import NoLogError, read_result, without_log
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.masking import with_masked_messages
from kubectl_job_operator.objects import Object
from kubectl_job_operator.replay.aftermath import Aftermath
from kubectl_job_operator.status import events, job_status, main_end, pod_status, verdict_words
from kubectl_job_operator.status.result import ResultSource
from kubectl_job_operator.status.rights import LIST_EVENTS
from kubectl_job_operator.status.shortening import shortened

_MOST_LETTERS = 300
# A container runtime is started anew within seconds; a log that the node has removed does not come back.
_NO_LOG_PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)


class Ending:
    """Says what came of a Job, and cleans up after it.

    :param attempt: the try.
    :param reading: what knows the Job's pods and their logs.
    :param aftermath: what is kept of a try that failed.
    """

    def __init__(self, attempt: Attempt, reading: Reading, aftermath: Aftermath) -> None:
        self._attempt = attempt
        self._reading = reading
        self._aftermath = aftermath
        self._listed_pods: Sequence[Object] = ()
        self._pulls: Sequence[Object] = ()
        self.done: Done | None = None
        """What came of the Job; ``None`` before its end, and where it failed."""

    def conclude(self, job: Object, seconds: float) -> None:
        """Say what came of the Job, show the logs, and clean up after it.

        :param seconds: how long it took.
        :raises JobFailedError: if it got the condition Failed.
        :raises ResultError: if it is Complete, but what it hands over cannot be used.
        """
        attempt = self._attempt
        verdict = job_status.verdict(job)
        if verdict is None:
            raise AssertionError(f"what has no verdict is not over: {attempt.full_name}")
        if verdict.is_complete:
            attempt.log.info(f"{attempt.full_name} is Complete after {seconds:.1f} s: {job_status.progress(job)}.")
        else:
            attempt.may_run_on = False
            why = verdict_words.meaning(job, verdict)
            attempt.log.warning(f"{attempt.full_name} is Failed after {seconds:.1f} s: {why}.")
        self._reading.finish(job)
        self._show_events()
        failure = self._result_problem(job) if verdict.is_complete else self._failure(job, verdict)
        if failure is not None and attempt.settings.replay_dir is not None:
            with attempt.log.group("Looked into it for a replay"):
                self._aftermath.gather(attempt.kubectl, job, reads_events=attempt.permissions.has(LIST_EVENTS))
        self._tell_time_line(job, verdict)
        if attempt.settings.delete_policy.deletes(is_complete=failure is None):
            self._delete_as_the_policy_says()
        else:
            attempt.belongings.keep()
            end_the_rest(attempt, job)
            if attempt.ttl_seconds is not None:
                self._restore_ttl(job, attempt.ttl_seconds)
        attempt.may_run_on = False
        if failure is not None:
            raise failure

    def with_remains(self, job: Object, error: JobVanishedError) -> JobVanishedError:
        """Add what is left to see of a Job that is gone."""
        from kubectl_job_operator.status import diagnosis

        with self._attempt.log.group("Looked into it") as group:
            pods, noted = self._pods_and_events(job)
            left = diagnosis.remains(job, pods, noted, self._reading.last_lines, is_shown=self._shows_all_logs)
            group.title = _looked_into(pods, events.of(job, pods, noted))
        return JobVanishedError(error.namespace, error.name, str(error), left)

    @property
    def _shows_all_logs(self) -> bool:
        """Whether the last lines of each container stand in the log already."""
        following = self._attempt.settings.following
        return following.is_on and following.containers is None and following.init_containers is None

    def _show_events(self) -> None:
        """Read the events for whoever looks on, if they are wanted."""
        attempt = self._attempt
        if attempt.observer.wants_events:
            attempt.observer.on_events(attempt.start_events(None)())

    def _result_problem(self, job: Object) -> ResultError | None:
        """Take what a Complete Job hands over and note that the work is done; return why it cannot be used."""
        attempt = self._attempt
        if attempt.recalled is not None:
            self.done = attempt.recalled
            return None
        pods: Sequence[Object] = self._reading.seen_pods
        value, source = None, attempt.settings.result_from
        if source is not None:
            is_counted = kinds.counts_its_pods(job)
            if not is_counted or sum(map(pod_status.has_ended, pods)) < job_status.ended_pod_count(job):
                pods = list({objects.uid(pod): pod for pod in (*pods, *attempt.pods_persistently(job))}.values())
            try:
                value = self._read_result(job, pods, source)
            except ResultError as error:
                return error
            attempt.log.info("No container handed over a result." if value is None else "The Job handed over a result.")
        self.done = Done(job, value, pod_status.names_by_age(pods))
        attempt.memory.note(self.done)
        return None

    def _read_result(self, job: Object, pods: Sequence[Object], source: ResultSource) -> Any:
        """Read it; a container runtime that is started anew is given the time for that.

        :raises ResultError: if it cannot be used, or is gone.
        """
        attempt, pauses = self._attempt, iter(_NO_LOG_PAUSES_SECONDS)
        while True:
            try:
                return attempt.persist(lambda: read_result(attempt.kubectl, job, pods, source, attempt.log.warning))
            except NoLogError as error:
                pause_seconds = next(pauses, None)
                if pause_seconds is None:
                    raise without_log(job, error) from None
                attempt.log.warning(f"{error}\nIt is asked again in {pause_seconds:g} s.")
                attempt.mailbox.pause(pause_seconds)

    def _failure(self, job: Object, verdict: job_status.Verdict) -> JobFailedError:
        """Make the error that tells why the Job failed, while its pods are still there to be asked."""
        from kubectl_job_operator.status import diagnosis

        with self._attempt.log.group("Looked into it") as group:
            pods, noted = self._pods_and_events(job)
            pods = main_end.of_main_alone(job, pods)
            why = diagnosis.diagnose(job, pods, noted, self._reading.last_lines, is_shown=self._shows_all_logs)
            self._listed_pods, self._pulls = pods, self._pulls_of(pods)
            group.title = _looked_into(pods, events.of(job, pods, noted))
        return JobFailedError(
            str(self._attempt.kubectl.namespace),
            self._attempt.manifest.name,
            verdict.reason,
            verdict.message,
            "\n".join(why.lines),
            headline=why.headline,
            last_lines=[shortened(line, _MOST_LETTERS) for line in why.last_lines],
            remedy=why.remedy,
            exit_codes=diagnosis.exit_codes(pods),
            kind=kinds.word(job),
        )

    def _pods_and_events(self, job: Object) -> tuple[Sequence[Object], Sequence[Object]]:
        """Read what the cluster still knows, and add the pods that were seen before they were deleted."""
        attempt = self._attempt
        noted = attempt.start_events(events.field_selector_at_the_end())
        pods = {objects.uid(pod): pod for pod in (*self._reading.seen_pods, *attempt.pods_of(job))}
        return with_masked_messages(list(pods.values()), attempt.mask), with_masked_messages(noted(), attempt.mask)

    def _tell_time_line(self, job: Object, verdict: job_status.Verdict) -> None:
        """Draw what the containers did when, where that is not told in a line or two: of many pods, or of a failure."""
        attempt = self._attempt
        pods = self._listed_pods or self._reading.seen_pods
        if not pods or (verdict.is_complete and len(pods) == 1):
            return
        from kubectl_job_operator.replay.timeline_text import timeline_text

        pulls = self._pulls if self._listed_pods else self._pulls_of(pods)
        attempt.log.tell(f"Time line: {_counted(pods, 'pod')}", [timeline_text(job, pods, pulls, attempt.mask)])

    def _pulls_of(self, pods: Sequence[Object]) -> Sequence[Object]:
        """Read when images were there, where a container began so late that it matters."""
        from kubectl_job_operator.replay.timeline_text import has_slow_start

        return self._attempt.start_events(events.PULLS)() if has_slow_start(pods) else ()

    def _delete_as_the_policy_says(self) -> None:
        """Delete in the background, through an outage if need be; that it fails is no reason to fail the task."""
        kubectl, belongings = self._attempt.kubectl, self._attempt.belongings
        try:
            with self._attempt.log.group("Cleaning up") as group:
                self._attempt.persist(lambda: belongings.delete(kubectl))
                group.title = f"Cleaned up: {self._attempt.full_name} is deleted"
        except KubectlError as error:
            command = belongings.delete_command(kubectl)
            self._attempt.log.warning(f"The Job could not be deleted.\n{error}\nTo delete it: {command}")

    def _restore_ttl(self, job: Object, seconds: int) -> None:
        """Let the cluster delete the Job when its author wants it: the task has seen its end now."""
        change = {"spec": {"ttlSecondsAfterFinished": seconds}}
        try:
            with self._attempt.log.group("Cleaning up") as group:
                self._attempt.kubectl.patch(self._attempt.target, objects.uid(job), change)
                group.title = f"Cleaned up: the cluster deletes {self._attempt.full_name} in {seconds} s"
        except KubectlError as error:
            self._attempt.log.warning(
                f"ttlSecondsAfterFinished of the Job could not be set back to {seconds}.\n{error}"
            )


def _looked_into(pods: Sequence[Object], noted: Sequence[Object]) -> str:
    return f"Looked into it: {_counted(pods, 'pod')}, {_counted(noted, 'event')}"


def _counted(things: Sequence[Object], what: str) -> str:
    return f"{len(things)} {what}{'' if len(things) == 1 else 's'}"
