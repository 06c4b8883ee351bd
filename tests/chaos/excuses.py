"""What looks like harm that was done to a task instance, and is right."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tests.chaos.case import Case, said_in
from tests.faults.evidence import COMPLETE, JobLife
from tests.faults.judge import Finding, Harm, judge
from tests.log_text import says_that_a_job_is_left

_TRIGGER_IS_OVER = "Trigger fired event"
_TRIGGER_BEGINS = re.compile(r"\(ID \d+\) starting")
_TRIGGER_IS_CANCELLED, _TRIGGER_HAS_ENDED = "invoking on_kill", "trigger completed"
_TRIGGER_IS_DONE = (_TRIGGER_IS_OVER, _TRIGGER_HAS_ENDED)
_TRIGGER_ENDS = (*_TRIGGER_IS_DONE, _TRIGGER_IS_CANCELLED)
_DEFERRED = "Pausing task as DEFERRED"
_SECOND_HALF = "Going on with Job"
_DELETIONS = ("Job deleted", "Job deleted after its pods")
_PROCESS_BEGINS = "::group::Pre Execute"
_PROCESS_ENDS = ("::group::Post Execute", "told to stop", "Somebody marked", "Somebody cleared")
_TOLD_TO_END = "Server indicated the task shouldn't be running anymore"
_HAS_READ = "Worker startup parse complete"
_OURS = "airflow.task.operators.kubectl_job_operator"
_DELETION_SECONDS = 75.0
"""So long a deletion may take in a network that is cut or hangs for a while."""
_FLUSH_SECONDS = 2.0
"""A line may come into the log a moment after its process was killed."""
_MAY_RUN_ON = "may still run, and a retry"
_TRIGGERERS_DEATHS = ("triggerer killed", "triggerer frozen and replaced")


@dataclass(frozen=True)
class Excuse:
    """What looks like harm, and is right.

    :param reason: why.
    :param covers: whether it is that.
    """

    reason: str
    covers: Callable[[Case, Finding], bool]


def _has_words_for_what_is_left(case: Case, finding: Finding) -> bool:
    if finding.harm is not Harm.LEFT_BEHIND:
        return False
    # Where Airflow listens to a trigger no longer, its last words come into the triggerer's own log.
    given_up = rf"Job \S+/{re.escape(case.evidence.plan.task_id)} (?:could not|may not) be deleted"
    says_so = _MAY_RUN_ON in case.last_log or says_that_a_job_is_left(said_in(case.last_log))
    return says_so or re.search(given_up, case.triggerers_log) is not None


def _can_only_fail(case: Case, finding: Finding) -> bool:
    is_failure = finding.harm is Harm.WRONG_VERDICT and case.evidence.state == "failed"
    return is_failure and case.evidence.plan.exit_code != 0


def _was_ended_before_its_second_half(case: Case, finding: Finding) -> bool:
    """Whether Airflow ended the task, and no second half began since the trigger of the last Job ended by itself.

    What it says of that may lack the first line of the two, where the log was cut off.
    Airflow 3.2 and 3.3 may take a deferred try for killed just then, begin it anew, and end that one at once.
    """
    jobs = case.evidence.jobs
    is_ended = bool(case.evidence.mark) or case.evidence.state == "failed"
    if finding.harm is not Harm.LEFT_BEHIND or not jobs or not jobs[-1].verdict or not is_ended:
        return False
    lines = [line for said in case.logs.values() for line in said.splitlines()]
    words = [_TRIGGER_IS_OVER] if any(_TRIGGER_IS_CANCELLED in line for line in lines) else _TRIGGER_IS_DONE
    over_at = max((_said_at(line) for line in lines if any(one in line for one in words)), default=0.0)
    ended_at = jobs[-1].ended_at or 0.0
    is_of_it = case.evidence.plan.deferrable and over_at >= ended_at - _FLUSH_SECONDS > 0.0
    return is_of_it and not any(_SECOND_HALF in line and _said_at(line) >= ended_at for line in lines)


def _was_marked_before_its_trigger_began(case: Case, finding: Finding) -> bool:
    said = _last_log_of_deferrable(case)
    return _is_left_by_a_marked(case, finding) and said.count(_DEFERRED) > len(_TRIGGER_BEGINS.findall(said))


def _is_left_by_a_triggerer_that_died(case: Case, finding: Finding) -> bool:
    """Whether a triggerer was killed soon after it was told to delete what is left, and nobody has said more."""
    lines = _last_log_of_deferrable(case).splitlines()
    told_at = max((_said_at(line) for line in lines if _TRIGGER_IS_CANCELLED in line), default=float("inf"))
    last_at = _last_said_at(case)
    deaths = [one.at for one in case.felt if one.name == "triggerer killed"]
    return _is_left_by_a_marked(case, finding) and any(
        told_at <= at <= told_at + _DELETION_SECONDS and last_at <= at + _FLUSH_SECONDS for at in deaths
    )


def _was_deleted_by_others_before_it_was_noted(case: Case, finding: Finding) -> bool:
    """Whether each Complete Job that another followed was deleted by a blow, and by none of ours."""
    if finding.harm not in (Harm.DUPLICATE, Harm.DOUBLED_WORK) or not any(one in _DELETIONS for one in case.blows):
        return False
    complete = [job for job in case.evidence.jobs[:-1] if job.verdict == COMPLETE]
    return bool(complete) and not any(job.deleted_at is None or _have_we_deleted(case, job) for job in complete)


def _have_we_deleted(case: Case, job: JobLife) -> bool:
    """Whether a request of ours may have deleted a Job that is gone."""
    requests = case.evidence.requests
    deletions = [one.at for one in requests if one.verb.startswith("delete") and 200 <= one.code < 300]
    return job.deleted_at is not None and any(job.created_at < at <= job.deleted_at for at in deletions)


def _was_deleted_by_others_before_it_was_known(case: Case, finding: Finding) -> bool:
    """Whether all is well without the Jobs that a blow deleted before the answer to their creation came."""
    if finding.harm is not Harm.DUPLICATE or not any(one in _DELETIONS for one in case.blows):
        return False
    said, jobs = "".join(case.logs.values()), case.evidence.jobs
    unknown = [
        job
        for job in jobs[:-1]
        if not (job.verdict or job.uid in said or job.deleted_at is None or _have_we_deleted(case, job))
    ]
    requests = list(case.evidence.requests)
    for job in unknown:
        creations = [one for one in requests if one.creates_job(job.name) and one.at <= job.created_at + _FLUSH_SECONDS]
        if creations:
            requests.remove(max(creations, key=lambda one: one.at))
    known = replace(case.evidence, jobs=[job for job in jobs if job not in unknown], requests=requests, is_hit=True)
    return bool(unknown) and not any(one.harm is Harm.DUPLICATE for one in judge(known, case.rules))


def _was_marked_while_its_worker_was_dead(case: Case, finding: Finding) -> bool:
    _, has_begun, after = case.last_log.rpartition(_PROCESS_BEGINS)
    is_silent = bool(has_begun) and not any(words in after for words in _PROCESS_ENDS)
    kills = [(hit.at, hit.at) for hit in case.hits if hit.name == "worker killed"]
    kills += [(one.at, one.over_at) for one in case.felt if one.name == "scheduler killed with its workers"]
    return is_silent and _was_marked_after_a_death(case, finding, kills)


def _was_marked_while_its_triggerer_was_dead(case: Case, finding: Finding) -> bool:
    *_, after = _TRIGGER_BEGINS.split(case.last_log)
    is_silent = after != case.last_log and not any(words in after for words in _TRIGGER_ENDS)
    # The next one is there before the storm is over, and would have had a word.
    kills = [(one.at, one.at) for one in case.felt if one.name in _TRIGGERERS_DEATHS]
    return is_silent and _was_marked_after_a_death(case, finding, kills)


def _was_marked_after_a_death(case: Case, finding: Finding, kills: Sequence[tuple[float, float]]) -> bool:
    """Whether whoever could have deleted what is left was killed, said nothing after that, and it was marked then.

    :param kills: from when until when each took, as Unix times.
    """
    marked_at = max((hit.at for hit in case.hits if hit.name.startswith("task marked")), default=0.0)
    silent_from = _last_said_at(case) - _FLUSH_SECONDS
    return _is_left_by_a_marked(case, finding) and any(begin < marked_at and end > silent_from for begin, end in kills)


def _was_marked_before_its_last_try_began(case: Case, finding: Finding) -> bool:
    """Whether Airflow ended the last process while it was still reading the DAG's file."""
    *_, last = case.last_log.rpartition(_PROCESS_BEGINS)
    before, is_told, after = last.partition(_TOLD_TO_END)
    has_begun = _HAS_READ in before + after or _OURS in before + after
    return _is_left_by_a_marked(case, finding) and bool(is_told) and not has_begun


