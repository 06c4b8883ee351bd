"""What the Job's pods show of it, so that no kubectl of its own has to wait for that."""

from __future__ import annotations

from kubectl_job_operator import objects
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import pod_status
from kubectl_job_operator.watch.pods import PodWatch


class Witnesses:
    """The pods of a Job, asked for the Job's sake.

    Who deletes a Job deletes its pods with it, or takes them from it; and a Job fails by a pod that fails, or its pods
    are deleted for it. Either way a pod changes first.

    :param job: the Job.
    :param watch: knows its pods.
    """

    def __init__(self, job: Object, watch: PodWatch) -> None:
        self._job_uid = objects.uid(job)
        self._watch = watch
        self._version: int | None = None
        self._is_there: bool | None = None
        self._has_failed = False

    def is_there(self) -> bool | None:
        """Tell whether the Job is there, as far as pods can: ``None`` if there is none, or if nobody sees them now.

        It is ``False`` where one was deleted or taken from the Job: the Job may be deleted too; and where they may not
        be watched.
        """
        self._ask()
        return self._is_there if self._watch.sees_changes else self._watch.sees_changes

    def may_fail(self) -> bool:
        """Tell whether a pod has failed, and the Job may have with it."""
        self._ask()
        return self._has_failed

    def _ask(self) -> None:
        """Look at the pods, if there is news of them."""
        if self._version == self._watch.version:
            return
        self._version, pods = self._watch.version, self._watch.present()
        self._has_failed = self._has_failed or any(pod_status.phase(pod) == "Failed" for pod in pods)
        if len(pods) < len(self._watch.pods) or any(map(self._is_lost, pods)):
            self._is_there = False
        else:
            # Where the garbage collector of the cluster stands still, a pod that has ended outlives its Job.
            self._is_there = True if any(not pod_status.has_ended(pod) for pod in pods) else None

    def _is_lost(self, pod: Object) -> bool:
        owners = pod["metadata"].get("ownerReferences") or ()
        return objects.is_being_deleted(pod) or all(owner.get("uid") != self._job_uid for owner in owners)
