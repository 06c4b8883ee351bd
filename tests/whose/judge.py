"""What of all that the cluster had is harm, whatever the scene was: pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from kubectl_job_operator.status.job_status import COMPLETE
from tests.whose.sightings import Sighting, Work


def harms(jobs: Sequence[Sighting], work: Sequence[Work], successes: int) -> Iterator[str]:
    """Tell what went wrong.

    :param jobs: all Jobs that the scene ever had.
    :param work: what their containers did.
    :param successes: how often Airflow called its task a success.
    """
    yield from _at_once(work)
    done = [one for one in jobs if one.verdict == COMPLETE]
    if len(done) < successes:
        yield f"{successes} successes, but {len(done)} Complete Jobs"
    for job in done:
        if not any(one.job_uid == job.uid and one.exit_code == 0 for one in work):
            yield f"Job {job.uid} is Complete, and no container did its work"
    for job in jobs:
        if len(job.digests) > 1:
            yield f"Job {job.uid} was taken from one task instance by another: {', '.join(job.digests)}"


def _at_once(work: Sequence[Work]) -> Iterator[str]:
    for one, other in combinations(work, 2):
        # Kubernetes tells whole seconds: who ended and who began in the same one did not work at once.
        meet = min(one.ended, other.ended) - max(one.began, other.began)
        if one.digest == other.digest and one.job_uid != other.job_uid and meet > 0:
            yield f"Jobs {one.job_uid} and {other.job_uid} of one task instance worked at once for {meet:.0f} s"
