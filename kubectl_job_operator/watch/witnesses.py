"""Whether the Job's pods would show that the Job is deleted, so that no kubectl of its own has to wait for it."""

from __future__ import annotations

from kubectl_job_operator import objects
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import pod_status
from kubectl_job_operator.watch.pods import PodWatch


class Witnesses:
    """The pods of a Job, asked for the Job's sake.

    Who deletes a Job deletes its pods with it, or takes them from it; either way they change.

    :param job: the Job.
    :param watch: knows its pods.
    """

    def __init__(self, job: Object, watch: PodWatch) -> None:
        self._job_uid = objects.uid(job)
        self._watch = watch
        self._version: int | None = None
        self._said: bool | None = None

    def vouch(self) -> bool | None:
        """Tell whether the Job is there, as far as pods can: ``None`` if there is none, or if they are not watched.

        It is ``False`` where one was deleted or taken from the Job: the Job may be deleted too.
        """
        if not self._watch.sees_changes:
            return None
        if self._version != self._watch.version:
            self._version, self._said = self._watch.version, self._asked()
        return self._said

    def _asked(self) -> bool | None:
        pods = self._watch.present()
        if len(pods) < len(self._watch.pods) or any(map(self._is_lost, pods)):
            return False
        # Where the garbage collector of the cluster stands still, a pod that has ended outlives its Job.
        return True if any(not pod_status.has_ended(pod) for pod in pods) else None

    def _is_lost(self, pod: Object) -> bool:
        owners = pod["metadata"].get("ownerReferences") or ()
        return objects.is_being_deleted(pod) or all(owner.get("uid") != self._job_uid for owner in owners)
