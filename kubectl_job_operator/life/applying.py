"""What ``KubectlApplyOperator`` does: look whose they are, apply them, wait for them; or leave nothing of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.identity import Identity, owner_of
from kubectl_job_operator.attempt.session import Session
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.life.visit import Visit
from kubectl_job_operator.manifest.labels import MADE_BY, ROUND
from kubectl_job_operator.manifest.object_list import ObjectList, name_of
from kubectl_job_operator.objects import Object, annotations_of
from kubectl_job_operator.status import object_rights
from kubectl_job_operator.status.awaited import DELETE, Awaited
from kubectl_job_operator.status.object_rights import Resources, rights_on
from kubectl_job_operator.status.rights import Right
from kubectl_job_operator.watch.arrivals import wait_for_all


@dataclass(frozen=True)
class Terms:
    """How objects are applied.

    :param wait_for: what each is waited for, by its name as ``kubectl -o name`` has it.
    :param wait_timeout_seconds: for how long.
    :param deletes_on_failure: whether what the task has made goes if the task fails.
    :param keeps_on_worker_stop: whether it stays if only the worker is told to stop.
    :param log_yaml: whether the manifest is shown.
    """

    wait_for: Mapping[str, Awaited] = field(default_factory=dict)
    wait_timeout_seconds: float = 300.0
    deletes_on_failure: bool = True
    keeps_on_worker_stop: bool = False
    log_yaml: bool = True


class Applying:
    """Applies objects for one try of a task.

    :param session: kubectl.
    :param manifest: the objects.
    :param identity: the task try, which is written on them for people.
    :param terms: how.
    :param ask_stop: after a kill: tells who wants the end.
    """

    def __init__(
        self, session: Session, manifest: ObjectList, identity: Identity, terms: Terms, ask_stop: Callable[[], Stop]
    ) -> None:
        self._session = session
        self._annotations = {key: text for key, text in identity.annotations().items() if key != ROUND}
        self._made_by = {MADE_BY: identity.digest}
        self._manifest = manifest.with_metadata({}, self._annotations)
        self._terms = terms
        self._ask_stop = ask_stop
        self._visit = Visit(session, "Nothing was created.")
        self._file: Path | None = None
        self._own: list[str] = []

    def run(self) -> list[str]:
        """Apply the objects, wait for them if asked to, and return their names.

        :raises InputError: if something that was asked for cannot work; nothing was created.
        :raises RightsMissingError: if the account may not do all that is needed; nothing was created.
        :raises NotInTimeError: if an object does not come in time to what it is waited for.
        :raises KubectlError: if kubectl fails in a way that does not pass, or for too long.
        :raises TaskKilledError: if the task was killed.
        """
        with self._visit.lasting(self._ask_stop, self._after_failure):
            return self._run()

    def _run(self) -> list[str]:
        session, kubectl = self._session, self._session.kubectl
        as_ours = self._manifest.with_metadata({}, self._made_by)
        file = self._visit.write(as_ours, "manifest", shows_text=self._terms.log_yaml)
        self._visit.get_ready(self._wanted)
        foreign = []
        for thing in self._what_stays(file):
            if not self._is_own(thing):
                foreign.append(name_of(thing))
                session.log.info(
                    f"{name_of(thing)} was there before, and belongs to {owner_of(thing)}: it is applied, without the "
                    f"annotation {MADE_BY}, and stays if the task fails."
                )
        if foreign:
            # Else a later try would take for its own what this one has only applied.
            file = self._visit.write_again(self._manifest.with_metadata({}, self._made_by, but_not_on=foreign))
        self._file, self._own = file, [name_of(document) for document in self._manifest.without(foreign)]
        applied = session.persist(lambda: kubectl.apply(file))
        names = [name_of(thing) for thing in applied]
        session.log.info(f"Applied in namespace {kubectl.namespace}: {', '.join(names)}")
        wait_for_all(session, self._terms.wait_for, self._terms.wait_timeout_seconds)
        return names

    def _wanted(self, resources: Resources) -> Sequence[Right]:
        all_of_them = [resources.of(document) for document in self._manifest.documents]
        awaited = [
            resources.of(document) for document in self._manifest.documents if name_of(document) in self._terms.wait_for
        ]
        verbs = object_rights.APPLY if self._terms.deletes_on_failure else object_rights.APPLY[:-1]
        return [*rights_on(all_of_them, verbs), *rights_on(awaited, object_rights.WAIT)]

    def _is_own(self, thing: Object) -> bool:
        """Whether an earlier try of this very task instance has made it."""
        written = annotations_of(thing)
        return all(written.get(key) == text for key, text in {**self._annotations, **self._made_by}.items())

    def _what_stays(self, file: Path) -> Sequence[Object]:
        """Return which of the objects are there, once what is being deleted is gone: a manifest would go with it."""
        session = self._session
        while True:
            found = session.persist(lambda: session.kubectl.get_file(file))
            leaving = {name_of(thing): Awaited.parse(DELETE) for thing in found if objects.is_being_deleted(thing)}
            if not leaving:
                return found
            session.log.info("Of an earlier run there is something that is still being deleted.")
            # Then look again: somebody else may have been quicker to make it anew.
            wait_for_all(session, leaving, self._terms.wait_timeout_seconds)

    def _after_failure(self, stop: Stop | None) -> None:
        """Delete what this task has made: Airflow runs no teardown for a setup that has failed."""
        if self._file is None or not self._own:
            return
        log, names = self._session.log, ", ".join(self._own)
        if stop is not None and stop.is_worker_only and self._terms.keeps_on_worker_stop:
            log.warning(f"{stop.words}, so {names} stays; the next try goes on with it.")
        elif not self._terms.deletes_on_failure:
            log.warning(f"By delete_on_failure=False what was made stays: {names}")
        else:
            log.warning(f"{stop.words if stop else 'The task fails'}, so what it has made is deleted: {names}")
            self._visit.delete(self._file, self._own, self._is_own)
