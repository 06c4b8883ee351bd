"""How far a Job is: one line when that changes, of many pods less and less often, and when nothing else is said."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.groups import GroupedLog
from kubectl_job_operator.kubectl.client import Call
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.life.spacing import step_seconds
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import pod_status
from kubectl_job_operator.watch.pods import PodWatch

_OTHERS = ("Running", "Terminating", "Pending", "Unknown", "Failed")
_SILENCE_SECONDS = 60.0
_SHORTEST_STEP_SECONDS, _SHORTEST_STEP_OF_MANY_SECONDS = 1.0, 5.0


class Progress:
    """A chore that tells how far the Job is, as ``Job countdown: 3/10 succeeded, 2 running, 1 failed, 45 s``.

    :param job: the Job.
    :param watch: knows its pods.
    :param log: takes the lines, and tells when it was silent.
    """

    def __init__(self, job: Object, watch: PodWatch, log: GroupedLog) -> None:
        self._job = job
        self._watch = watch
        self._log = log
        self._began = time.monotonic()
        # With the policy Failed a pod is counted by its end, else as soon as it is deleted.
        self._counts_what_is_deleted = kinds.is_job(job) and job["spec"].get("podReplacementPolicy") != "Failed"
        self._counted_as_deleted: set[str] = set()
        self._version = 0
        self._phases: dict[str, str] = {}
        self._number: Counter[str] = Counter()
        self._counts = ""
        self._told = ""
        self._told_at = 0.0

    def advance(self) -> float:
        """Tell what has changed, and return in how many seconds to ask again."""
        if self._version != self._watch.version:
            self._count_what_has_changed()
            self._counts = counts(self._job, self._number, has_begun=bool(self._told))
        self._log.tell_held_in_time()
        now = time.monotonic()
        if self._counts != self._told and not self._is_all_done():
            many = len(self._watch.pods) > 1
            lasted = max(0.0, self._told_at - self._began)
            step = step_seconds(_SHORTEST_STEP_OF_MANY_SECONDS, lasted) if many else _SHORTEST_STEP_SECONDS
            if self._told_at + step > now:
                # Also where the next change is far off, silence is told.
                return min(self._told_at + step - now, self._tell_silence(now))
            self._tell(now)
        return self._tell_silence(now)

    def _tell_silence(self, now: float) -> float:
        """Tell how far the Job is if nothing was said for long, and return when to ask again."""
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

    def _count_what_has_changed(self) -> None:
        for uid in self._watch.changed_since(self._version):
            phase, before = self._phase(uid), self._phases.get(uid)
            if before is not None:
                self._number[before] -= 1
            self._phases[uid] = phase
            self._number[phase] += 1
        self._version = self._watch.version

    def _phase(self, pod_uid: str) -> str:
        """Return the pod's phase; the cluster, too, takes a pod that is deleted before its end for failed."""
        pod = self._watch.pods[pod_uid]
        if pod_status.has_ended(pod):
            return "Failed" if pod_uid in self._counted_as_deleted else sys.intern(pod_status.phase(pod))
        if self._watch.is_gone(pod_uid):
            return "Failed"
        if not objects.is_being_deleted(pod):
            return sys.intern(pod_status.phase(pod))
        if self._counts_what_is_deleted:
            self._counted_as_deleted.add(pod_uid)
        return "Terminating"

    def _is_all_done(self) -> bool:
        """Whether the verdict is to say the same in a moment."""
        wanted = self._job["spec"].get("completions") if kinds.is_job(self._job) else None
        return bool(self._told) and self._counts == f"{wanted}/{wanted} succeeded"

    def _tell(self, now: float) -> None:
        self._told, self._told_at = self._counts, now
        name = f"{kinds.word(self._job)} {self._job['metadata']['name']}"
        # After a long silence, pods of which none has started are worth a word too.
        waiting = counts(self._job, self._number, has_begun=True) if self._phases else "no pod yet"
        self._log.info(f"{name}: {self._counts or waiting}, {now - self._began:.0f} s")


def counts(job: Object, phases: Mapping[str, int], *, has_begun: bool = False) -> str:
    """Tell the number of the Job's pods; empty as long as none of them has started.

    :param phases: how many pods are in which, of all that were seen, also of those that are gone.
    :param has_begun: whether one had started before: a pod whose containers all start anew is pending again.
    """
    number = +Counter(phases)
    if not has_begun and not number.keys() - {"Pending"}:
        return ""
    wanted = job["spec"].get("completions") if kinds.is_job(job) else None
    succeeded = f"{number['Succeeded']}/{wanted}" if wanted is not None else str(number["Succeeded"])
    others = [f"{number[phase]} {phase.lower()}" for phase in _OTHERS if number[phase]]
    return ", ".join([f"{succeeded} succeeded", *others])
