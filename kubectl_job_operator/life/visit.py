"""What every short task with kubectl begins with, and how it ends: ready or refused, and nothing left behind."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from kubectl_job_operator.attempt.identity import owner_of
from kubectl_job_operator.attempt.session import Session
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.attempt.workspace import manifest_file_name
from kubectl_job_operator.errors import KubectlError, KubectlJobOperatorError, RightsMissingError, TaskKilledError
from kubectl_job_operator.kubectl.access import settings_in
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.manifest.masking import hides_something
from kubectl_job_operator.manifest.object_list import ObjectList, name_of
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status.object_rights import Resources
from kubectl_job_operator.status.rights import Granted, Right

_FIRST_CONTACT_SECONDS = 45.0
_CLEANING_SECONDS = 30.0


class Visit:
    """One try of a task that does something with objects, from its first command to its last.

    :param session: kubectl.
    :param untouched: what was not done if the task is refused, as a sentence.
    """

    def __init__(self, session: Session, untouched: str) -> None:
        self._session = session
        self._untouched = untouched
        self._file: Path | None = None
        self._is_file_kept = True

    @contextlib.contextmanager
    def lasting(
        self, ask_stop: Callable[[], Stop], on_failure: Callable[[Stop | None], None] | None = None
    ) -> Iterator[None]:
        """Do it, and leave nothing behind in this process, however it ends.

        :param ask_stop: after a kill: tells who wants the end.
        :param on_failure: cleans up in the cluster; takes who wanted the end, after a kill.
        """
        session = self._session
        try:
            session.access.check()
            yield
            session.mailbox.check()
        except BaseException as error:
            session.processes.close()
            stop = ask_stop() if session.mailbox.is_killed else None
            if on_failure is not None:
                on_failure(stop)
            session.log.tell_held()
            self._leave_word()
            if type(error) is TaskKilledError and stop is not None:
                raise TaskKilledError(f"{stop.words}.") from None
            raise
        session.log.tell_held()
        session.processes.close()
        session.workspace.remove()

    def write(self, manifest: ObjectList, what: str, *, shows_text: bool) -> Path:
        """Write the file that kubectl takes, and show it.

        :param what: what it is called in the log, as ``manifest``.
        :param shows_text: whether the log has all of it, Secrets masked.
        """
        session = self._session
        names = ", ".join(map(name_of, manifest.documents))
        with session.log.group(f"The {what}: {names}"):
            file = self.write_again(manifest)
            # Here too: not every way in which Airflow runs a task masks what is logged.
            shown = f":\n{session.mask(manifest.masked_text()).rstrip()}" if shows_text else "."
            session.log.info(f"The {what}, as rendered to {file}{shown}")
        return file

    def write_again(self, manifest: ObjectList) -> Path:
        """Write that file, and show nothing."""
        session = self._session
        self._file = session.workspace.write_documents(manifest_file_name(manifest.source), manifest.documents)
        self._is_file_kept = not hides_something(manifest.documents, session.mask)
        return self._file

    def get_ready(self, wanted: Callable[[Resources], Sequence[Right]], advice: str = "") -> Resources:
        """Find out where kubectl works and what the cluster has, and refuse what the account may not do.

        :param wanted: returns the rights that the task needs.
        :param advice: what else may help whoever lacks some.
        :raises RightsMissingError: if the account lacks some.
        """
        session = self._session
        kubectl = session.kubectl
        with session.log.group("Getting ready") as group:
            session.log.info(
                f"kubectl is {session.access.kubectl_path()}, and runs with {settings_in(session.environment)}."
            )
            if kubectl.namespace is None:
                kubectl.namespace = session.persist(kubectl.default_namespace, _FIRST_CONTACT_SECONDS)
            resources, summary = session.persist(lambda: self._checked(wanted, advice), _FIRST_CONTACT_SECONDS)
            group.title = f"Ready: kubectl {kubectl.own_version}, {summary}"
        return resources

    def delete(self, file: Path, names: Collection[str], is_own: Callable[[Object], bool]) -> None:
        """Delete in spite of a kill, which has stopped all other commands, and through a short outage.

        :param file: the manifest.
        :param names: which of its objects are to go.
        :param is_own: tells, of one as it is now, whether it still is what it was.
        """
        session, own = self._session, list(names)

        def delete_own(kubectl: Kubectl) -> None:
            found = [thing for thing in kubectl.get_file(file) if name_of(thing) in own]
            for thing in found:
                if not is_own(thing):
                    session.log.warning(f"{name_of(thing)} stays: it belongs to {owner_of(thing)}.")
            own[:] = [name_of(thing) for thing in found if is_own(thing)]
            if own:
                kubectl.delete_any(*own)

        try:
            session.persist_in_spite_of_a_kill(delete_own, _CLEANING_SECONDS)
        except KubectlError as error:
            session.log.warning(f"{error}\nTo delete it: {session.kubectl.delete_any_command(*own)}")

    def _checked(self, wanted: Callable[[Resources], Sequence[Right]], advice: str) -> tuple[Resources, str]:
        kubectl = self._session.kubectl
        rights_call = kubectl.start_can_i_list()
        names_call = kubectl.start_api_resources()
        try:
            granted = Granted.read(kubectl.finish_can_i_list(rights_call))
        except KubectlJobOperatorError:
            kubectl.stop(names_call)
            raise
        resources = Resources(kubectl.finish_api_resources(names_call))
        lacking = granted.lacks(wanted(resources))
        if lacking:
            names = list(dict.fromkeys(map(str, lacking)))
            rest = f"{self._untouched}\nWhat to do: add them to its Role."
            raise RightsMissingError(str(kubectl.namespace), names, advice, rest)
        return resources, "all rights" if granted.is_known else "rights not known"

    def _leave_word(self) -> None:
        """Keep the manifest's file for whoever pastes the commands, unless it holds a secret; and nothing else."""
        session = self._session
        kubeconfig = session.kubeconfig
        if self._file is None:
            session.workspace.remove()
        elif not self._is_file_kept:
            session.workspace.remove()
            session.log.info(f"{self._file} is not kept, as there is a secret in it.")
        else:
            if kubeconfig is not None:
                kubeconfig.unlink(missing_ok=True)
            session.workspace.keep()
            session.log.info(f"{self._file} is kept, for whoever pastes the commands above.")
        if kubeconfig is not None:
            session.log.info(
                f"The kubeconfig of the connection is not kept; to paste the commands, put it to {kubeconfig}"
            )
