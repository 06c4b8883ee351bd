"""What a verdict means, in words for people, with the cluster's own word behind it. Pure functions."""

from __future__ import annotations

from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object, status_of
from kubectl_job_operator.status.job_status import Verdict

# Their messages say no more than the words that stand for them.
_TOLD = frozenset({"BackoffLimitExceeded", "DeadlineExceeded", "FailedIndexes"})


def meaning(job: Object, verdict: Verdict) -> str:
    """Tell why the cluster says that a Job failed, as ``... (BackoffLimitExceeded)``."""
    words = _words(job, verdict.reason) if kinds.is_job(job) else ""
    message = "" if verdict.reason in _TOLD else verdict.message.strip(" .")
    if not words:
        return f"{verdict.reason} ({message})" if message else verdict.reason
    return f"{words} ({verdict.reason}{f': {message}' if message else ''})"


def failed_indexes(job: Object) -> str:
    """Name the indexes of an Indexed Job that failed, as ``indexes 1, 3-5``; empty where none is known."""
    listed = str(status_of(job).get("failedIndexes") or "")
    if not listed:
        return ""
    return f"index{'es' if not listed.isdecimal() else ''} {listed.replace(',', ', ')}"


def _words(job: Object, reason: str) -> str:
    spec = job.get("spec") or {}
    if reason == "BackoffLimitExceeded":
        limit = spec.get("backoffLimit")
        if limit == 0:
            return "its pod failed, and its backoffLimit of 0 allows no other"
        return f"its pods failed more often than its backoffLimit{f' of {limit}' if limit is not None else ''} allows"
    if reason == "DeadlineExceeded":
        return f"it ran longer than {deadline(job)}"
    if reason == "PodFailurePolicy":
        return "a rule of its podFailurePolicy ended it"
    indexes = failed_indexes(job)
    if reason == "FailedIndexes":
        return f"{indexes or 'some indexes'} failed"
    if reason == "MaxFailedIndexesExceeded":
        return f"more indexes failed than its maxFailedIndexes allows{f': {indexes}' if indexes else ''}"
    return ""


def deadline(job: Object) -> str:
    """Name the Job's own limit of time."""
    seconds = (job.get("spec") or {}).get("activeDeadlineSeconds")
    return f"its activeDeadlineSeconds{f' of {seconds}' if seconds is not None else ''}"
