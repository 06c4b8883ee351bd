"""What a task try has on the cluster: its Job and the companions, applied, taken over and deleted together."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_job_operator.attempt.applied_companions import AppliedCompanions
from kubectl_job_operator.attempt.identity import (
    Identity,
    instance_selector_of,
    selector_of,
    selector_to_delete,
)
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.labels import KEEP
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status


class Belongings:
    """The objects of one try, known to the cluster by their labels.

    They are deleted by label and never by name alone: an object that a later try has taken over, or that was never
    ours, does not have this try's labels, so nothing that this try does can hit it.

    :param manifest: all of them, with the labels of ``identity``.
    :param identity: whose they are.
    :param workspace: where the companions' files are written.
    :param log: takes a line for each companion that is not ours.
    """

    def __init__(self, manifest: Manifest, identity: Identity, workspace: Workspace, log: Log) -> None:
        self._manifest = manifest
        self._identity = identity
        self._log = log
        self._kinds = manifest.kinds
        self._selector = identity.selector()
        self._earlier: Object | None = None
        self.is_replacing = False
        """Whether there is the Job of an earlier try still, and is to be gone."""
        self._has_any = False
        self._left: Sequence[str] = ()
        self.companions = AppliedCompanions(manifest, identity, workspace, log, self._know_some)
        """Those beside the Job, which come to be first."""

    @property
    def has_any(self) -> bool:
        """Whether there may be something that is to be deleted if this try comes to no good end."""
        return self._has_any or self._earlier is not None

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
    def companion_kinds(self) -> str:
        """The kinds of the companions, as kubectl takes them; empty where there are none."""
        job_kind = kinds.full_resource(self._manifest.job)
        return ",".join(kind for kind in self._manifest.kinds.split(",") if kind != job_kind)

    def _know_some(self) -> None:
        self._has_any = True

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
        kubectl.label(resources, f"{selector},!{KEEP}", self._identity.object_labels())
