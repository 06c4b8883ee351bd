"""What a pod of a Job may have to tell of it, so that of very many only a few are looked at. Pure functions."""

from __future__ import annotations

import enum

from kubectl_job_operator import objects
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import endings, pod_status
from kubectl_job_operator.status.lingering import is_on_lost_node


class Bearing(enum.Enum):
    """Which of a Job's pods are alike for whoever asks why nothing runs, or who is waited for."""

    WELL = "it runs, and there is nothing to tell of it, whatever the time and the events"
    LIVES = "it has not ended, and somebody has to look at it"
    FAILED = "it has failed"
    DONE = "it has ended well"

    @property
    def is_ended(self) -> bool:
        """Whether none of the pod's containers runs any more or ever will."""
        return self in (Bearing.FAILED, Bearing.DONE)


def bearing_of(pod: Object) -> Bearing:
    """Tell which of them a pod is."""
    if pod_status.has_ended(pod):
        return Bearing.DONE if pod_status.phase(pod) == "Succeeded" else Bearing.FAILED
    return Bearing.WELL if _is_well(pod) else Bearing.LIVES


def _is_well(pod: Object) -> bool:
    """Whether all of its containers run or have ended, and nobody is about to end it."""
    return (
        pod_status.phase(pod) == "Running"
        and pod_status.is_running(pod)
        and not any("waiting" in (one.get("state") or {}) for one in pod_status.container_statuses(pod))
        and not objects.is_being_deleted(pod)
        and not endings.disruption_of(pod)
        and not is_on_lost_node(pod)
    )
