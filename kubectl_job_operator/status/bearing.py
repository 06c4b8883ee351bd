"""What a pod of a Job may have to tell of it, so that of very many only little is looked at. Pure functions."""

from __future__ import annotations

import enum

from kubectl_job_operator import objects
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import exit_codes_and_oom, pod_status
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


def failed_part(pod: Object) -> Object:
    """Return of a pod that has failed what is told of it while its Job goes on, without what its containers said."""
    metadata, spec, status = pod["metadata"], pod.get("spec") or {}, objects.status_of(pod)
    sidecars = [one for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always"]
    return {
        "metadata": _part(metadata, "name", "uid", "creationTimestamp", "deletionTimestamp", "annotations"),
        "spec": {
            "nodeName": spec.get("nodeName"),
            "initContainers": [_part(one, "name", "restartPolicy") for one in sidecars],
        },
        "status": {
            **_part(status, "phase", "reason", "message", "conditions"),
            "containerStatuses": [_run(one) for one in pod_status.container_statuses(pod)],
        },
    }


def _run(container: Object) -> Object:
    """Return how a container ended, and how its run before that did."""
    states = {
        which: {kind: _part(how, "exitCode", "reason") for kind, how in container[which].items()}
        for which in ("state", "lastState")
        if container.get(which)
    }
    return {**_part(container, "name", "restartCount"), **states}


def _part(whole: Object, *keys: str) -> Object:
    return {key: whole[key] for key in keys if key in whole}


def _is_well(pod: Object) -> bool:
    """Whether all of its containers run or have ended, and nobody is about to end it."""
    return (
        pod_status.phase(pod) == "Running"
        and pod_status.is_running(pod)
        and not any("waiting" in (one.get("state") or {}) for one in pod_status.container_statuses(pod))
        and not objects.is_being_deleted(pod)
        and not exit_codes_and_oom.disruption_of(pod)
        and not is_on_lost_node(pod)
    )
