"""Going on when what failed can pass: the same command again, later and later, up to a limit, saying so twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import tenacity

from kubectl_job_operator.errors import ErrorKind, KubectlError

Result = TypeVar("Result")

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 4.0
"""So that the end of an outage is noticed within five seconds."""
REFUSALS_SECONDS = 30.0
"""How long a server that comes back may refuse everybody: it has yet to read its rules."""


def persist(
    action: Callable[[], Result],
    *,
    tolerance_seconds: float,
    pause: Callable[[float], None],
    show: Callable[[str], None],
) -> Result:
    """Return what ``action`` returns; while it raises an error that can pass, call it again.

    :param tolerance_seconds: the last call begins at most this long after the first.
    :param pause: sleeps that many seconds; may raise, to end it all.
    :param show: takes one line when an outage begins and one when it is over.
    :raises KubectlError: the last one, if the time is over or it cannot pass.
    """
    began = refused = 0.0

    def before_pause(state: tenacity.RetryCallState) -> None:
        nonlocal began
        if state.attempt_number == 1:
            began = time.monotonic()
            error = state.outcome.exception() if state.outcome else None
            kind = error.kind.value if isinstance(error, KubectlError) else "error"
            show(f"The cluster does not serve us now ({kind}); trying for up to {tolerance_seconds:.0f} s.")

    def may_pass(error: BaseException) -> bool:
        nonlocal refused
        if not isinstance(error, KubectlError):
            return False
        if began and error.kind in (ErrorKind.FORBIDDEN, ErrorKind.UNAUTHORIZED):
            refused = refused or time.monotonic()
            return time.monotonic() - refused < REFUSALS_SECONDS
        return error.kind.can_pass

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(may_pass),
        wait=tenacity.wait_random_exponential(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS),
        stop=tenacity.stop_after_delay(tolerance_seconds),
        before_sleep=before_pause,
        sleep=pause,
        reraise=True,
    )
    result = retrying(action)
    if began:
        show(f"The cluster serves us again after {time.monotonic() - began:.0f} s.")
    return result
