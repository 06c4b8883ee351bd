"""What waits in the triggerer while a task is deferred."""

from __future__ import annotations

import asyncio
import datetime
import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from kubectl_job_operator.airflow.compat.features import resumes_after_timeout, triggers_have_on_kill
from kubectl_job_operator.airflow.compat.states import (
    RESET,
    UNKNOWN,
    UNWANTED_STATES,
    state_of_deferred,
    to_thread_with_airflow,
)
from kubectl_job_operator.airflow.connection import Place, find_place
from kubectl_job_operator.airflow.stopping import words_for
from kubectl_job_operator.airflow.task_log import own_log
from kubectl_job_operator.airflow.to_the_end import to_the_end
from kubectl_job_operator.attempt.outcome import News, Outcome
from kubectl_job_operator.attempt.settings import DeletePolicy, KillAction, Patience
from kubectl_job_operator.life.deferred_deletion import UnwantedJob, delete_command
from kubectl_job_operator.life.deferred_timeout import DeferredTimeout
from kubectl_job_operator.life.deferred_wait import Terms, wait_for_job
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.printable import plain
from kubectl_job_operator.watch.shared_watch import shared_watch

# After a Clear a deferred task is nothing until it is scheduled again; then, as in scheduled, queued or running, it may
# as well be on its way back to the worker, and the next try clears up itself.
_UNWANTED_STATES = UNWANTED_STATES | {RESET}

_STATE_SECONDS, _STATE_PAUSE_SECONDS = 60.0, 2.0
_SOON_SECONDS = 1.0
_LAST_SECONDS = 20.0
"""A task whose time is over must not wait for its end much longer."""

_shared_log = logging.getLogger("kubectl_job_operator.shared_watch")


