"""How far a Job is: one line when that changes, and now and then when nothing else is said."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from kubectl_job_operator.jobs import status
from kubectl_job_operator.jobs.log import HeardLog
from kubectl_job_operator.jobs.pods import PodWatch
from kubectl_job_operator.jobs.status import Object
from kubectl_job_operator.kubectl.client import Call
from kubectl_job_operator.kubectl.process import Process

_SILENCE_SECONDS = 60.0
_SHORTEST_STEP_SECONDS = 1.0


class Progress:
    """A chore that tells how far the Job is, as ``Job countdown: 3/10 succeeded, 2 running, 1 failed, 45 s``.

    :param job: the Job.
    :param watch: knows its pods.
    :param log: takes the lines, and tells when it was silent.
    """

    def __init__(self, job: Object, watch: PodWatch, log: HeardLog) -> None:
        self._job = job
        self._watch = watch
        self._log = log
        self._began = time.monotonic()
        self._version = -1
        self._counts = ""
        self._told = ""
        self._told_at = 0.0

    def advance(self) -> float:
        """Tell what has changed, and return in how many seconds to ask again."""
        if self._version != self._watch.version:
            self._version = self._watch.version
            self._counts = counts(self._job, list(self._watch.pods.values()))
        now = time.monotonic()
        if self._counts != self._told:
            step = self._told_at + _SHORTEST_STEP_SECONDS - now
            if step > 0:
                return step
            self._tell(now)
        silence = self._log.last_at + _SILENCE_SECONDS - now
        if silence <= 0:
            self._tell(now)
            return _SILENCE_SECONDS
        return silence

    def handle(self, process: Process | None) -> None:
        """Nothing runs in the background here."""

    def pending(self) -> Sequence[Call]:
        """Nothing runs in the background here."""
        return ()

    def _tell(self, now: float) -> None:
        self._told, self._told_at = self._counts, now
        self._log.info(
            f"Job {self._job['metadata']['name']}: {self._counts or 'no pod yet'}, {now - self._began:.0f} s"
        )


def counts(job: Object, pods: Sequence[Object]) -> str:
    """Count the Job's pods; empty as long as none has been scheduled.

    :param pods: all that were seen, also those that are gone: their last phase counts.
    """
    phases = Counter(map(status.phase, pods))
    if not phases.keys() - {"Pending"}:
        return ""
    wanted = job["spec"].get("completions")
    succeeded = f"{phases['Succeeded']}/{wanted}" if wanted is not None else str(phases["Succeeded"])
    others = [f"{phases[phase]} {phase.lower()}" for phase in ("Running", "Pending", "Failed") if phases[phase]]
    return ", ".join([f"{succeeded} succeeded", *others])
