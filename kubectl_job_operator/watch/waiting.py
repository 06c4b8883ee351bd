"""Waiting until a Job has its verdict, whatever happens to the waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.errors import ErrorKind, JobVanishedError, KubectlError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status
from kubectl_job_operator.watch import rearmed
from kubectl_job_operator.watch.rearmed import Rearmed

_DELETED = "delete"

_WAIT_SECONDS = 3600
_UNSEEN_SECONDS = 5.0
"""Without a pod that would show it, the Job's failure and its deletion are waited for from then on."""
_VERDICT_GRACE_SECONDS = 1.0
_CERTAIN_AFTER_SECONDS = (2.0, 20.0)
"""By then the wait for the deletion has found what it waits for: another Job, if that had the name by then already."""


class Chore(Protocol):
    """Something that is done now and then while a Job is waited for."""

    def advance(self) -> float | None:
        """Do what is due, and return in how many seconds to ask again; ``None`` for never."""

    def handle(self, process: Process | None) -> None:
        """Learn that a process has ended, if one has; it may be one of its own."""

    def pending(self) -> Sequence[Call]:
        """Return the commands that still run, to be stopped."""


class Witness(Protocol):
    """What would show a change of the Job before a wait does."""

    def is_there(self) -> bool | None:
        """Tell whether the Job is there: ``False`` if there is a doubt, ``None`` if nothing would show it."""

    def may_fail(self) -> bool:
        """Tell whether something was seen by which the Job may fail."""


