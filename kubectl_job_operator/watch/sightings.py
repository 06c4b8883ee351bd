"""The Jobs of a namespace as they were last seen, and the pods of those that go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from kubectl_job_operator.watch.census import Census
from kubectl_job_operator.watch.watched import Seen


@dataclass(frozen=True)
class TellingPods:
    """Those pods of a Job that have something to tell of it, as text: to read that of thousands takes its time.

    :param texts: each as JSON.
    :param left_out: how many others there are that run well.
    """

    texts: Sequence[str] = ()
    left_out: int = 0


@dataclass
class _PodsOfJob:
    """A Job's pods."""

    seen: dict[str, Seen] = field(default_factory=dict)
    census: Census = field(default_factory=Census)


class Sightings:
    """Keeps what watches have seen and lists have missed.

    :param tell: called with the UID of a Job when something has changed about it or its pods.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._jobs: dict[str, Seen] = {}
        self._pods: dict[str, _PodsOfJob] = {}

    def job(self, uid: str) -> Seen | None:
        """Return a Job as it was last seen."""
        return self._jobs.get(uid)

    def job_uids(self) -> set[str]:
        """Return the UIDs of all Jobs that were seen."""
        return set(self._jobs)

    def telling_pods(self, job_uid: str) -> TellingPods:
        """Return those of a Job's pods to look at, as they were last seen."""
        pods = self._pods.get(job_uid)
        if pods is None:
            return TellingPods()
        return TellingPods([pods.seen[uid].text for uid in pods.census.telling()], pods.census.left_out)

    def pod_uids_of(self, job_uid: str) -> Iterable[str]:
        """Return the UIDs of a Job's pods."""
        pods = self._pods.get(job_uid)
        return pods.seen if pods is not None else ()

    def pod_uids(self) -> set[str]:
        """Return the UIDs of all pods that were seen."""
        return {uid for pods in self._pods.values() for uid in pods.seen}

    def take_job(self, one: Seen) -> None:
        """Learn of a Job; of the pods of one that is over nothing is kept."""
        self._jobs[one.uid] = one
        if one.is_over:
            self._pods.pop(one.uid, None)
        self._tell(one.uid)

    def lose_job(self, uid: str, *, keeps_verdict: bool) -> None:
        """Learn that a Job is gone.

        :param keeps_verdict: whether somebody has yet to read it, if there is one.
        """
        last = self._jobs.pop(uid, None)
        self._pods.pop(uid, None)
        if keeps_verdict and last is not None and last.is_over:
            self._jobs[uid] = last
        self._tell(uid)

    def forget_job(self, uid: str) -> None:
        """Forget a Job that is gone, and whose verdict nobody has to read any more."""
        self._jobs.pop(uid, None)

    def take_pods(self, seen: Sequence[Seen]) -> None:
        """Learn of pods, and of those that are gone."""
        for one in seen:
            job = self._jobs.get(one.owner)
            if job is not None and job.is_over:
                continue
            if one.is_gone:
                self._lose_pod(one.uid, one.owner)
            else:
                self._see_pod(one)

    def lose_pods(self, gone: set[str]) -> None:
        """Learn that pods are gone."""
        owners = [(uid, owner) for owner, pods in self._pods.items() for uid in pods.seen.keys() & gone]
        for uid, owner in owners:
            self._lose_pod(uid, owner)

    def _see_pod(self, one: Seen) -> None:
        """Learn of a pod."""
        pods = self._pods.setdefault(one.owner, _PodsOfJob())
        pods.seen[one.uid] = one
        if one.bearing is not None:
            pods.census.note(one.uid, one.bearing, one.created)
        self._tell(one.owner)

    def _lose_pod(self, uid: str, owner: str) -> None:
        """Learn that a pod is gone."""
        pods = self._pods.get(owner)
        if pods is None:
            return
        if pods.seen.pop(uid, None) is not None:
            pods.census.lose(uid)
            self._tell(owner)
        if not pods.seen:
            self._pods.pop(owner)
