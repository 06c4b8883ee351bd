"""What ``KubectlDeleteOperator`` does: delete objects and wait until they are gone. Of a Job it is ``ending``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kubectl_job_operator.attempt.session import Session
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.life.visit import Visit
from kubectl_job_operator.manifest.object_list import ObjectList
from kubectl_job_operator.status import object_rights
from kubectl_job_operator.status.awaited import DELETE, Awaited
from kubectl_job_operator.status.object_rights import Resources, rights_on
from kubectl_job_operator.status.rights import Right
from kubectl_job_operator.watch.arrivals import wait_for_all


@dataclass(frozen=True)
class Doomed:
    """What is to be deleted: one of three ways to say it.

    :param manifest: the objects in it.
    :param targets: objects by kind and name, as ``persistentvolumeclaim/data``.
    :param resource: the kind of what the selector picks.
    :param selector: a label selector.
    :param namespace: the one that the manifest or the targets name; ``None`` if they name none.
    """

    manifest: ObjectList | None = None
    targets: tuple[str, ...] = ()
    resource: str = ""
    selector: str = ""
    namespace: str | None = None


class Deleting:
    """Deletes objects for one try of a task.

    :param session: kubectl.
    :param doomed: which.
    :param wait_timeout_seconds: for how long it is waited until they are gone; ``None`` is not at all.
    :param log_yaml: whether a manifest is shown.
    :param ask_stop: after a kill: tells who wants the end.
    """

    def __init__(
        self,
        session: Session,
        doomed: Doomed,
        *,
        wait_timeout_seconds: float | None,
        log_yaml: bool,
        ask_stop: Callable[[], Stop],
    ) -> None:
        self._session = session
        self._doomed = doomed
        self._wait_timeout_seconds = wait_timeout_seconds
        self._log_yaml = log_yaml
        self._ask_stop = ask_stop
        self._visit = Visit(session, "Nothing was deleted.")

    def run(self) -> list[str]:
        """Delete the objects, and return the names of those that were there.

        :raises RightsMissingError: if the account may not do all that is needed; nothing was deleted.
        :raises NotInTimeError: if they are not gone in time.
        :raises KubectlError: if kubectl fails in a way that does not pass, or for too long.
        :raises TaskKilledError: if the task was killed.
        """
        with self._visit.lasting(self._ask_stop):
            session = self._session
            what = self._what()
            self._visit.get_ready(self._wanted)
            names = session.persist(lambda: session.kubectl.delete_any(*what))
            session.log.info(f"Deleted in namespace {session.kubectl.namespace}: {', '.join(names) or 'nothing'}")
            if self._wait_timeout_seconds is not None:
                wait_for_all(session, dict.fromkeys(names, Awaited.parse(DELETE)), self._wait_timeout_seconds)
            return names

    def _what(self) -> tuple[str, ...]:
        """Return what is deleted, as kubectl takes it."""
        doomed = self._doomed
        if doomed.manifest is not None:
            return "-f", str(self._visit.write(doomed.manifest, "manifest", shows_text=self._log_yaml))
        return doomed.targets or (doomed.resource, "-l", doomed.selector)

    def _wanted(self, resources: Resources) -> Sequence[Right]:
        doomed = self._doomed
        if doomed.manifest is not None:
            found = [resources.of(document) for document in doomed.manifest.documents]
        elif doomed.targets:
            found = [resources.called(target.partition("/")[0]) for target in doomed.targets]
        else:
            found = [resources.called(word) for word in doomed.resource.split(",")]
        verbs = [
            *object_rights.DELETE,
            *(object_rights.LIST if doomed.selector else ()),
            *(object_rights.WAIT if self._wait_timeout_seconds is not None else ()),
        ]
        return rights_on(found, verbs)
