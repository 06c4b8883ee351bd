"""What is known of a Job's pods, in such a way that a change costs the same however many there are."""

from __future__ import annotations

import itertools
import sys
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import pod_status
from kubectl_job_operator.status.bearing import Bearing, bearing_of, failed_part
from kubectl_job_operator.watch.census import Census
from kubectl_job_operator.watch.kept_pods import KeptPods

_MOST_CHANGES = 1_000
"""Who has not asked for longer takes all pods for changed."""


class KnownPods:
    """The Job's pods as they were last seen, those that are gone too."""

    def __init__(self) -> None:
        self._pods = KeptPods()
        self._census = Census()
        self._failed: dict[str, Object] = {}
        """What is looked at of those that have failed: all of these, again and again."""
        self._changes: deque[str] = deque(maxlen=_MOST_CHANGES)
        self._gone: set[str] = set()
        self._ended_unseen: set[str] = set()
        self._telling: Sequence[Object] = ()
        self._telling_version = 0
        self.version = 0
        """How many changes were seen."""

    def see(self, pod: Object) -> None:
        """Learn how a pod now is."""
        uid, bearing = sys.intern(objects.uid(pod)), bearing_of(pod)
        self._pods.put(uid, pod)
        self._gone.discard(uid)
        self._ended_unseen.discard(uid)
        self._census.note(uid, bearing, str(pod["metadata"].get("creationTimestamp") or ""))
        self._failed.pop(uid, None)
        if bearing is Bearing.FAILED:
            self._failed[uid] = failed_part(pod)
        if bearing.is_ended:
            self._pods.settle(uid)
        self._note_change(uid)

    def lose(self, pod_uid: str, *, while_unwatched: bool = False) -> None:
        """Learn that a pod has been deleted.

        :param while_unwatched: whether nobody watched then, so that what it did last is not known.
        """
        uid = sys.intern(pod_uid)
        if while_unwatched and not (pod_status.has_started(self._pods[uid]) or pod_status.has_ended(self._pods[uid])):
            self._ended_unseen.add(uid)
        self._gone.add(uid)
        self._census.lose(uid)
        self._failed.pop(uid, None)
        self._pods.settle(uid)
        self._note_change(uid)

    @property
    def pods(self) -> Mapping[str, Object]:
        """The pods by UID, in the order in which they were first seen, as they last were: each is unpacked anew."""
        return self._pods

    def is_gone(self, pod_uid: str) -> bool:
        """Whether the pod has been deleted."""
        return pod_uid in self._gone

    def changed_since(self, version: int) -> Iterable[str]:
        """Return the UIDs of the pods that have changed since then, those that are gone too."""
        count = self.version - version
        if count > len(self._changes):
            return list(self._pods)
        return dict.fromkeys(itertools.islice(self._changes, len(self._changes) - count, None))

    def present(self) -> list[Object]:
        """Return the pods that have not been deleted; of very many that is dear."""
        return [self._pods[uid] for uid in self._pods if uid not in self._gone]

    def telling(self) -> Sequence[Object]:
        """Return those of them to look at for why nothing runs and who is waited for; of one that failed only that."""
        if self._telling_version != self.version:
            self._telling_version = self.version
            self._telling = [self._failed.get(uid) or self._pods[uid] for uid in self._census.telling()]
        return self._telling

    @property
    def left_out(self) -> int:
        """How many pods that run well are not among those."""
        return self._census.left_out

    @property
    def over_count(self) -> int:
        """How many pods have ended or are gone."""
        return len(self._pods) - self._census.living_count

    @property
    def has_ended_unseen(self) -> bool:
        """Whether a pod was last seen before it ran, and was gone when it could be looked at again."""
        return bool(self._ended_unseen)

    @property
    def has_living(self) -> bool:
        """Whether there is a pod that has not ended."""
        return self._census.living_count > 0

    def _note_change(self, uid: str) -> None:
        self._changes.append(uid)
        self.version += 1
