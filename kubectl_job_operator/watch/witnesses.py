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
        self._version = 0
        self._lost: set[str] = set()
        self._has_failed = False

    def is_there(self) -> bool | None:
        """Tell whether the Job is there, as far as pods can: ``None`` if there is none, or if nobody sees them now.

        It is ``False`` where one was deleted or taken from the Job: the Job may be deleted too; and where they may not
        be watched.
        """
        self._ask()
        if not self._watch.sees_changes:
            return self._watch.sees_changes
        if self._lost:
            return False
        # Where the garbage collector of the cluster stands still, a pod that has ended outlives its Job.
        return True if self._watch.has_living else None

    def may_fail(self) -> bool:
        """Tell whether a pod has failed, and the Job may have with it."""
        self._ask()
        return self._has_failed

    def _ask(self) -> None:
        """Look at the pods that have changed."""
        if self._version == self._watch.version:
            return
        for uid in self._watch.changed_since(self._version):
            pod, is_gone = self._watch.pods[uid], self._watch.is_gone(uid)
            if is_gone or self._is_lost(pod):
                self._lost.add(uid)
            else:
                self._lost.discard(uid)
            self._has_failed = self._has_failed or (pod_status.phase(pod) == "Failed" and not is_gone)
        self._version = self._watch.version

    def _is_lost(self, pod: Object) -> bool:
        owners = pod["metadata"].get("ownerReferences") or ()
        return objects.is_being_deleted(pod) or all(owner.get("uid") != self._job_uid for owner in owners)
