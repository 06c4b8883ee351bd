"""How the companions of a try come to be: applied, taken from another run, or used as they are."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.attempt import companions, in_use
from kubectl_job_operator.attempt.companions import Use
from kubectl_job_operator.attempt.identity import Identity, instance_selector_of, owner_of, selector_of
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.workspace import Workspace, manifest_file_name
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.changing import FIELD_MANAGER
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.manifest import kinds, lifetime
from kubectl_job_operator.manifest.difference import difference
from kubectl_job_operator.manifest.labels import DELETE, KEEP, TASK_INSTANCE_LABEL
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.objects import Object, annotations_of, labels_of

_GONE_SECONDS = 300
_LOOKS = 3
"""How often a companion is looked at anew when another run was quicker."""


class AppliedCompanions:
    """The companions of a try, from a look at what has their names to the apply.

    :param manifest: has them, with the labels of ``identity``.
    :param identity: whose they are.
    :param workspace: where their files are written.
    :param log: takes a line for each that is not ours.
    :param on_apply: called before some are applied.
    """

    def __init__(
        self,
        manifest: Manifest,
        identity: Identity,
        workspace: Workspace,
        log: Log,
        on_apply: Callable[[], None],
    ) -> None:
        self._manifest = manifest
        self._identity = identity
        self._workspace = workspace
        self._log = log
        self._on_apply = on_apply
        # Never the Job's own file, whatever the template's name is.
        self._file_name = f"companions-of-{manifest_file_name(manifest.source)}"
        self._kept_file_name = f"kept-{self._file_name}"
        self._told: set[tuple[str, str, str]] = set()
        self._ended: set[str] = set()

    def know_as_ended(self, job: Object) -> None:
        """Know of a Job that is replaced that whoever made it needs its companions no more."""
        self._ended.add(labels_of(job).get(TASK_INSTANCE_LABEL, ""))

    def apply(self, kubectl: Kubectl) -> None:
        """Apply the companions, except those that somebody else has already: these are used as they are.

        :raises JobInUseError: if a run whose Job has not ended has one of them; it was not touched.
        """
        if not self._manifest.companions:
            return
        for look in range(_LOOKS):
            try:
                self._look_and_apply(kubectl)
            except KubectlError as error:
                # Somebody was quicker between the look and the apply, and the API server has refused us.
                if error.kind is not ErrorKind.CONFLICT or look == _LOOKS - 1:
                    raise
            else:
                return

    def _look_and_apply(self, kubectl: Kubectl) -> None:
        documents = {companions.key(document): document for document in self._manifest.companions}
        file = self._workspace.write_documents(self._file_name, list(documents.values()))
        managers: dict[tuple[str, str, str], str] = {}
        for thing in kubectl.get_file(file, show_managed_fields=True):
            key = companions.key(thing)
            managers[key] = self._identity.manager_of(thing)
            if not self._may_apply(kubectl, thing, documents[key]):
                del documents[key]
        kept = [one for one in documents.values() if KEEP in labels_of(one)]
        own: dict[str, list[Object]] = {}
        for key, document in documents.items():
            if KEEP not in labels_of(document):
                own.setdefault(managers.get(key, self._identity.field_manager), []).append(document)
        # What is kept has one manager for ever, whichever run, Airflow or version of this package applies it.
        self._apply(kubectl, self._kept_file_name, kept, FIELD_MANAGER)
        for number, (manager, some) in enumerate(own.items(), start=1):
            self._apply(kubectl, self._file_name if number == 1 else f"{number}-{self._file_name}", some, manager)
        for document in kept:
            if lifetime.is_shared(document):
                self._log.info(
                    f"{companions.word(document)} is not deleted at the end, as others may need it; the annotation "
                    f'{DELETE}: "true" on it asks for that.'
                )

    def _apply(self, kubectl: Kubectl, file_name: str, documents: Sequence[Object], manager: str) -> None:
        if documents:
            self._on_apply()
            kubectl.apply(self._workspace.write_documents(file_name, documents), manager)

    def _may_apply(self, kubectl: Kubectl, thing: Object, document: Object) -> bool:
        """Make room for a companion where something has its name; tell whether it is to be applied.

        :raises JobInUseError: if a later try has it, or a run whose Job has not ended.
        """
        if companions.is_of_later_try(thing, self._identity):
            raise in_use.by_later_try(thing, self._manifest.job, kubectl)
        use = companions.use_of(thing, self._identity)
        if use is Use.USE_AS_IT_IS:
            self._say_used(thing, document)
            return False
        if use is Use.ASK_ITS_JOB:
            return self._replace(kubectl, thing, document)
        return True if KEEP in labels_of(thing) else self._take(kubectl, thing, document)

    def _say_used(self, thing: Object, document: Object) -> None:
        if companions.key(thing) in self._told:
            return
        self._told.add(companions.key(thing))
        self._log.info(
            f"{companions.word(thing)} exists already and belongs to {owner_of(thing)}: it is used as it is, not "
            "changed and not deleted."
        )
        self._say_what_differs(thing, document)

    def _say_what_differs(self, thing: Object, document: Object) -> None:
        differing = difference(document, thing)
        if differing:
            self._log.warning(f"{companions.word(thing)} is not as the template has it; it differs in {differing}.")

    def _replace(self, kubectl: Kubectl, thing: Object, document: Object) -> bool:
        """Take what a run that has ended has left, or refuse to; tell whether there is something to apply then."""
        its_jobs = self._jobs_of(kubectl, thing)
        now = datetime.datetime.now(datetime.timezone.utc)
        has_ended = not its_jobs and labels_of(thing)[TASK_INSTANCE_LABEL] in self._ended
        if not has_ended and companions.is_in_use(thing, its_jobs, now):
            raise in_use.by_other_run(thing, its_jobs, self._manifest.job, kubectl)
        self._log.warning(f"{companions.word(thing)} was left by {owner_of(thing)}, whose Job has ended.")
        if companions.holds_data(thing):
            return self._take(kubectl, thing, document)
        self._delete_and_wait(kubectl, thing)
        return True

    def _take(self, kubectl: Kubectl, thing: Object, document: Object) -> bool:
        """Make a companion this try's own; tell whether there is something to apply then."""
        if objects.is_being_deleted(thing):
            self._delete_and_wait(kubectl, thing)
            return True
        self._claim(kubectl, thing)
        if companions.holds_data(thing):
            # Whatever an earlier run has set is that one's for the API server, which would refuse to change it.
            self._say_what_differs(thing, document)
            return False
        return True

    def _delete_and_wait(self, kubectl: Kubectl, thing: Object) -> None:
        name, resource = thing["metadata"]["name"], kinds.full_resource(thing)
        kubectl.delete_and_wait(name, selector_of(thing), _GONE_SECONDS, resource)

    def _claim(self, kubectl: Kubectl, thing: Object) -> None:
        """Mark a companion as this try's own; what another command has set, the API server lets no apply change."""
        resource, name = kinds.full_resource(thing), thing["metadata"]["name"]
        own, annotations = self._identity.object_labels(), self._identity.annotations()
        if any(labels_of(thing).get(label) != value for label, value in own.items()):
            kubectl.label(resource, selector_of(thing), own, name)
        if any(annotations_of(thing).get(key) != value for key, value in annotations.items()):
            kubectl.annotate(resource, self._identity.selector(), annotations, name)

    def _jobs_of(self, kubectl: Kubectl, thing: Object) -> Sequence[Object]:
        return kubectl.select(kinds.resource(self._manifest.job), instance_selector_of(thing))