class KubernetesJobTrigger(BaseTrigger):
    """Waits for a Job, with one kubectl for all that wait in the same cluster and namespace.

    All that it holds is text and numbers, none of them secret; the way into the cluster is looked up where it runs.

    :param handover: from which the Job is found, as ``Handover`` writes it.
    :param kubernetes_conn_id: as the operator's; likewise ``config_file``, ``cluster_context`` and ``in_cluster``.
    :param startup_timeout_seconds: as the operator's; likewise ``image_pull_grace_seconds`` and
        ``outage_tolerance_seconds``.
    :param logging_interval: in how many seconds the task is to show its logs; ``None`` is once the Job has ended.
    :param deadline: when the task's ``execution_timeout`` is over, in seconds since 1970; ``None`` is never.
    :param on_kill_action: what becomes of the Job if the task is cleared or marked: ``delete`` or ``keep``.
    :param delete_policy: as the operator's; for a Job that had ended when the task was marked, before a worker came.
    """

    def __init__(
        self,
        *,
        handover: str,
        kubernetes_conn_id: str | None = None,
        config_file: str | None = None,
        cluster_context: str | None = None,
        in_cluster: bool | None = None,
        startup_timeout_seconds: float = 600,
        image_pull_grace_seconds: float = 120,
        outage_tolerance_seconds: float = 600,
        logging_interval: float | None = None,
        deadline: float | None = None,
        on_kill_action: str = "delete",
        delete_policy: str = "Never",
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.handover = handover
        self.namespace: str | None = None
        self.kubernetes_conn_id = kubernetes_conn_id
        self.config_file = config_file
        self.cluster_context = cluster_context
        self.in_cluster = in_cluster
        self.startup_timeout_seconds = startup_timeout_seconds
        self.image_pull_grace_seconds = image_pull_grace_seconds
        self.outage_tolerance_seconds = outage_tolerance_seconds
        self.logging_interval = logging_interval
        self.deadline = deadline
        self.on_kill_action = on_kill_action
        self.delete_policy = delete_policy
        self._job = Handover.from_text(handover)
        self._has_fired = False
        self._has_looked = False

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the database keeps; what was not given is left out."""
        kept = {
            "handover": self.handover,
            "kubernetes_conn_id": self.kubernetes_conn_id,
            "config_file": self.config_file,
            "cluster_context": self.cluster_context,
            "in_cluster": self.in_cluster,
            "startup_timeout_seconds": self.startup_timeout_seconds,
            "image_pull_grace_seconds": self.image_pull_grace_seconds,
            "outage_tolerance_seconds": self.outage_tolerance_seconds,
            "logging_interval": self.logging_interval,
            "deadline": self.deadline,
            "on_kill_action": self.on_kill_action,
            "delete_policy": self.delete_policy,
        }
        return f"{__name__}.{type(self).__name__}", {key: value for key, value in kept.items() if value is not None}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and send the task back to a worker with what came of it."""
        outcome = await self._wait()
        # A task that somebody has ended gets no worker any more, and a trigger that has fired deletes nothing: wait on
        # until Airflow ends it. When the Job has ended Airflow is not asked: a thousand may end at once.
        while outcome.news is not News.ENDED and await state_of_deferred(self.task_instance) in _UNWANTED_STATES:
            outcome = await (self._wait() if outcome.news is News.LOGS else asyncio.Future[Outcome]())
        if outcome.news is News.TIME_OVER and not resumes_after_timeout():
            deletion = self._delete(DeletePolicy.NEVER, has_next_try=True, patience_seconds=_LAST_SECONDS)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(deletion, 3 * _LAST_SECONDS)
        self._has_fired = True
        event = {
            "news": outcome.news.value,
            "message": outcome.message,
            "job": outcome.job,
            "handover": self._job.to_text(),
        }
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]

    async def on_kill(self) -> None:
        """Delete the Job, if somebody has cleared or marked the task; Airflow 3.3 and later call this."""
        await to_the_end(self._delete_if_unwanted(_STATE_SECONDS))

    async def cleanup(self) -> None:
        """Do the same where Airflow has no ``on_kill``: there this is called at every end, also of the triggerer."""
        if not triggers_have_on_kill():
            await to_the_end(self._delete_if_unwanted())

    async def _wait(self) -> Outcome:
        try:
            return await self._wait_for_news()
        except Exception as error:  # noqa: BLE001 - a trigger that raises fails the task without a word of ours
            return Outcome(News.GAVE_UP, f"The triggerer cannot wait for the Job.\n{error}")

    async def _wait_for_news(self) -> Outcome:
        place = await self._find_place()
        watch = shared_watch(place.access, self._job.namespace, _shared_log)
        terms = Terms(
            Patience(self.startup_timeout_seconds, self.image_pull_grace_seconds),
            self.deadline,
            self.logging_interval,
            self.outage_tolerance_seconds,
        )
        outcome = await wait_for_job(watch, self._job, terms, own_log(self.log))
        job = replace(self._job, clocks=outcome.clocks)
        self._job = job.with_commands([*job.commands, *watch.watches()], job.left_out)
        return outcome

    async def _find_place(self) -> Place:
        """Look the way into the cluster up; only a connection is asked for elsewhere, which takes time."""
        if self.kubernetes_conn_id is None:
            return find_place(self)
        return await to_thread_with_airflow(find_place, self)

    async def _delete_if_unwanted(self, state_seconds: float = 0.0) -> None:
        """Delete the Job if the task's state says that somebody has ended the task.

        A triggerer that was frozen, and has lost its triggers to another, ends them like this too while their tasks
        are well: their state then is deferred, or what comes after it.

        :param state_seconds: for how long the state is asked for again, where Airflow does not tell it.
        """
        if self._has_fired or self._has_looked:
            return
        self._has_looked = True
        state = await self._learn_state(state_seconds)
        is_unwanted = state in _UNWANTED_STATES
        if not (is_unwanted or self._is_ended_by_its_timeout()):
            return
        words = words_for(state) if is_unwanted else "The task ran into its execution_timeout"
        name, tell = self._job.full_name, own_log(self.log).warning
        if KillAction(self.on_kill_action) is KillAction.KEEP:
            tell(f'{words}; by on_kill_action="keep" Job {name} stays.')
            return
        # A next try goes on with a Job that is Complete already: after a Clear, and after a timeout.
        may_have_next_try = state == RESET or not is_unwanted
        unless = "" if is_unwanted else ", unless it has ended by now"
        # Before anything that takes long: Airflow may close the task's log two seconds after it has ended a trigger.
        tell(
            f"{words}, so Job {name} is deleted{unless}. This log may end before that is done; the triggerer's own "
            f"goes on then. {self._how_to('By hand')}"
        )
        of_ended = DeletePolicy.NEVER if may_have_next_try else DeletePolicy(self.delete_policy)
        await self._delete(of_ended, has_next_try=may_have_next_try, patience_seconds=self.outage_tolerance_seconds)

    def _is_ended_by_its_timeout(self) -> bool:
        """Whether Airflow fails the task for its ``execution_timeout``, and starts no second half that would know.

        Airflow 2 counts from the start of the task, we from when it had read the DAG: its scheduler may be the first.
        """
        if resumes_after_timeout():
            return False
        now, theirs = datetime.datetime.now(datetime.timezone.utc), getattr(self.task_instance, "trigger_timeout", None)
        # Its database keeps no time zone with this one; it is UTC.
        is_theirs_over = theirs is not None and theirs.replace(tzinfo=theirs.tzinfo or datetime.timezone.utc) <= now
        return is_theirs_over or DeferredTimeout(self.deadline).is_over

    async def _learn_state(self, seconds: float) -> str:
        """Ask for the task's state, and tell soon what to do if there is no answer."""
        asking = asyncio.ensure_future(self._ask_state(seconds))
        try:
            await asyncio.wait([asking], timeout=_SOON_SECONDS)
            has_told = not asking.done() and bool(seconds)
            if has_told:
                self._tell_that_nobody_knows("While it does not")
            state = await asking
        finally:
            asking.cancel()
        if state == UNKNOWN and not (has_told or self._is_ended_by_its_timeout()):
            self._tell_that_nobody_knows("If only this triggerer ends, another one waits on; in any case")
        return state

    def _tell_that_nobody_knows(self, until: str) -> None:
        if KillAction(self.on_kill_action) is not KillAction.KEEP:
            own_log(self.log).warning(
                f"Airflow does not tell whether somebody has ended the task. {until}, Job {self._job.full_name} stays. "
                f"{self._how_to('If nobody wants it')}"
            )

    async def _ask_state(self, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while True:
            state = await state_of_deferred(self.task_instance)
            if state != UNKNOWN or time.monotonic() >= deadline:
                return state
            await asyncio.sleep(_STATE_PAUSE_SECONDS)

    async def _delete(self, of_ended: DeletePolicy, *, has_next_try: bool, patience_seconds: float) -> None:
        """Delete the Job.

        :param of_ended: whether also if it has ended meanwhile.
        :param has_next_try: whether another try may come.
        :param patience_seconds: for how long it is tried, where the cluster is away.
        """
        if KillAction(self.on_kill_action) is KillAction.KEEP:
            return
        try:
            place = await self._find_place()
            job = UnwantedJob(place.access, self._job, of_ended, own_log(self.log), has_next_try=has_next_try)
            await job.delete(patience_seconds)
        except asyncio.CancelledError:
            self._tell_that_it_may_stay("may not be deleted yet, and that is broken off here.")
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody has to know that the Job may be there
            self._tell_that_it_may_stay(f"could not be deleted.\n{error}")

    def _tell_that_it_may_stay(self, why: str) -> None:
        own_log(self.log).warning(f"Job {self._job.full_name} {why}\n{self._how_to('To delete it')}")

    def _how_to(self, what: str) -> str:
        """Return, for a person to paste, what deletes the Job, and before it where that has to be done."""
        where, access = "", None
        if self.kubernetes_conn_id is not None:
            where = f" in the cluster of connection {plain(self.kubernetes_conn_id)}"
        else:
            access = find_place(self).access
            where = " in the triggerer's pod" if access.in_cluster else ""
        return f"{what}{where}: {delete_command(self._job, access)}"
