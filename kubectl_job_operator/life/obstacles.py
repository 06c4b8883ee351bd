"""Telling why a Job waits, when that changes, and giving up early on one that cannot start."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.settings import Patience
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import JobStartupError
from kubectl_job_operator.kubectl.client import Call
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.life.startup_clocks import Clocks, identity, seconds_since
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status, pod_status, startup
from kubectl_job_operator.status.lingering import is_out_of_reach
from kubectl_job_operator.status.outlook import Obstacle, Outlook, grouped, line_of
from kubectl_job_operator.status.pending import is_in_queue, obstacles
from kubectl_job_operator.watch.event_reader import EventReader

# The kubelet itself looks again every ten seconds or a little later: its second look must count.
HOPELESS_GRACE_SECONDS = 15.0
_SAID_AFTER_SECONDS = 2.0
_PROGRESS_SAID_AFTER_SECONDS = 5.0
# Between one pod and the next of a slow cluster it is no news that nothing runs, unless that lasts.
_SAID_AGAIN_AFTER_SECONDS = 60.0
_EVENTS_AFTER_SECONDS = (3.0, 5.0, 10.0, 20.0, 30.0)
_EVENTS_IN_QUEUE_SECONDS = 300.0
_LOOK_WHILE_RUNNING_SECONDS = 5.0
_SHORTEST_LOOK_SECONDS, _LONGEST_LOOK_SECONDS = 0.1, 60.0


class Obstacles:
    """A chore that tells why nothing runs, each reason once, and raises where waiting is in vain.

    Events are read only while nothing runs and the pods themselves do not tell why.

    :param job: the Job.
    :param reader: reads events, in the background.
    :param log: takes a line for each reason.
    :param pods: gives the Job's pods as they are last known; called often, so it must be cheap.
    :param look: reads the Job anew, before it is given up.
    :param pods_of: lists the pods of a Job anew, before it is given up.
    :param patience: when that is.
    :param waited_seconds: for how long somebody has waited for its start already.
    :param clocks: what that one knew, as ``clocks`` gave it.
    :param on_running: takes how long was waited and for what, once a container runs; default is the log.
    """

    def __init__(
        self,
        job: Object,
        reader: EventReader,
        log: Log,
        *,
        pods: Callable[[], Sequence[Object]],
        look: Callable[[], Object | None],
        pods_of: Callable[[Object], Sequence[Object]],
        patience: Patience,
        waited_seconds: float = 0.0,
        clocks: str = "",
        on_running: Callable[[str], None] | None = None,
    ) -> None:
        self._job = job
        self._reader = reader
        self._log = log
        self._pods = pods
        self._look = look
        self._pods_of = pods_of
        self._patience = patience
        self._on_running, self._last_told = on_running or log.info, ""
        self._said_before: set[str] = set()
        self._has_run = False
        self._events: Sequence[Object] = ()
        now = time.monotonic()
        left = max(0.0, patience.startup_timeout_seconds - waited_seconds)
        self._clocks = Clocks.from_text(clocks, now) if clocks else Clocks(now, now + left)
        self._clocks.has_started = self._clocks.has_started or job_status.has_ended_pods(job)
        self._begin_reading_events()

    @property
    def clocks(self) -> str:
        """Since when what is waited for, and what was said, for the next one who waits."""
        return self._clocks.to_text(time.monotonic())

    def _begin_waiting(self) -> None:
        """Nothing runs from now on, as far as is known."""
        clocks = self._clocks
        clocks.is_running, clocks.waits_since = False, time.monotonic()
        clocks.since, clocks.said = {}, set()
        self._begin_reading_events()

    def _begin_reading_events(self) -> None:
        self._reads = 0
        self._next_read = time.monotonic() + _EVENTS_AFTER_SECONDS[0]

    def advance(self) -> float:
        """Look at the pods, tell what is new, and return in how many seconds to ask again.

        :raises JobStartupError: if the Job cannot start, or has not started in time.
        """
        began, pods = time.monotonic(), self._pods()
        self._tell_who_runs_it()
        found = obstacles(self._job, pods, self._events)
        self._clocks.has_started = self._clocks.has_started or any(pod_status.has_started(pod) for pod in pods)
        if _runs(pods, found):
            if self._clocks.said:
                waited = began - self._clocks.waits_since
                self._on_running(f"Waited {waited:.0f} s: {self._last_told or 'a container runs now.'}")
            self._said_before |= self._clocks.said
            self._clocks.said, self._clocks.is_running, self._has_run = set(), True, True
            return _LOOK_WHILE_RUNNING_SECONDS
        if self._clocks.is_running:
            self._begin_waiting()
        self._tell(found)
        self._read_events_if_due(pods, found)
        self._give_up_if_due(found)
        # What was due before and did not come waits for a change.
        due = min((at for at in self._due(found) if at > began), default=began + _LONGEST_LOOK_SECONDS)
        return min(max(due - time.monotonic(), _SHORTEST_LOOK_SECONDS), _LONGEST_LOOK_SECONDS)

    def handle(self, process: Process | None) -> None:
        """Take the events if it is their process that has ended."""
        read = self._reader.handle(process)
        if read is not None:
            self.note_events(read)

    def note_events(self, read: Sequence[Object]) -> None:
        """Learn what the cluster has noted."""
        self._events = read

    def note_job(self, job: Object) -> None:
        """Learn what the Job now is."""
        self._job = job
        self._clocks.has_started = self._clocks.has_started or job_status.has_ended_pods(job)

    def pending(self) -> Sequence[Call]:
        """Return what is still being read, to be stopped."""
        return self._reader.pending()

    def _due(self, found: Sequence[Obstacle]) -> Iterator[float]:
        """Tell when something is to be done if nothing changes until then."""
        if not self._reader.is_reading:
            yield self._next_read
        if self._patience.startup_timeout_seconds and not self._clocks.has_started:
            yield self._clocks.deadline
        for one in found:
            grace = self._grace(one.outlook)
            if grace is not None:
                yield self._clocks.since.get(identity(one), time.monotonic()) + grace
            if one.key not in self._clocks.said:
                yield self._said_at(one)

    def _tell(self, found: Sequence[Obstacle]) -> None:
        """Put what was not said yet into the log."""
        now = time.monotonic()
        for group in grouped(found):
            one = group[0]
            if one.key in self._clocks.said or now < self._said_at(one):
                continue
            self._clocks.said.add(one.key)
            self._last_told = line_of(group)
            line = f"Nothing runs: {self._last_told}"
            if one.outlook is Outlook.PASSING:
                self._log.info(line)
            else:
                self._log.warning(f"{line}{self._warning_of_end(one)}")

    def _said_at(self, one: Obstacle) -> float:
        """Return when an obstacle is worth a line: each step of a start that gets on is over in a moment."""
        since = self._clocks.waits_since
        if one.outlook is Outlook.PASSING:
            since = self._clocks.since.get(identity(one), time.monotonic())
        is_of_pod = bool(one.pod)  # and not of the Job, as a pause before its next pod
        was_told = one.key in self._said_before or (self._has_run and is_of_pod and one.outlook is Outlook.PASSING)
        # Each time that a queue holds it back is news.
        is_no_news = was_told and not is_in_queue([one])
        return since + (_SAID_AGAIN_AFTER_SECONDS if is_no_news else _quiet_seconds(one))

    def _tell_who_runs_it(self) -> None:
        """Say once that the Job runs where nothing of it is to be seen."""
        manager = job_status.runner_elsewhere(self._job)
        if manager and manager not in self._clocks.said and not job_status.is_suspended(self._job):
            self._clocks.said.add(manager)
            self._log.info(
                f"The Job is run by {manager} (spec.managedBy): its pods and their logs are elsewhere, and its status "
                "here tells its end."
            )

    def _warning_of_end(self, obstacle: Obstacle) -> str:
        grace = self._grace(obstacle.outlook)
        return f" The task fails if that lasts for {grace:.0f} s." if grace is not None else ""

    def _grace(self, outlook: Outlook) -> float | None:
        """Return for how long an obstacle is borne; ``None`` is without limit."""
        if outlook is Outlook.HOPELESS:
            return HOPELESS_GRACE_SECONDS
        if outlook is Outlook.PULL_FAILING:
            return self._patience.image_pull_grace_seconds or None
        return None

    def _read_events_if_due(self, pods: Sequence[Object], found: Sequence[Obstacle]) -> None:
        now = time.monotonic()
        if self._reader.is_reading or now < self._next_read:
            return
        # Without the events, for what they have told once may have changed.
        if all(one.is_explained for one in obstacles(self._job, pods)):
            return
        waiting = [pod for pod in pods if not pod_status.has_ended(pod)]
        self._reads += 1
        pause = _EVENTS_AFTER_SECONDS[min(self._reads, len(_EVENTS_AFTER_SECONDS) - 1)]
        self._next_read = now + (_EVENTS_IN_QUEUE_SECONDS if is_in_queue(found) else pause)
        self._reader.start(self._job, waiting)

    def _give_up_if_due(self, found: Sequence[Obstacle]) -> None:
        """Raise if the time is over, or something has lasted too long that does not heal."""
        now = time.monotonic()
        if is_in_queue(found) or job_status.runner_elsewhere(self._job):
            self._clocks.deadline = max(self._clocks.deadline, now + self._patience.startup_timeout_seconds)
        self._clocks.since = {key: self._clocks.since.get(key, now) for key in map(identity, found)}
        overdue = [
            one
            for one in found
            if (grace := self._grace(one.outlook)) is not None and now - self._clocks.since[identity(one)] >= grace
        ]
        # As long as another pod makes progress, the Job may still come to something.
        if overdue and not any(one.outlook is Outlook.PASSING for one in found):
            self._give_up_on(overdue)
        elif self._patience.startup_timeout_seconds and not self._clocks.has_started and now >= self._clocks.deadline:
            self._give_up_for_time()

    def _give_up_on(self, overdue: Sequence[Obstacle]) -> None:
        """Raise if what was last known is still so."""
        pods, found = self._look_anew()
        still = {identity(one) for one in found} & {identity(one) for one in overdue}
        if not still or _runs(pods, found):
            self._clocks.since = {}
            return
        cause = next(one for one in found if identity(one) in still)
        if cause.outlook is Outlook.HOPELESS:
            self._raise("It cannot start.", found, cause.remedy)
        grace = self._patience.image_pull_grace_seconds
        self._raise(
            f"An image could not be pulled within {grace:.0f} s.",
            found,
            f"{cause.remedy}\nIf it only takes longer, raise image_pull_grace_seconds (0 is without limit).",
        )

    def _give_up_for_time(self) -> None:
        """Raise if no container has run meanwhile."""
        pods, found = self._look_anew()
        timeout = self._patience.startup_timeout_seconds
        started_at = job_status.started_at(self._job)
        left = timeout - seconds_since(started_at) if started_at else 0.0
        # A queue may have let it go just now, while nobody looked.
        self._clocks.deadline = time.monotonic() + (left if left > 0 else timeout)
        is_at_work = job_status.has_ended_pods(self._job) or job_status.is_at_work(self._job, pods)
        if is_at_work or any(pod_status.has_started(pod) for pod in pods):
            self._clocks.has_started = True
        elif left <= 0 and found and not is_in_queue(found):
            remedy = next((one.remedy for one in found if one.remedy), "see what the pods wait for.")
            self._raise(
                f"No container has started within {timeout:.0f} s.",
                found,
                f"{remedy}\nIf it only takes longer, raise startup_timeout_seconds (0 is without limit).",
            )

    def _look_anew(self) -> tuple[Sequence[Object], Sequence[Obstacle]]:
        """Return the pods and the obstacles as they are now; that the Job is gone is for the waits to tell."""
        job = self._look()
        if job is None or objects.uid(job) != objects.uid(self._job):
            return (), ()
        self._job = job
        pods = self._pods_of(job)
        return pods, obstacles(job, pods, self._events)

    def _raise(self, what: str, found: Sequence[Obstacle], remedy: str) -> None:
        metadata = self._job["metadata"]
        report = startup.report(self._job, what, found, self._events, remedy)
        raise JobStartupError(metadata["namespace"], metadata["name"], report)


def _runs(pods: Sequence[Object], found: Sequence[Obstacle]) -> bool:
    """Whether a pod does something, and will not hang in the end because another container of it cannot start."""
    stuck = {one.pod for one in found if one.outlook in (Outlook.PULL_FAILING, Outlook.HOPELESS)}
    now = datetime.datetime.now(datetime.timezone.utc)
    return any(
        pod_status.is_running(pod) and not is_out_of_reach(pod, now) and pod["metadata"]["name"] not in stuck
        for pod in pods
    )


def _quiet_seconds(obstacle: Obstacle) -> float:
    """Return for how long nothing is said of an obstacle: most are over in a moment."""
    if obstacle.outlook is Outlook.PASSING:
        return _PROGRESS_SAID_AFTER_SECONDS
    return _SAID_AFTER_SECONDS if obstacle.pod else 0.0
