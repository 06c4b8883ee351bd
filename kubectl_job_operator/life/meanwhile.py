"""While the Job runs: waiting for its verdict here, or looking in on it between somebody else's waiting."""

from __future__ import annotations

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.attempt import Attempt
from kubectl_job_operator.attempt.outcome import News, Outcome
from kubectl_job_operator.errors import DeferralError, JobStartupError, JobVanishedError, TaskTimeoutError
from kubectl_job_operator.life.ending import Ending
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.life.main_container import MainContainer
from kubectl_job_operator.life.obstacles import Obstacles
from kubectl_job_operator.life.patience import JobReader, WhoIsWaitedFor
from kubectl_job_operator.life.progress import Progress
from kubectl_job_operator.life.reading import Reading
from kubectl_job_operator.logs.tails import RepeatedTail
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status, pod_status
from kubectl_job_operator.watch.event_reader import KubectlEvents
from kubectl_job_operator.watch.outage import Outage
from kubectl_job_operator.watch.pace import Paced
from kubectl_job_operator.watch.pods import PodWatch
from kubectl_job_operator.watch.waiting import Chore, Waiter, vanished
from kubectl_job_operator.watch.witnesses import Witnesses


class Meanwhile:
    """Waits for a Job, or finds it again after another process has waited.

    :param attempt: the try.
    :param reading: what knows the Job's pods and their logs.
    :param ending: tells what is left of a Job that is gone.
    """

    def __init__(self, attempt: Attempt, reading: Reading, ending: Ending) -> None:
        self._attempt = attempt
        self._reading = reading
        self._ending = ending

    def wait(self, job: Object) -> Object:
        """Wait for the verdict; meanwhile show logs if asked to, and tell why the Job waits.

        :raises JobVanishedError: if the Job is gone before it has one.
        :raises JobStartupError: if no container ran in time.
        """
        attempt = self._attempt
        if attempt.recalled is None:
            watch = self._reading.begin(job)
            main = MainContainer(attempt, job, watch)
            waiter = Waiter(
                attempt.kubectl,
                job,
                attempt.look_persistently,
                attempt.mailbox,
                chores=self._chores(job, watch),
                has_decided=main.has_decided,
                reconnections=lambda: watch.reconnections,
                witness=Witnesses(job, watch),
            )
            try:
                job = main.settled(waiter.wait())
            except JobVanishedError as error:
                raise self._ending.with_remains(job, error) from None
        return attempt.see(job)

    def find_again(self, handover: Handover, outcome: Outcome) -> Object:
        """Return the Job that another process has brought into being.

        :raises JobVanishedError: if it is gone, and nobody has seen its verdict.
        """
        attempt = self._attempt
        found = attempt.look_persistently()
        if found is not None and objects.uid(found) == handover.uid:
            return attempt.see(found)
        seen = outcome.seen_job()
        if seen is not None and job_status.verdict(seen) is not None:
            attempt.log.info(f"{attempt.full_name} is gone since it has ended.")
            return attempt.see(seen)
        attempt.job = job = handover.job()
        gone = vanished(handover.namespace, handover.name, is_replaced=found is not None)
        raise self._ending.with_remains(job, gone)

    def look_in(self, job: Object, outcome: Outcome) -> None:
        """Do, for a Job that has not ended, what somebody has stopped waiting for.

        :raises JobStartupError: if it does not start.
        :raises TaskTimeoutError: if the task's time is over.
        :raises DeferralError: if waiting has failed.
        """
        attempt = self._attempt
        if outcome.news is News.STUCK:
            if not any(pod_status.is_running(pod) for pod in attempt.pods_persistently(job)):
                raise JobStartupError(job["metadata"]["namespace"], job["metadata"]["name"], outcome.message)
            attempt.log.info("Meanwhile a container runs.")
        elif outcome.news in (News.LOGS, News.TIME_OVER, News.GAVE_UP):
            self._reading.catch_up(job)
        if outcome.news is News.TIME_OVER:
            raise TaskTimeoutError(
                f"The task ran into its execution_timeout while {attempt.full_name} had not ended.\n"
                "What to do: raise execution_timeout, or find out in the log above what takes the Job so long."
            )
        if outcome.news is News.GAVE_UP:
            raise DeferralError(outcome.message)

    def _chores(self, job: Object, watch: PodWatch) -> list[Chore]:
        """Return what is done beside the waiting."""
        attempt = self._attempt
        outage = Outage(watch, attempt.standing, attempt.settings.outage_tolerance_seconds)
        chores: list[Chore] = [watch, outage, Progress(job, watch, attempt.log)]
        if self._reading.follower is not None:
            chores.append(self._reading.follower)
        tail = attempt.settings.tail
        if tail.is_on and tail.every_seconds is not None:
            chores.append(RepeatedTail(self._reading.tails, job, tail, attempt.mailbox.post))
        obstacles = Obstacles(
            job,
            KubectlEvents(attempt.kubectl, attempt.mailbox.post, attempt.permissions),
            attempt.log,
            pods=watch.telling,
            look=attempt.look_persistently,
            pods_of=attempt.pods_persistently,
            patience=attempt.settings.patience,
            on_running=attempt.log.tell_held_as,
        )
        who = WhoIsWaitedFor(job, attempt.log, watch.telling, lambda: watch.left_out)
        reader = JobReader(
            attempt.kubectl, job, who, pods=watch.telling, on_job=obstacles.note_job, on_exit=attempt.mailbox.post
        )
        return [*chores, Paced(watch, obstacles, reader)]
