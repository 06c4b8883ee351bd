"""What the account may do beyond what a try needs: asked before each use, so that nothing is tried again in vain."""

from __future__ import annotations

from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.status.rights import GET_LOGS, GET_PODS, LIST_EVENTS, WATCH_PODS, Granted, Right, Wanted

_WITHOUT_LOGS = "the error of a Job that fails comes without the last lines of its logs"
_WITHOUT = {
    GET_PODS: _WITHOUT_LOGS,
    GET_LOGS: _WITHOUT_LOGS,
    LIST_EVENTS: "what the events tell of a Job that waits or has failed is left out",
    WATCH_PODS: "they are listed now and then instead, and what is new in them may show half a minute late",
}


class Permissions:
    """The rights that only help, as far as is known; until then each is taken to be granted.

    :param log: takes one line for each thing that is not shown for want of rights.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._granted = Granted()
        self._lacking: set[Right] = set()

    def learn(self, granted: Granted, wanted: Wanted) -> None:
        """Take what the cluster tells."""
        self._granted = granted
        self._miss(granted.lacks(wanted.helpful))

    def has(self, *rights: Right) -> bool:
        """Whether the account has all of these."""
        return self._lacking.isdisjoint(rights)

    @property
    def summary(self) -> str:
        """What is known of the account's rights, in a few words."""
        if not self._granted.is_known:
            return "rights not known"
        lacking = ", ".join(sorted(map(str, self._lacking)))
        return f"no right to {lacking}" if lacking else "all rights"

    def is_refused(self, right: Right) -> bool:
        """Take a refusal, and return whether it is believed: one of what the cluster says is granted will pass."""
        if self._granted.is_known and right not in self._lacking:
            return False
        self._miss([right])
        return True

    def _miss(self, rights: list[Right]) -> None:
        """Say once what is not there, in a line for each consequence."""
        new = [right for right in rights if right not in self._lacking]
        self._lacking.update(new)
        for consequence in dict.fromkeys(_WITHOUT[right] for right in new):
            names = ", ".join(str(right) for right in new if _WITHOUT[right] == consequence)
            self._log.info(f"The account lacks the right to {names}: {consequence}.")
