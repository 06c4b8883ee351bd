"""What a task try has on the cluster: its Job and the companions, applied, taken over and deleted together."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.attempt import companions, in_use
from kubectl_job_operator.attempt.companions import Use
from kubectl_job_operator.attempt.identity import (
    Identity,
    instance_selector_of,
    owner_of,
    selector_of,
    selector_to_delete,
)
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
from kubectl_job_operator.status import job_status

_GONE_SECONDS = 300
_LOOKS = 3
"""How often a companion is looked at anew when another run was quicker."""


class Belongings:
    """The objects of one try, known to the cluster by their labels.

    They are deleted by label and never by name alone: an object that a later try has taken over, or that was never
    ours, does not have this try's labels, so nothing that this try does can hit it.

    :param manifest: all of them, with the labels of ``identity``.
    :param identity: whose they are.
    :param workspace: where the companions' file is written.
    :param log: takes a line for each companion that is not ours.
    """

    def __init__(self, manifest: Manifest, identity: Identity, workspace: Workspace, log: Log) -> None:
        self._manifest = manifest
        self._identity = identity
        self._workspace = workspace
        self._log = log
        # Never the Job's own file, whatever the template's name is.
        self._file_name = f"companions-of-{manifest_file_name(manifest.source)}"
        self._kept_file_name = f"kept-{self._file_name}"
        self._kinds = manifest.kinds
        self._selector = identity.selector()
        self._earlier: Object | None = None
        self.is_replacing = False
        """Whether there is the Job of an earlier try still, and is to be gone."""
        self._has_any = False
        self._left: Sequence[str] = ()
        self._told: set[tuple[str, str, str]] = set()
        self._ended: set[str] = set()

    @property
    def has_any(self) -> bool:
        """Whether there may be something that is to be deleted if this try comes to no good end."""
        return self._has_any or self._earlier is not None

    def know_as_ended(self, job: Object) -> None:
        """Know of a Job that is replaced that whoever made it needs its companions no more."""
        self._ended.add(labels_of(job).get(TASK_INSTANCE_LABEL, ""))

    def apply_companions(self, kubectl: Kubectl) -> None:
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

    def take_over(self, kubectl: Kubectl, job: Object) -> None:
        """Make what an earlier try has made this try's own; a Job that has other labels by now stays as it is.

        The companions may be of a try before that, which died while it took them.

        :raises KubectlError: if the Job cannot be; that the account may not do so with companions is only a warning.
        """
        self._has_any = True
        self._label(kubectl, kinds.full_resource(self._manifest.job), selector_of(job))
        self._take_companions(kubectl, instance_selector_of(job))
        self.forget_earlier()

    def know_earlier(self, job: Object, *, is_replaced: bool) -> None:
        """Know of the Job of an earlier try until it has this try's labels or is gone.

        :param is_replaced: whether it is to be gone.
        """
        self._earlier, self.is_replacing = job, is_replaced

    @property
    def is_earlier_over(self) -> bool:
        """Whether the Job of an earlier try that is known has ended."""
        return self._earlier is not None and job_status.verdict(self._earlier) is not None

    def forget_earlier(self) -> None:
        """Know that there is none any more."""
        self._earlier, self.is_replacing = None, False

    def leave_to_later_try(self) -> None:
        """Know that a later try has all of them: this one has nothing to delete."""
        self.forget_earlier()
        self._has_any = False

    def take_companions_left(self, kubectl: Kubectl) -> None:
        """Make the companions of earlier tries this try's own, whose Job is gone, or is to be replaced.

        Else they would belong to nobody if this try is ended in the midst of that. Not all are of one try: another may
        have died before it had replaced the Job.

        :raises KubectlError: if the cluster does not serve us; that the account may not is only a warning.
        """
        self._take_companions(kubectl, self._identity.instance_selector())

    def go_on_with(self, resources: str, selector: str) -> None:
        """Know what another process of this try has made, whatever the template says by now.

        :param resources: its kinds, as kubectl takes them.
        :param selector: the label selector that picks it.
        """
        self._kinds, self._selector = resources, selector
        self._has_any = True

    def know_left(self, things: Sequence[Object]) -> None:
        """Know of what earlier tries have left, where this one has made nothing yet.

        :param things: a Job, companions or both.
        """
        self._left = list(dict.fromkeys(map(selector_to_delete, things)))
        self._has_any = bool(things)

    def job(self, kubectl: Kubectl) -> Object | None:
        """Return the Job as it now is; ``None`` if there is none of this try.

        :raises KubectlError: if it cannot be read.
        """
        selectors = [self._selector] if self.is_replacing else self._selectors
        found = (kubectl.select(kinds.full_resource(self._manifest.job), selector) for selector in selectors)
        return next((job for jobs in found for job in jobs), None)

    def delete(self, kubectl: Kubectl, seen: Object | None = None) -> None:
        """Delete them in the background.

        :param seen: the Job, if it is to be deleted only as it was seen.
        :raises KubectlError: if they cannot be deleted; with ``CONFLICT`` if the Job has changed, nothing was.
        """
        is_job_gone = seen is not None and kubectl.delete_as_seen(seen)
        is_all = is_job_gone and len(self._selectors) == 1 and "," not in self._kinds
        for selector in () if is_all else self._selectors:
            kubectl.delete(self._kinds, selector)
        self.forget_earlier()
        self._has_any = False

    def keep(self) -> None:
        """Let them stay, whatever becomes of the try: the Job has ended, and so its policy says."""
        self._has_any = False

    def delete_command(self, kubectl: Kubectl) -> str:
        """Return what deletes them, for a person to paste."""
        return "\n".join(kubectl.delete_command(self._kinds, selector) for selector in self._selectors)

    @property
    def _selectors(self) -> Sequence[str]:
        """What picks them: the labels of an earlier try, if its Job may have them still, and then their own.

        In this order a Job that gets new labels meanwhile is picked by one of the two.
        """
        if self._left:
            return self._left
        return [self._selector] if self._earlier is None else [selector_to_delete(self._earlier), self._selector]

    @property
    def _own_labels(self) -> dict[str, str]:
        return {**self._identity.labels(), **self._identity.try_labels()}

    @property
    def companion_kinds(self) -> str:
        """The kinds of the companions, as kubectl takes them; empty where there are none."""
        job_kind = kinds.full_resource(self._manifest.job)
        return ",".join(kind for kind in self._manifest.kinds.split(",") if kind != job_kind)

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
            self._has_any = True
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
        own, annotations = self._own_labels, self._identity.annotations()
        if any(labels_of(thing).get(label) != value for label, value in own.items()):
            kubectl.label(resource, selector_of(thing), own, name)
        if any(annotations_of(thing).get(key) != value for key, value in annotations.items()):
            kubectl.annotate(resource, self._selector, annotations, name)

    def _jobs_of(self, kubectl: Kubectl, thing: Object) -> Sequence[Object]:
        return kubectl.select(kinds.resource(self._manifest.job), instance_selector_of(thing))

    def _take_companions(self, kubectl: Kubectl, selector: str) -> None:
        if not self.companion_kinds:
            return
        self._has_any = True
        try:
            self._label(kubectl, self.companion_kinds, selector)
        except KubectlError as error:
            if error.kind.can_pass:
                raise
            self._log.warning(
                f"The companions of the Job cannot be marked as this try's own, and will not be deleted.\n{error}"
            )

    def _label(self, kubectl: Kubectl, resources: str, selector: str) -> None:
        """Give what the selector picks the labels of this try."""
        kubectl.label(resources, f"{selector},!{KEEP}", self._own_labels)
