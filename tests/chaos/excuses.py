"""What looks like harm that was done to a task instance, and is right."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tests.chaos.case import Case
from tests.faults.evidence import COMPLETE, JobLife
from tests.faults.judge import Finding, Harm, judge

_TRIGGER_IS_OVER = "Trigger fired event"
_TRIGGER_BEGINS = re.compile(r"\(ID \d+\) starting")
_TRIGGER_IS_CANCELLED, _TRIGGER_HAS_ENDED = "invoking on_kill", "trigger completed"
_TRIGGER_ENDS = (_TRIGGER_IS_OVER, _TRIGGER_IS_CANCELLED, _TRIGGER_HAS_ENDED)
_DEFERRED = "Pausing task as DEFERRED"
_SECOND_HALF = "Going on with Job"
_DELETIONS = ("Job deleted", "Job deleted after its pods")
_PROCESS_BEGINS = "::group::Pre Execute"
_PROCESS_ENDS = ("::group::Post Execute", "told to stop", "Somebody marked", "Somebody cleared")
_TOLD_TO_END = "Server indicated the task shouldn't be running anymore"
_OURS = "kubectl_job_operator"
_FLUSH_SECONDS = 2.0
"""A line may come into the log a moment after its process was killed."""
_WORDS = ("may still run, and a retry", "To delete it:", "it is for you to do", "if so, it runs on")
_WORKERS_DEATHS = ("worker killed", "scheduler killed with its workers")
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
    # Where Airflow listens to a trigger no longer, its words come into the triggerer's own log.
    name = re.escape(case.evidence.plan.task_id)
    of_it = rf"Job \S+/{name} (?:is not deleted yet|could not be deleted)\."
    return any(word in case.last_log for word in _WORDS) or re.search(of_it, case.triggerers_log) is not None


def _can_only_fail(case: Case, finding: Finding) -> bool:
    is_failure = finding.harm is Harm.WRONG_VERDICT and case.evidence.state == "failed"
    return is_failure and case.evidence.plan.exit_code != 0


def _was_ended_before_its_second_half(case: Case, finding: Finding) -> bool:
    said, jobs = _last_log_of_deferrable(case), case.evidence.jobs
    is_left = finding.harm is Harm.LEFT_BEHIND and bool(jobs) and bool(jobs[-1].verdict)
    return is_left and said.count(_TRIGGER_IS_OVER) > said.count(_SECOND_HALF)


def _was_marked_before_its_trigger_began(case: Case, finding: Finding) -> bool:
    said = _last_log_of_deferrable(case)
    is_left = finding.harm is Harm.LEFT_BEHIND and bool(case.evidence.mark)
    return is_left and said.count(_DEFERRED) > len(_TRIGGER_BEGINS.findall(said))


def _is_left_by_a_triggerer_that_died(case: Case, finding: Finding) -> bool:
    _, is_there, after = _last_log_of_deferrable(case).rpartition(_TRIGGER_IS_CANCELLED)
    is_killed = any(one.name == "triggerer killed" for one in case.felt)
    return finding.harm is Harm.LEFT_BEHIND and is_killed and bool(is_there) and _TRIGGER_HAS_ENDED not in after


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
    """Whether a Job is one too many that a blow deleted before the answer to its creation came: no log names it."""
    if finding.harm is not Harm.DUPLICATE or not any(one in _DELETIONS for one in case.blows):
        return False
    said, jobs = "".join(case.logs.values()), case.evidence.jobs
    known = [
        job
        for job in jobs
        if job is jobs[-1] or job.verdict or job.uid in said or job.deleted_at is None or _have_we_deleted(case, job)
    ]
    if len(known) == len(jobs):
        return False
    return finding not in judge(replace(case.evidence, jobs=known, is_hit=True), case.rules)


def _was_marked_while_its_worker_was_dead(case: Case, finding: Finding) -> bool:
    _, has_begun, after = case.last_log.rpartition(_PROCESS_BEGINS)
    is_silent = bool(has_begun) and not any(words in after for words in _PROCESS_ENDS)
    return is_silent and _was_marked_after_a_death(case, finding, _WORKERS_DEATHS)


def _was_marked_while_its_triggerer_was_dead(case: Case, finding: Finding) -> bool:
    *_, after = _TRIGGER_BEGINS.split(case.last_log)
    is_silent = after != case.last_log and not any(words in after for words in _TRIGGER_ENDS)
    return is_silent and _was_marked_after_a_death(case, finding, _TRIGGERERS_DEATHS)


def _was_marked_after_a_death(case: Case, finding: Finding, deaths: Sequence[str]) -> bool:
    """Whether whoever could have deleted what is left was killed, said nothing after that, and it was marked then."""
    marked_at = max((hit.at for hit in case.hits if hit.name.startswith("task marked")), default=0.0)
    kills = [(hit.at, hit.at) for hit in case.hits if hit.name in deaths]
    kills += [(one.at, one.over_at) for one in case.felt if one.name in deaths]
    silent_from = _last_said_at(case.last_log) - _FLUSH_SECONDS
    is_marked = finding.harm is Harm.LEFT_BEHIND and bool(case.evidence.mark)
    return is_marked and any(begin < marked_at and end > silent_from for begin, end in kills)


def _was_marked_before_a_line_of_its_last_try(case: Case, finding: Finding) -> bool:
    """Whether Airflow ended the last try's process while it was still reading the DAG's file."""
    said = case.last_log
    loggers = [str(json.loads(line).get("logger", "")) for line in said.splitlines() if line.startswith("{")]
    is_marked = finding.harm is Harm.LEFT_BEHIND and bool(case.evidence.mark)
    return is_marked and _TOLD_TO_END in said and not any(_OURS in logger for logger in loggers)


def _last_log_of_deferrable(case: Case) -> str:
    return case.last_log if case.evidence.plan.deferrable else ""


def _last_said_at(said: str) -> float:
    times = [str(json.loads(line).get("timestamp", "")) for line in said.splitlines() if line.startswith("{")]
    return max((datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() for time in times if time), default=0.0)


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
        _was_marked_before_a_line_of_its_last_try,
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
