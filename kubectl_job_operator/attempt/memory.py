"""What outlives a try: that the work is done, so that no later try does it again once the Job is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kubectl_job_operator.manifest import kinds, main_container
from kubectl_job_operator.manifest.labels import SUCCESS_WHEN
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status


@dataclass(frozen=True)
class Done:
    """A Job that is Complete, and what came of it.

    :param job: the Job, or the part of it from which its end is told.
    :param result: what it handed over; ``None`` for nothing.
    :param pod_names: the names of its pods.
    """

    job: Object
    result: Any = None
    pod_names: Sequence[str] = ()


class Memory(Protocol):
    """Kept outside of the cluster, for all tries that belong together."""

    def note(self, done: Done) -> None:
        """Keep that this Job is Complete.

        :raises TaskUnheardError: if nobody is there any more to hear it, or that the task is done.
        """

    def recall(self) -> Done | None:
        """Return the Complete Job that an earlier try has noted; ``None`` if there is none."""


class NoMemory:
    """Where nothing outlives a try."""

    def note(self, done: Done) -> None:
        """Forget it."""

    def recall(self) -> Done | None:
        """Know nothing."""
        return None


def essence(job: Object) -> Object:
    """Return the small part of a Job from which its end is told; that of another object is told as a Job tells it."""
    metadata, status = job["metadata"], job.get("status") or {}
    names = {key: metadata[key] for key in ("name", "namespace", "uid") if key in metadata}
    if not kinds.is_job(job) or main_container.exit_code_on(job) is not None:
        found = job_status.verdict(job)
        said = (
            [{"type": found.type, "status": "True", "reason": found.reason, "message": found.message}] if found else []
        )
        return {
            "kind": kinds.word(job),
            "metadata": {**names, "annotations": {SUCCESS_WHEN: job_status.COMPLETE}},
            "spec": {"selector": (job.get("spec") or {}).get("selector") or {}},
            "status": {"conditions": said},
        }
    return {
        "kind": "Job",
        "metadata": names,
        "spec": {"selector": job["spec"]["selector"]},
        "status": {key: status[key] for key in ("conditions", "succeeded", "failed") if key in status},
    }
