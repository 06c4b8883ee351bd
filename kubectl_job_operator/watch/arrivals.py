"""Waiting until objects of any kind have come to what is asked, with one ``kubectl wait`` for each."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from kubectl_job_operator.attempt.refusals import is_refusal
from kubectl_job_operator.attempt.session import Session
from kubectl_job_operator.errors import ErrorKind, KubectlError, NotInTimeError, ObjectFailedError
from kubectl_job_operator.kubectl.client import Call
from kubectl_job_operator.status.awaited import DELETE, Awaited, state_of
from kubectl_job_operator.watch import rearmed
from kubectl_job_operator.watch.rearmed import Rearmed

_MOST_AT_ONCE = 10


def wait_for_all(session: Session, wishes: Mapping[str, Awaited], timeout_seconds: float) -> None:
    """Wait until all objects have come to what is asked; a wait that an outage ends is started again.

    :param wishes: what each is waited for, by its name for kubectl, as ``deployment.apps/server``.
    :raises NotInTimeError: if that takes too long.
    :raises ObjectFailedError: if one that is not to be deleted is gone.
    :raises KubectlError: if kubectl fails in a way that does not pass.
    :raises TaskKilledError: if the task was killed.
    """
    _Arrivals(session, wishes, timeout_seconds).wait()


class _Arrivals:
    def __init__(self, session: Session, wishes: Mapping[str, Awaited], timeout_seconds: float) -> None:
        self._session = session
        self._pending = dict(wishes)
        self._timeout_seconds = timeout_seconds
        self._began = time.monotonic()
        self._calls: dict[str, Call] = {}
        self._rearmed = Rearmed(session.kubectl.is_ready)

    def wait(self) -> None:
        for target, wish in self._pending.items():
            self._session.log.info(f"Waiting up to {self._timeout_seconds:.0f} s for {wish.words} of {target}")
        while self._pending:
            if self._left_seconds() <= 0:
                raise self._too_late()
            for target in list(self._pending)[:_MOST_AT_ONCE]:
                if target not in self._calls:
                    self._rearmed.arm(target)
                    self._calls[target] = self._start(target)
            process = self._session.mailbox.receive(max(0.0, self._left_seconds()))
            for target in [name for name, call in self._calls.items() if call.process is process]:
                self._take(target, self._calls.pop(target))

    def _left_seconds(self) -> float:
        return self._began + self._timeout_seconds - time.monotonic()

    def _start(self, target: str) -> Call:
        rule = self._pending[target].success
        condition = DELETE if rule is None else rule.wait_for
        # Its own limit is only there for the case that nobody is left to end it.
        seconds = math.ceil(self._left_seconds()) + 1
        return self._session.kubectl.start_wait(target, condition, seconds, self._session.mailbox.post)

    def _take(self, target: str, call: Call) -> None:
        """Learn what came of a wait."""
        session = self._session
        try:
            session.kubectl.finish_wait(call)
        except KubectlError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                self._bear(target, error)
                return
            wish = self._pending[target]
            if wish.success is not None:
                raise ObjectFailedError(
                    f"{target} is gone: somebody has deleted it while the task waited for {wish.words} of it.\n"
                    "What to do: find out who did; a retry of the task makes it anew."
                ) from None
        session.standing.serves()
        session.log.info(f"{target}: {self._pending.pop(target).words} after {time.monotonic() - self._began:.0f} s")

    def _bear(self, target: str, error: KubectlError) -> None:
        """Let a wait fail; a refusal is believed when it goes on."""
        if error.kind is ErrorKind.CONDITION_TIMED_OUT:
            self._rearmed.forget(target)
            return
        if error.kind.can_pass:
            self._session.standing.is_away(error.kind.value, self._left_seconds())
        # The same account has just read the object; whether it may list and watch is another thing.
        if self._rearmed.believes(target, error, was_served=is_refusal(error)):
            raise error
        self._session.mailbox.pause(rearmed.PAUSE_SECONDS)

    def _too_late(self) -> NotInTimeError:
        self._session.kubectl.stop(*self._calls.values())
        states = [f"  {target} ({wish.words}): {self._state(target, wish)}" for target, wish in self._pending.items()]
        return NotInTimeError(states, self._timeout_seconds)

    def _state(self, target: str, wish: Awaited) -> str:
        try:
            thing = self._session.kubectl.get(target)
        except KubectlError as error:
            return f"it cannot be read ({error.kind.value})"
        state = "there is none" if thing is None else state_of(thing, wish.success)
        refusal = self._rearmed.last_refusal(target)
        return state if refusal is None else f"{state}; to wait for it was refused ({refusal.words})"
