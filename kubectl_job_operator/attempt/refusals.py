"""Whether a refusal is to be believed: an API server that has just started refuses everybody, whatever his rights."""

from __future__ import annotations

import time
from collections.abc import Callable

from kubectl_job_operator.errors import ErrorKind, KubectlError, RightsMissingError

REFUSALS_SECONDS = 30.0
"""How long whoever was served already bears to be refused."""
UNTOLD_SECONDS = 20.0
"""The same for whoever was never served, where the server does not tell whether it is ready."""
_APART_SECONDS = 1.0

# Right after its start a server also knows neither rights nor kinds.
_DOUBTFUL = frozenset({ErrorKind.FORBIDDEN, ErrorKind.UNAUTHORIZED, ErrorKind.UNKNOWN_RESOURCE})


def is_refusal(error: BaseException) -> bool:
    """Whether it is an error that may only mean that the server has just started."""
    return isinstance(error, RightsMissingError) or (isinstance(error, KubectlError) and error.kind in _DOUBTFUL)


def is_of_credentials(error: BaseException) -> bool:
    """Whether the server does not know who asks."""
    return isinstance(error, KubectlError) and error.kind is ErrorKind.UNAUTHORIZED


class Refusals:
    """Judges the refusals of one and the same request, one after the other.

    :param is_ready: asks the server whether it is ready; ``None`` if it does not tell.
    """

    def __init__(self, is_ready: Callable[[], bool | None]) -> None:
        self._is_ready = is_ready
        self._since: float | None = None
        self._was_ready = False

    def forget(self) -> None:
        """Begin anew: the request was served."""
        self._since = None
        self._was_ready = False

    def believes(self, error: BaseException, *, was_served: bool) -> bool:
        """Return whether the last one is to be believed: it has come again, from a server that is known to be well.

        :param was_served: whether the request, or for credentials any request, was served before.
        """
        now = time.monotonic()
        since = self._since = now if self._since is None else self._since
        is_unknown = is_of_credentials(error)
        # Whom the server does not know it tells nothing of itself either.
        ready = None if is_unknown else self._was_ready or self._is_ready()
        is_again_from_a_ready_one = is_unknown or self._was_ready
        self._was_ready = bool(ready)
        if was_served:
            return now - since >= REFUSALS_SECONDS
        if is_again_from_a_ready_one:
            return now - since >= _APART_SECONDS
        return ready is None and now - since >= UNTOLD_SECONDS