class Waiter:
    """Waits for one Job with ``kubectl wait``: for Complete, and where need be for Failed and for its deletion.

    For an object of another kind it waits for what its rules say instead.

    A wait for a condition does not notice that the Job is gone, so there is one for that. Each costs 10 MB and a
    twentieth of a CPU second: those for a failure and for the deletion run only while no pod would show it, or when one
    has. A wait that ends only says "look now"; the verdict is in the Job that it printed, or that is read then.

    :param kubectl: runs the waits.
    :param job: the Job as it was applied; another Job of the same name is not this one.
    :param look: reads the Job as it now is, going on through outages; ``None`` if there is none.
    :param mailbox: where the waits report their end.
    :param chores: what is to be done meanwhile; their commands report their end to the mailbox too.
    :param has_decided: whether somebody beside has just seen that the Job is over, so that it is to be looked at.
    :param reconnections: counts how often the cluster has answered somebody else again after a gap; a ``kubectl wait``
        may then sleep on for most of a minute, so with each new count the waits are started anew.
    :param witness: what would show that the Job fails or is deleted; default is nothing.
    """

    def __init__(
        self,
        kubectl: Kubectl,
        job: Object,
        look: Callable[[], Object | None],
        mailbox: Mailbox,
        *,
        chores: Sequence[Chore] = (),
        has_decided: Callable[[], bool] = lambda: False,
        reconnections: Callable[[], int] = lambda: 0,
        witness: Witness | None = None,
    ) -> None:
        self._kubectl = kubectl
        self._job = job
        self._namespace, self._name = job["metadata"]["namespace"], job["metadata"]["name"]
        kind = kinds.kind_of(job)
        self._successes = [rule.wait_for for rule in kind.success]
        self._failures = [rule.wait_for for rule in kind.failure]
        self._look = look
        self._mailbox = mailbox
        self._chores = chores
        self._has_decided = has_decided
        self._reconnections = reconnections
        self._witness = witness
        self._seen_at = 0.0
        self._waits: dict[str, Call] = {}
        self._looks_at: list[float] = []
        self._rearmed = Rearmed(kubectl.is_ready)

    def wait(self) -> Object:
        """Return the Job when it has a verdict.

        :raises JobVanishedError: if it was deleted or replaced before that.
        :raises KubectlError: if kubectl fails in a way that does not pass.
        :raises TaskKilledError: if the run was killed.
        """
        job = self._job
        self._seen_at = time.monotonic()
        reconnections = self._reconnections()
        while job_status.verdict(job) is None:
            self._arm(*self._successes)
            limits = [seconds for chore in self._chores if (seconds := chore.advance()) is not None]
            is_to_look = self._has_decided()
            if not is_to_look:
                limits += self._arm_the_others()
            if is_to_look or self._is_look_due():
                job = self._checked(self._look())
                continue
            process = self._mailbox.receive(min(limits, default=None))
            for chore in self._chores:
                chore.handle(process)
            ended = [condition for condition, call in self._waits.items() if call.process is process]
            for condition in ended:
                job = self._after(condition, self._waits.pop(condition))
            if self._reconnections() != reconnections:
                reconnections = self._reconnections()
                self._kubectl.stop(*self._waits.values())
                for condition in self._waits:
                    self._rearmed.forget_if_served(condition)
                self._waits.clear()
        self._kubectl.stop(*self._waits.values(), *(call for chore in self._chores for call in chore.pending()))
        return job

    def _arm_the_others(self) -> list[float]:
        """Wait for what no witness would show, or one has shown; return in how many seconds to ask him or to look."""
        is_there = self._witness.is_there() if self._witness is not None else None
        if self._witness is not None and self._witness.may_fail():
            self._arm(*self._failures)
        if is_there:
            self._seen_at = time.monotonic()
            if (call := self._waits.pop(_DELETED, None)) is not None:
                self._kubectl.stop(call)
            return []
        left = self._seen_at + _UNSEEN_SECONDS - time.monotonic()
        if is_there is None and left > 0:
            return [left]
        if _DELETED not in self._waits:
            self._looks_at = [time.monotonic() + seconds for seconds in _CERTAIN_AFTER_SECONDS]
        self._arm(*self._failures, _DELETED)
        return [max(0.0, at - time.monotonic()) for at in self._looks_at[:1]]

    def _is_look_due(self) -> bool:
        """Whether to see that it is this Job whose deletion is waited for; kubectl is not told its UID."""
        if _DELETED not in self._waits or not self._looks_at or time.monotonic() < self._looks_at[0]:
            return False
        self._looks_at.pop(0)
        return True

    def _arm(self, *conditions: str) -> None:
        """Start the waits that do not run."""
        for condition in conditions:
            if condition not in self._waits:
                self._rearmed.arm(condition)
                self._waits[condition] = self._kubectl.start_wait(
                    kinds.target(self._job), condition, _WAIT_SECONDS, self._mailbox.post
                )

    def _after(self, condition: str, call: Call) -> Object:
        """Return the Job as it is after a wait has ended."""
        printed = None
        try:
            printed = self._kubectl.finish_wait(call)
            self._rearmed.forget(condition)
            if condition == _DELETED:
                printed = self._last_words()
        except KubectlError as error:
            self._bear(condition, error)
        if printed is not None and objects.uid(printed) == objects.uid(self._job) and job_status.verdict(printed):
            return printed
        if printed is not None and condition != _DELETED:
            # kubectl reads a rule otherwise than this package does, or the object has changed again.
            self._mailbox.pause(rearmed.PAUSE_SECONDS)
        return self._checked(self._look())

    def _bear(self, condition: str, error: KubectlError) -> None:
        """Let a wait fail; a refusal is believed when it goes on although reading the Job is served."""
        if error.kind in (ErrorKind.CONDITION_TIMED_OUT, ErrorKind.NOT_FOUND):
            self._rearmed.forget(condition)
            return
        if self._rearmed.believes(condition, error, was_served=True):
            raise error
        self._mailbox.pause(rearmed.PAUSE_SECONDS)

    def _last_words(self) -> Object | None:
        """Return what the other waits have to say of a Job that is gone: it may have ended just before."""
        deadline = time.monotonic() + _VERDICT_GRACE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            process = self._mailbox.receive(left)
            for chore in self._chores:
                chore.handle(process)
            for condition in [key for key, call in self._waits.items() if call.process is process]:
                try:
                    return self._kubectl.finish_wait(self._waits.pop(condition))
                except KubectlError:
                    continue
        return None

    def _checked(self, job: Object | None) -> Object:
        """Refuse to go on with no Job, or with another one of the same name."""
        if job is not None and objects.uid(job) == objects.uid(self._job):
            return job
        raise vanished(self._namespace, self._name, is_replaced=job is not None, kind=kinds.word(self._job))


def vanished(namespace: str, name: str, *, is_replaced: bool, kind: str = "Job") -> JobVanishedError:
    """Make the error that tells that a Job has gone without a verdict.

    :param is_replaced: whether there is another one of its name.
    :param kind: what it was.
    """
    what = f"was deleted, and another {kind} has its name now," if is_replaced else "was deleted"
    return JobVanishedError(
        namespace,
        name,
        f"{kind} {namespace}/{name} {what} while the task waited for it, so it has no verdict.\n"
        "What to do: find out who deleted it (a person, a clean-up, its ttlSecondsAfterFinished); a retry of the "
        "task starts it anew.",
    )
