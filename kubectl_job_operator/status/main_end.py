"""What the end of a main container means for the Pod or the Job that it decides about. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.manifest import kinds, main_container
from kubectl_job_operator.objects import Object, status_of
from kubectl_job_operator.status import pod_status


def exit_code(thing: Object) -> int | None:
    """Return the exit code with which an object's main container has decided; ``None`` if it has not, or there is none.

    Of a Pod its own status tells, of a Job what the task has written on it.
    """
    if kinds.is_pod(thing):
        name = main_container.name_in(thing)
        return exit_code_in(thing, name) if name else None
    return main_container.exit_code_on(thing)


def exit_code_of(job: Object, pods: Sequence[Object]) -> int | None:
    """Return the exit code with which the main container of a Job's only pod has ended for good.

    :param pods: those of its pods that there are: one, or one after the other where somebody has deleted the first.
    """
    name = main_container.name_in(job)
    codes = [code for pod in pods if (code := exit_code_in(pod, name)) is not None] if name else []
    return min(codes, default=None)


def exit_code_in(pod: Object, name: str) -> int | None:
    """Return the exit code of a container that does not start again; ``None`` as long as it may still do its work.

    What ends while its pod is being deleted was ended: that is left to the Job's own conditions.
    """
    if objects.is_being_deleted(pod):
        return None
    found: Object = next((one for one in status_of(pod).get("containerStatuses") or () if one["name"] == name), {})
    ended = (found.get("state") or {}).get("terminated")
    if not ended or "exitCode" not in ended or pod_status.has_lost(pod, name):
        return None
    code = int(ended["exitCode"])
    return None if pod_status.starts_again(pod, name, code) else code


def gives_result(thing: Object, pod: Object) -> bool:
    """Whether a pod did its work: all of it ended well, or the container did that decides."""
    if pod_status.phase(pod) == "Succeeded":
        return True
    name = main_container.name_in(thing)
    return bool(name) and exit_code(thing) == 0 and exit_code_in(pod, name) == 0


def of_main_alone(thing: Object, pods: Sequence[Object]) -> list[Object]:
    """Return the pods with nothing in them of the containers that do not count, where the one that does has failed."""
    name = main_container.name_in(thing)
    return [_of_one_alone(pod, name) if name and exit_code_in(pod, name) else pod for pod in pods]


def _of_one_alone(pod: Object, name: str) -> Object:
    status = status_of(pod)
    kept = [one for one in status["containerStatuses"] if one["name"] == name]
    return {**pod, "status": {**status, "containerStatuses": kept, "initContainerStatuses": []}}
