"""One who waits for a Job, among many who wait in one event loop."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_job_operator.objects import Object
from kubectl_job_operator.watch.shared_warnings import SharedWarnings
from kubectl_job_operator.watch.sightings import Sightings, TellingPods
from kubectl_job_operator.watch.waking import Waiter, Waker
from kubectl_job_operator.watch.watched import Seen


class Subscription(Waiter):
    """What one who waits knows of his Job.

    :param uid: the Job's UID.
    :param name: its name.
    :param sightings: the Jobs and pods that all who wait have in common.
    :param warnings: the same of the warnings.
    :param waker: wakes him.
    :param leave: called when he waits no longer.
    """

    def __init__(
        self,
        uid: str,
        name: str,
        *,
        sightings: Sightings,
        warnings: SharedWarnings,
        waker: Waker,
        leave: Callable[[Subscription], None],
    ) -> None:
        super().__init__(waker, leave)
        self._sightings = sightings
        self._warnings = warnings
        self.uid = uid
        self.name = name
        self.is_gone = False
        """Whether the Job has been deleted."""

    @property
    def seen(self) -> Seen | None:
        """The Job as it was last seen; ``None`` if it was not."""
        return self._sightings.job(self.uid)

    def telling_pods(self) -> TellingPods:
        """Return those of the Job's pods to look at."""
        return self._sightings.telling_pods(self.uid)

    def events(self) -> list[Object]:
        """Return the warnings about the Job and its pods, as they were last read."""
        return self._warnings.about([self.uid, *self._sightings.pod_uids_of(self.uid)])

    def want_events(self) -> None:
        """Have the warnings read soon."""
        self._warnings.want(self)
