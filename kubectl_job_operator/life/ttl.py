"""A Job must outlive its end until its task has seen it, also where the cluster itself shortens its life."""

from __future__ import annotations

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.attempt import SHORTEST_TTL_SECONDS, Attempt
from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object


def keep_until_seen(attempt: Attempt, job: Object) -> Object:
    """Return the Job as it is once a short ``ttlSecondsAfterFinished``, as a policy may have added it, is put off.

    :param job: as the cluster has it.
    """
    seconds = _short_ttl(job)
    if seconds is None or attempt.recalled is not None:
        return job
    if attempt.ttl_seconds is None:
        attempt.ttl_seconds = seconds
    attempt.log.info(
        f"The cluster has set ttlSecondsAfterFinished of {attempt.full_name} to {seconds}; it counts from when this "
        f"task has seen the end, and until then it is {SHORTEST_TTL_SECONDS}."
    )
    try:
        change = {"spec": {"ttlSecondsAfterFinished": SHORTEST_TTL_SECONDS}}
        attempt.persist(lambda: attempt.kubectl.patch(attempt.target, objects.uid(job), change))
        found = attempt.look_persistently() or job
    except KubectlError as error:
        found = job
        attempt.log.warning(f"ttlSecondsAfterFinished could not be set.\n{error}")
    if _short_ttl(found) is not None:
        attempt.log.warning(
            f"The cluster deletes {attempt.full_name} {seconds} s after its end, and does not let that be changed. If "
            "the task comes later, its logs and its result are lost."
        )
    return found


def _short_ttl(job: Object) -> int | None:
    seconds = (job.get("spec") or {}).get("ttlSecondsAfterFinished") if kinds.is_job(job) else None
    return seconds if isinstance(seconds, int) and seconds < SHORTEST_TTL_SECONDS else None
