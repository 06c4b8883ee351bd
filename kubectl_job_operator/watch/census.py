"""Which of a Job's pods have something to tell of it, kept up to date pod by pod, however many there are."""

from __future__ import annotations

from kubectl_job_operator.status.bearing import Bearing


class Census:
    """Knows a Job's pods that are there by what they may have to tell.

    Of those that are well one stands for all, and so do of those that ended well the one that ended last and the one
    that was created last: to look at the others would tell nothing more.
    """

    def __init__(self) -> None:
        self._bearings: dict[str, Bearing] = {}
        self._by_bearing: dict[Bearing, dict[str, None]] = {bearing: {} for bearing in Bearing}
        self._newest_done = ("", "")

    def note(self, uid: str, bearing: Bearing, created: str) -> None:
        """Learn how a pod is.

        :param uid: of the pod.
        :param bearing: what it may have to tell.
        :param created: when it was created, as the cluster writes it.
        """
        before = self._bearings.get(uid)
        if before is not bearing:
            if before is not None:
                del self._by_bearing[before][uid]
            self._bearings[uid] = bearing
            self._by_bearing[bearing][uid] = None
        if bearing is Bearing.DONE:
            self._newest_done = max(self._newest_done, (created, uid))

    def lose(self, uid: str) -> None:
        """Learn that a pod is gone."""
        bearing = self._bearings.pop(uid, None)
        if bearing is not None:
            del self._by_bearing[bearing][uid]

    def telling(self) -> list[str]:
        """Return the UIDs of the pods to look at."""
        done = self._by_bearing[Bearing.DONE]
        newest = self._newest_done[1]
        some_done = dict.fromkeys(uid for uid in (newest, *_last_of(done)) if uid in done)
        lives, failed = self._by_bearing[Bearing.LIVES], self._by_bearing[Bearing.FAILED]
        return [*some_done, *failed, *_last_of(self._by_bearing[Bearing.WELL]), *lives]

    @property
    def left_out(self) -> int:
        """How many pods are well and not among those to look at."""
        return max(0, len(self._by_bearing[Bearing.WELL]) - 1)

    @property
    def living_count(self) -> int:
        """How many pods have not ended."""
        return len(self._by_bearing[Bearing.WELL]) + len(self._by_bearing[Bearing.LIVES])


def _last_of(uids: dict[str, None]) -> list[str]:
    return [next(reversed(uids))] if uids else []
