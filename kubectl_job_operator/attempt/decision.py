"""What a new try does about what has its Job's name already: a pure function, from the object and from who asks."""

from __future__ import annotations

import enum

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.identity import Identity, Round, owner_of
from kubectl_job_operator.manifest.labels import STARTED_LABEL, TASK_INSTANCE_LABEL, TRY_LABEL
from kubectl_job_operator.objects import Object, labels_of
from kubectl_job_operator.status import job_status


class Decision(enum.Enum):
    """What to do about what has the Job's name already."""

    APPLY = "apply"
    ADOPT = "adopt"
    REPLACE = "replace"
    REFUSE = "refuse"


class Made(enum.Enum):
    """By whom a Job of this task instance was made or taken over last, seen from the try that asks."""

    BY_EARLIER_TRY = "an earlier try of this round"
    BY_THIS_TRY = "this very try"
    BY_LATER_TRY = "a try that began later"
    BEFORE_THE_ROUND = "a try that has nothing to do with this one"


def decide(job: Object | None, identity: Identity) -> tuple[Decision, str]:
    """Decide, from the Job that has the name, what a new try does; also say why, as the end of a sentence.

    A Job that has ended refuses nobody but a try that began before it: Airflow took that one for dead. A Complete Job
    of this round of tries is adopted: its worker died before it could say so, and the work is done.
    """
    if job is None:
        return Decision.APPLY, "there is none"
    verdict = job_status.verdict(job)
    if not is_of_instance(job, identity):
        return _about_another(job, verdict, identity)
    made = made_by(job, identity)
    number = labels_of(job).get(TRY_LABEL) or "?"
    own = f"it is this task's own from try {number}"
    if made is Made.BY_LATER_TRY and not (verdict is not None and verdict.is_complete and _is_of_round(job, identity)):
        began = ", which began later," if number == str(identity.try_number) else ""
        return Decision.REFUSE, f"try {number} of this task{began} has taken it over from try {identity.try_number}"
    if verdict is not None and not verdict.is_complete:
        return Decision.REPLACE, f"{own}, and it failed"
    if made is Made.BEFORE_THE_ROUND:
        return Decision.REPLACE, f"{own}, {_before(job, identity)}"
    if verdict is not None:
        return Decision.ADOPT, f"{own}, and it is Complete"
    if objects.is_being_deleted(job):
        return Decision.REPLACE, "it is being deleted"
    return Decision.ADOPT, f"{own}, and it has not ended"


def is_own_and_over(job: Object, identity: Identity) -> bool:
    """Whether this very try has made a Job, by an apply whose answer was lost, that has ended meanwhile, how ever."""
    is_own = is_of_instance(job, identity) and made_by(job, identity) is Made.BY_THIS_TRY
    return is_own and job_status.verdict(job) is not None


def is_left_running(job: Object, identity: Identity) -> bool:
    """Whether a Job that has not ended is this task instance's and no later try's: then it is for this try to end."""
    is_own = is_of_instance(job, identity) and job_status.verdict(job) is None
    return is_own and decide(job, identity)[0] is not Decision.REFUSE


def is_of_instance(thing: Object, identity: Identity) -> bool:
    """Whether an object belongs to this task instance, by its own label or by the one of version 0.1."""
    return labels_of(thing).get(TASK_INSTANCE_LABEL) in (identity.digest, identity.old_digest)


def made_by(thing: Object, identity: Identity) -> Made:
    """Tell by whom an object of this task instance was made or taken over last.

    The numbers of tries rise as long as there is the same run; two runs of one id are told apart by when they started,
    and two processes of one try by when they did. Airflow 3.2 and 3.3 may begin a deferred try anew under its own
    number, when the scheduler hears late that the first half has ended (apache/airflow#67287).
    """
    labels, that_round, this_round = labels_of(thing), Round.of(thing), identity.round
    number, started = labels.get(TRY_LABEL, ""), labels.get(STARTED_LABEL, "")
    is_timed = bool(started and identity.started)
    if that_round is not None and this_round is not None and that_round.run_started != this_round.run_started:
        is_later = "" < this_round.run_started < that_round.run_started
        return Made.BY_LATER_TRY if is_later else Made.BEFORE_THE_ROUND
    if not number.isdecimal():
        return Made.BEFORE_THE_ROUND
    if int(number) < identity.try_number:
        return Made.BY_EARLIER_TRY if _is_of_round(thing, identity) else Made.BEFORE_THE_ROUND
    if int(number) == identity.try_number and (not is_timed or started == identity.started):
        return Made.BY_THIS_TRY
    if is_timed and started > identity.started:
        return Made.BY_LATER_TRY
    if is_timed:
        is_begun_anew = int(number) == identity.try_number and identity.has_exact_round and that_round == this_round
        return Made.BY_EARLIER_TRY if is_begun_anew else Made.BEFORE_THE_ROUND
    # Without times a running one is in doubt another's; one that has ended stands in nobody's way.
    return Made.BY_LATER_TRY if job_status.verdict(thing) is None else Made.BEFORE_THE_ROUND


def _is_of_round(thing: Object, identity: Identity) -> bool:
    that_round = Round.of(thing)
    if that_round is not None and identity.round is not None:
        return that_round == identity.round
    number = labels_of(thing).get(TRY_LABEL, "")
    return number.isdecimal() and int(number) >= identity.first_try


def _before(job: Object, identity: Identity) -> str:
    """Say what has come between."""
    that_round, this_round = Round.of(job), identity.round
    if that_round is None or this_round is None:
        return "before the task was cleared"
    if that_round.run_started != this_round.run_started:
        return "before its run was cleared or made again"
    return "before its run was made again" if that_round == this_round else "before the task was cleared"


def _about_another(job: Object, verdict: job_status.Verdict | None, identity: Identity) -> tuple[Decision, str]:
    owner = owner_of(job)
    if owner == owner_of({"metadata": {"annotations": identity.annotations()}}):
        owner += ", of another Airflow ([kubectl_job_operator] installation)"
    if verdict is not None:
        return Decision.REPLACE, f"it belongs to {owner} and has ended ({verdict.type})"
    if objects.is_being_deleted(job):
        return Decision.REPLACE, "it is being deleted"
    return Decision.REFUSE, f"it belongs to {owner} and has not ended"