def _is_left_by_a_marked(case: Case, finding: Finding) -> bool:
    """Whether a task that a user marked has left something."""
    return finding.harm is Harm.LEFT_BEHIND and bool(case.evidence.mark)


def _last_said_at(case: Case) -> float:
    """Return when its last try said the last word, as Unix time; 0 if it has said none."""
    return max(map(_said_at, case.last_log.splitlines()), default=0.0)


def _last_log_of_deferrable(case: Case) -> str:
    return case.last_log if case.evidence.plan.deferrable else ""


def _said_at(line: str) -> float:
    """Return the Unix time of a line of a log, 0 if it has none."""
    time = str(json.loads(line).get("timestamp", "")) if line.startswith("{") else ""
    return datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() if time else 0.0


EXCUSES = (
    Excuse("its Job can only fail, and its last try met something else", _can_only_fail),
    Excuse(
        "the cluster did not answer when Airflow let the task end, and its log says what is left and how to delete it",
        _has_words_for_what_is_left,
    ),
    Excuse(
        "its Job had ended, and Airflow stopped the worker before a line of its second half",
        _was_ended_before_its_second_half,
    ),
    Excuse("it was marked before a triggerer had taken up its trigger", _was_marked_before_its_trigger_began),
    Excuse("its triggerer was killed while it deleted what the task had", _is_left_by_a_triggerer_that_died),
    Excuse(
        "its worker had been killed when it was marked, and no other is to come", _was_marked_while_its_worker_was_dead
    ),
    Excuse(
        "its triggerer had been killed when it was marked, and the next one was not told",
        _was_marked_while_its_triggerer_was_dead,
    ),
    Excuse(
        "it was marked while the process of its last try was beginning, and Airflow ended that before it had come to "
        "the task",
        _was_marked_before_its_last_try_began,
    ),
    Excuse(
        "somebody deleted its Complete Job before a worker had come to note that",
        _was_deleted_by_others_before_it_was_noted,
    ),
    Excuse(
        "somebody deleted its Job before the answer to its creation had come, and no log names it",
        _was_deleted_by_others_before_it_was_known,
    ),
)
