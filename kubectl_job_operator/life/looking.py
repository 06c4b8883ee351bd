"""Looking at an object that somebody else made: whether it has come to what it is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kubectl_job_operator.attempt.session import Session
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.errors import ObjectFailedError
from kubectl_job_operator.life.visit import Visit
from kubectl_job_operator.status import object_rights
from kubectl_job_operator.status.awaited import Awaited, Verdict, judge
from kubectl_job_operator.status.object_rights import rights_on


class Looking:
    """Looks at one object, as often as it is asked to.

    :param session: kubectl.
    :param target: the object, as ``deployment/server``.
    :param awaited: what it is waited for.
    """

    def __init__(self, session: Session, target: str, awaited: Awaited) -> None:
        self._session = session
        self._target = target
        self._awaited = awaited
        self._visit = Visit(session, "Nothing was done.")

    @contextmanager
    def lasting(self, ask_stop: Callable[[], Stop]) -> Iterator[None]:
        """Look as often as need be meanwhile; nothing is left behind in this process.

        :param ask_stop: after a kill: tells who wants the end.
        """
        with self._visit.lasting(ask_stop):
            yield

    def is_met(self) -> bool:
        """Return whether the object has come to what it is waited for, and tell how it is.

        :raises ObjectFailedError: if it has come to what its author calls a failure.
        :raises KubectlError: if kubectl fails in a way that does not pass, or for too long.
        """
        session = self._session
        if session.kubectl.namespace is None:
            session.kubectl.namespace = session.persist(session.kubectl.default_namespace)
        judgement = judge(session.persist(lambda: session.kubectl.get(self._target)), self._awaited)
        session.log.tell_held_as(f"{self._target}: {judgement.state}")
        if judgement.verdict is Verdict.FAILED:
            raise failed(self._target, judgement.state)
        return judgement.verdict is Verdict.MET

    @property
    def namespace(self) -> str:
        """Where the object is, once it was looked at."""
        return str(self._session.kubectl.namespace)

    def watched_resource(self) -> str:
        """Return the kind as one watch for many takes it.

        :raises RightsMissingError: if the account may not watch all of its kind.
        """
        word = self._target.partition("/")[0]
        resources = self._visit.get_ready(
            lambda resources: rights_on([resources.called(word)], object_rights.WAIT),
            advice="Or leave deferrable=True out: without it the right to get is enough.",
        )
        return str(resources.called(word) or word)


def failed(target: str, state: str) -> ObjectFailedError:
    """Make the error that tells that an object has come to what its author calls a failure."""
    return ObjectFailedError(
        f"{target} has come to what failure_when says: {state}.\n"
        "What to do: see why with kubectl describe and kubectl get events."
    )
