"""What harm was done to a task instance, decided from the evidence alone."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from tests.faults.evidence import COMPLETE, FAILED, Evidence, JobLife, Request

NOTICE_SECONDS = 5.0

_KEPT = {COMPLETE: ("IfFailed", "Never"), FAILED: ("IfSucceeded", "Never")}


class Harm(enum.Enum):
    """The columns of the table."""

    DUPLICATE = "duplicates"
    DOUBLED_WORK = "doubled work"
    WRONG_VERDICT = "wrong verdicts"
    LEFT_BEHIND = "left behind"
    ENDLESS = "endless"
    LATE = "late"
    UNTOLD = "not told"
    LINES = "lines lost or doubled"
    OTHERS = "others' things touched"


@dataclass(frozen=True)
class Rules:
    """What a fault excuses.

    :param ends_jobs: Jobs are deleted before their end: by the fault itself, or by Airflow because of it.
    :param ends_tasks: Airflow ends the task as failed, whatever becomes of its Job.
    :param stops_start: a task may fail because no try of it could begin.
    :param kills_workers: a worker may have had no time to tidy up.
    """

    ends_jobs: bool = False
    ends_tasks: bool = False
    stops_start: bool = False
    kills_workers: bool = False


@dataclass(frozen=True)
class Finding:
    """One harm.

    :param harm: of which kind.
    :param task_id: to which task instance.
    :param sentence: what happened.
    """

    harm: Harm
    task_id: str
    sentence: str


def judge(evidence: Evidence, rules: Rules) -> list[Finding]:
    """Return the harm that was done to a task instance; noticing is judged apart."""
    if not evidence.state:
        return [_finding(evidence, Harm.ENDLESS, f"it had not ended; its tries: {_tries(evidence)}")]
    return [
        _finding(evidence, harm, sentence)
        for harm, sentences in (
            (Harm.DUPLICATE, _duplicates(evidence, rules)),
            (Harm.DOUBLED_WORK, _doubled_work(evidence, rules)),
            (Harm.WRONG_VERDICT, _wrong_verdicts(evidence, rules)),
            (Harm.LEFT_BEHIND, _left_behind(evidence, rules)),
            (Harm.UNTOLD, _untold(evidence)),
        )
        for sentence in sentences
    ]


def _duplicates(evidence: Evidence, rules: Rules) -> Iterator[str]:
    for earlier, later in pairwise(evidence.jobs):
        is_asked_for = evidence.is_cleared_between(earlier, later)
        if earlier.verdict == COMPLETE and not is_asked_for:
            yield f"Job {later.uid} was created though Job {earlier.uid} had been Complete"
        elif not earlier.verdict and earlier.deleted_at is None:
            yield f"Job {later.uid} was created while Job {earlier.uid} was there and had not ended"
        elif not earlier.verdict and not rules.ends_jobs and not is_asked_for:
            yield f"Job {earlier.uid} was deleted before its end, and Job {later.uid} created in its stead"
    for one, other in combinations(evidence.containers, 2):
        over = one.ended_at or one.stopped_at
        if one.job_uid != other.job_uid and over is not None and other.started_at < over:
            yield f"pods {one.pod} and {other.pod} of two Jobs ran at once"
    creations = sum(request.creates_job(evidence.plan.task_id) for request in evidence.requests)
    if creations > len(evidence.jobs):
        yield f"the audit log shows {creations} Jobs created, but only {len(evidence.jobs)} were seen"
    # By its number, for Airflow does not list a try whose scheduler died before its second half began.
    tries = max((one.number for one in evidence.tries), default=0)
    if len(evidence.jobs) > tries:
        yield f"{len(evidence.jobs)} Jobs were created in {tries} tries"


def _doubled_work(evidence: Evidence, rules: Rules) -> Iterator[str]:
    """Look for work that was done, and done again by another Job; a Job that replaces its pod is Kubernetes' affair."""
    if evidence.plan.exit_code:
        return
    done = {one.job_uid for one in evidence.containers if one.ended_at is not None}
    jobs = [job for job in evidence.jobs if job.uid in done]
    for earlier, later in pairwise(jobs):
        if evidence.is_cleared_between(earlier, later):
            continue
        # That a pod was deleted at its end is a failure for Kubernetes 1.26 and later, whatever its container returned.
        if earlier.verdict == COMPLETE or not (rules.ends_jobs or earlier.verdict == FAILED):
            yield f"the work of Job {earlier.uid} was done to its end, and Job {later.uid} did it again"


def _wrong_verdicts(evidence: Evidence, rules: Rules) -> Iterator[str]:
    verdicts = [job.verdict for job in evidence.jobs]
    last = verdicts[-1] if verdicts else ""
    if evidence.mark == evidence.state:
        return
    if evidence.state == "success":
        if COMPLETE not in verdicts:
            yield f"the task is a success, but its Jobs were {verdicts}"
    elif evidence.state != "failed":
        yield f"the task is {evidence.state!r}"
    elif last == FAILED or rules.ends_tasks or (rules.stops_start and not verdicts):
        return
    else:
        yield f"the task failed in {_tries(evidence)}, but its Jobs were {verdicts}"


