"""What harm was done to a task instance by all that has hit it."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from tests.chaos.case import Case, records
from tests.chaos.excuses import EXCUSES
from tests.faults.evidence import COMPLETE, Evidence
from tests.faults.judge import Finding, Harm, judge
from tests.log_text import without_times

_LINE = re.compile(r"(?:\[[a-z0-9-]+/main\] )?([a-z0-9-]+ (?:first|last) \d+)")
"""Of several pods each line has its name before it."""
_CONTAINER_LOGGER = ".container"
_FIELD_MANAGER = re.compile(r"kubectl-job-operator-([0-9a-f]+)-")
_LOSS = ("may be missing", "their logs are lost", "Not all logs could be read")
_NOT_AGAIN = "is not run again"


def judge_case(case: Case) -> tuple[list[Finding], list[str]]:
    """Return the harm that was done to a task instance, and the reasons for which something is none."""
    evidence = case.evidence
    # Its rules are its own, so whatever they excuse has hit it.
    found = judge(replace(evidence, is_hit=True), case.rules)
    name = evidence.plan.task_id
    found += [Finding(Harm.LINES, name, sentence) for sentence in _lines(case)]
    found += [Finding(Harm.OTHERS, name, sentence) for sentence in _others(evidence)]
    harm, reasons = [], []
    for finding in found:
        reason = next((excuse.reason for excuse in EXCUSES if excuse.covers(case, finding)), "")
        if reason:
            reasons.append(reason)
        else:
            harm.append(finding)
    return harm, reasons


def _lines(case: Case) -> Iterator[str]:
    """Look for lines that a try shows twice, and for lines that the one that succeeds leaves out without a word."""
    evidence = case.evidence
    for number, text in case.logs.items():
        doubled = [line for line, count in _shown(text).items() if count > 1]
        if doubled:
            yield f"try {number} shows {len(doubled)} lines twice or more often, as {doubled[0]!r}"
    if evidence.state != "success" or evidence.mark or not evidence.tries:
        return
    if any(words in case.last_log for words in (*_LOSS, _NOT_AGAIN)):
        return
    shown = _shown(case.last_log)
    complete = {job.uid for job in evidence.jobs[-1:] if job.verdict == COMPLETE}
    for one in evidence.containers:
        if one.job_uid in complete and one.ended_at is not None:
            written = [f"{one.pod} {part} {n}" for part in ("first", "last") for n in range(evidence.plan.lines)]
            lost = [line for line in written if line not in shown]
            if lost:
                yield f"{len(lost)} of {len(written)} lines of pod {one.pod} are not shown, as {lost[0]!r}"


def _shown(text: str) -> collections.Counter[str]:
    """Count the container's lines in a log of Airflow's: an object a line."""
    found: collections.Counter[str] = collections.Counter()
    for record in records(text):
        if str(record.get("logger", "")).endswith(_CONTAINER_LOGGER):
            said = without_times(str(record.get("event", "")))
            found.update(line[1] for line in map(_LINE.fullmatch, map(str.strip, said.splitlines())) if line)
    return found


def _others(evidence: Evidence) -> Iterator[str]:
    """Look for whoever has applied this task instance's Job and is another one."""
    own = {job.digest for job in evidence.jobs if job.digest}
    for request in evidence.requests:
        if request.verb == "patch" and 200 <= request.code < 300:
            managers = parse_qs(urlsplit(request.uri).query).get("fieldManager", [])
            strange = [found[1] for found in map(_FIELD_MANAGER.match, managers) if found and found[1] not in own]
            if strange:
                yield f"{strange[0]} has changed it, which is none of its own digests"
