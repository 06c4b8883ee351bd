"""Pure functions from the JSON of Jobs, and of what is run instead of one, to what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubectl_job_operator.manifest import kinds, main_container
from kubectl_job_operator.objects import Object, status_of
from kubectl_job_operator.status import main_end
from kubectl_job_operator.status.pod_status import phase

_JOB_CONTROLLER = "kubernetes.io/job-controller"
COMPLETE = "Complete"
FAILED = "Failed"


@dataclass(frozen=True)
class Verdict:
    """How a Job ended, from its condition ``Complete`` or ``Failed``; how another object ended, from its own rules.

    :param type: ``Complete`` or ``Failed``.
    :param reason: the condition's reason, or the field that told it; may be empty.
    :param message: the cluster's words; may be empty.
    """

    type: str
    reason: str = ""
    message: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether the Job did its work."""
        return self.type == COMPLETE


def verdict(job: Object) -> Verdict | None:
    """Read the verdict; ``None`` as long as there is none.

    Conditions are matched by type: since Kubernetes 1.31 the first one is ``SuccessCriteriaMet`` or ``FailureTarget``,
    which comes while pods may still be running. A main container decides before all of them.
    """
    code = main_end.exit_code(job)
    if code is not None:
        name = main_container.name_in(job)
        return Verdict(FAILED if code else COMPLETE, f"container {name} ended with exit code {code}")
    kind = kinds.kind_of(job)
    for type_, rules in ((FAILED, kind.failure), (COMPLETE, kind.success)):
        for sign in (rule.sign_in(job) for rule in rules):
            if sign is not None:
                return Verdict(type_, sign.reason, sign.message)
    return None


def pod_selector(job: Object) -> str:
    """Return the label selector that picks the Job's pods, as ``kubectl get -l`` takes it."""
    return kinds.pod_selector(job)


def progress(job: Object) -> str:
    """Count the Job's pods, as ``1 active, 3 succeeded``; of another object tell what its verdict was read from."""
    if not kinds.is_job(job) or main_container.exit_code_on(job) is not None:
        found = verdict(job)
        return ": ".join(filter(None, [found.reason, found.message])).rstrip(".") if found else "no verdict yet"
    status = status_of(job)
    # What has just ended is counted only once its pod has been let go of.
    uncounted = status.get("uncountedTerminatedPods") or {}
    numbers = {key: (status.get(key) or 0) + len(uncounted.get(key) or ()) for key in ("active", "succeeded", "failed")}
    counts = [f"{number} {key}" for key, number in numbers.items() if number]
    return ", ".join(counts) or (
        "no pod yet" if not status.get("terminating") else f"{status['terminating']} terminating"
    )


def is_suspended(job: Object) -> bool:
    """Whether the Job is held back, as queueing systems do."""
    return bool((job.get("spec") or {}).get("suspend"))


def runner_elsewhere(job: Object) -> str:
    """Return who runs the Job instead of this cluster's Job controller, as its ``managedBy`` says; empty for nobody."""
    manager = str((job.get("spec") or {}).get("managedBy") or "") if kinds.is_job(job) else ""
    return "" if manager == _JOB_CONTROLLER else manager


def is_at_work(job: Object, pods: Sequence[Object]) -> bool:
    """Whether the Job's own status tells of work, though its pods do not: they may be in another cluster.

    :param pods: all of its pods that there are here. An active pod may also be one that waits for its image.
    """
    status = status_of(job) if kinds.is_job(job) else {}
    return bool(status.get("ready")) or (not pods and bool(status.get("active")))


def started_at(job: Object) -> str:
    """Return when the Job, or what is taken for one, was let go: by a queue, it may be long after its creation."""
    return str(status_of(job).get("startTime") or "")


def has_ended_pods(job: Object) -> bool:
    """Whether a pod of the Job has ended, well or badly; it may be gone by now."""
    return ended_pod_count(job) > 0


def ended_pod_count(job: Object) -> int:
    """Return how many pods the Job says have ended, well or badly. A Pod is its own; other objects count none."""
    return succeeded_pod_count(job) + _count(job, "failed", "Failed")


def succeeded_pod_count(job: Object) -> int:
    """Return how many pods the Job says have ended well. A Pod is its own; other objects count none."""
    return _count(job, "succeeded", "Succeeded")


def _count(job: Object, key: str, of_phase: str) -> int:
    if kinds.is_job(job):
        return int(status_of(job).get(key) or 0)
    return int(kinds.is_pod(job) and phase(job) == of_phase)
