"""Going on when what failed can pass: the same command again, later and later, up to a limit, saying so twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tenacity

from kubectl_job_operator.attempt.refusals import REFUSALS_SECONDS, Refusals, is_of_credentials, is_refusal
from kubectl_job_operator.attempt.standing import Standing
from kubectl_job_operator.errors import KubectlError

Result = TypeVar("Result")

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 4.0
"""So that the end of an outage is noticed within five seconds."""
_PAUSE_AFTER_REFUSAL_SECONDS = 1.0


def _does_not_tell() -> bool | None:
    """Know nothing of the server."""
    return None


def persist(
    action: Callable[[], Result],
    *,
    tolerance_seconds: float,
    pause: Callable[[float], None],
    show: Callable[[str], None],
    standing: Standing | None = None,
    is_ready: Callable[[], bool | None] = _does_not_tell,
    is_after_outage: bool = False,
) -> Result:
    """Return what ``action`` returns; while it raises an error that can pass, call it again.

    A refusal can pass too, until it is to be believed.

    :param tolerance_seconds: the last call begins at most this long after the first.
    :param pause: sleeps that many seconds; may raise, to end it all.
    :param show: takes one line when an outage begins and one when it is over.
    :param standing: what is known of the cluster; default is nothing.
    :param is_ready: asks the server whether it is ready; ``None`` if it does not tell.
    :param is_after_outage: whether an earlier call found the cluster away, which may refuse everybody when it is back.
    :raises KubectlError: the last one, if the time is over or it cannot pass.
    """
    known = standing or Standing(show)
    refusals = Refusals(is_ready)

    def may_pass(error: BaseException) -> bool:
        nonlocal is_after_outage
        if is_refusal(error):
            was_served = is_after_outage or (known.was_served and is_of_credentials(error))
            return not refusals.believes(error, was_served=was_served)
        can_pass = isinstance(error, KubectlError) and error.kind.can_pass
        is_after_outage = is_after_outage or can_pass
        return can_pass

    def is_over(state: tenacity.RetryCallState) -> bool:
        limit = max(tolerance_seconds, REFUSALS_SECONDS) if is_refusal(_error_of(state)) else tolerance_seconds
        return (state.seconds_since_start or 0.0) >= limit

    def next_pause(state: tenacity.RetryCallState) -> float:
        return _PAUSE_AFTER_REFUSAL_SECONDS if is_refusal(_error_of(state)) else growing(state)

    def tell(state: tenacity.RetryCallState) -> None:
        error = _error_of(state)
        why = error.kind.value if isinstance(error, KubectlError) else "rights are missing"
        if is_refusal(error):
            known.refuses(why)
        else:
            known.is_away(why, tolerance_seconds)

    growing = tenacity.wait_random_exponential(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS)
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(may_pass),
        wait=next_pause,
        stop=is_over,
        before_sleep=tell,
        sleep=pause,
        reraise=True,
    )
    result = retrying(action)
    known.serves()
    return result


def _error_of(state: tenacity.RetryCallState) -> BaseException:
    """Return the error of the last call."""
    error = state.outcome.exception() if state.outcome else None
    if error is None:
        raise AssertionError("only a call that has failed is made again")
    return error