def _left_behind(evidence: Evidence, rules: Rules) -> Iterator[str]:
    left, plan = evidence.leftovers, evidence.plan
    last = evidence.jobs[-1] if evidence.jobs else None
    verdict = last.verdict if last else ""
    is_kept = plan.delete_policy in _KEPT.get(verdict, ())
    is_open = rules.ends_tasks and evidence.state == "failed" and bool(verdict)
    if left.jobs and not (is_kept or is_open):
        yield f"the Job ({verdict or 'no verdict'}) is there, though delete_policy is {plan.delete_policy}"
    if is_kept and not left.jobs and not rules.ends_jobs:
        yield f"the Job ({verdict}) is gone, though delete_policy is {plan.delete_policy}"
    if left.config_maps and not left.jobs and not (is_kept and rules.ends_jobs):
        yield f"ConfigMap {', '.join(left.config_maps)} is there without its Job"
    if left.jobs and plan.has_companion and not left.config_maps:
        yield "the Job was kept, but its ConfigMap is gone"
    uids = {last.uid} if left.jobs and last else set()
    orphans = [pod for pod, uid in left.pods.items() if uid not in uids]
    if orphans:
        yield f"pods without a Job are there: {', '.join(orphans)}"
    if left.kubectls:
        yield f"kubectl still runs: {'; '.join(left.kubectls)}"
    # A try that a user marked as a success keeps its folder as one that failed: it has.
    unsuccessful = sum(one.state != "success" for one in evidence.tries) + (evidence.mark == "success")
    if len(left.folders) > unsuccessful:
        yield f"{len(left.folders)} of our folders are there after {unsuccessful} tries without success"
    strange = [f"{folder}/{file}" for folder, files in left.folders.items() for file in files if file[-5:] != ".yaml"]
    if strange and not (rules.kills_workers and evidence.is_hit):
        yield f"files that are no manifest are there: {', '.join(strange)}"
    if left.other_files:
        yield f"other temporary files are there: {', '.join(left.other_files)}"


def _untold(evidence: Evidence) -> Iterator[str]:
    for one in evidence.told:
        if one.is_due and not one.is_in_time:
            when = "never" if one.after_sign is None else f"only after {one.after_sign:.1f} s"
            yield f"the fault that struck it was named in its log {when}{f' ({one.name})' if one.name else ''}"


def notice_seconds(evidence: Evidence, outages: Sequence[tuple[float, float]]) -> list[float]:
    """Return how long after the end of each Job its worker first acted on it, outages of the cluster not counted.

    Only where a worker was there that waited: one that had already asked for the Job before its end, and that Airflow
    let go on until it acted.
    """
    found = []
    for job in evidence.jobs:
        ended = _end_of(job, evidence.requests)
        if ended is None:
            continue
        for one in evidence.tries:
            began, over = one.started_at, one.ended_at
            if began is None or over is None or not began <= ended <= over:
                continue
            of_try = [request for request in evidence.requests if began <= request.at <= over]
            waited = any(request.at < ended and _is_wait(request) for request in of_try)
            acted = [request.at for request in of_try if request.at > ended and not _is_wait(request)]
            if waited and acted:
                found.append(served_seconds(ended, acted[0], outages))
    return found


def late(evidence: Evidence, seconds: Sequence[float]) -> list[Finding]:
    """Return the harm of having noticed too late."""
    return [
        _finding(evidence, Harm.LATE, f"the end of a Job was noticed {one:.1f} s after it")
        for one in seconds
        if one > NOTICE_SECONDS
    ]


def _end_of(job: JobLife, requests: Sequence[Request]) -> float | None:
    """Return when there was something to notice: the verdict, or a deletion before it that was not the worker's."""
    if job.ended_at is not None or job.deleted_at is None:
        return job.ended_at
    own = any(one.verb.startswith("delete") and job.created_at < one.at <= job.deleted_at for one in requests)
    return None if own else job.deleted_at


def _is_wait(request: Request) -> bool:
    """Whether a request is one of ``kubectl wait``, which says nothing of what its worker knows."""
    return request.verb == "watch" or "fieldSelector=" in request.uri


def served_seconds(begin: float, end: float, outages: Sequence[tuple[float, float]]) -> float:
    """Return the seconds between two moments, without those in an outage."""
    lost = sum(max(0.0, min(end, stop) - max(begin, start)) for start, stop in outages)
    return end - begin - lost


def _tries(evidence: Evidence) -> str:
    return ", ".join(f"{one.number} {one.state or 'without a state'}" for one in evidence.tries) or "none"


def _finding(evidence: Evidence, harm: Harm, sentence: str) -> Finding:
    return Finding(harm, evidence.plan.task_id, sentence)
