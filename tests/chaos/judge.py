"""What harm was done to a task instance by all that has hit it, and what is right although it looks like harm."""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from tests.chaos.blows import HITS, OF_TIMEOUT
from tests.chaos.storms import STORMS, Storm
from tests.faults.evidence import COMPLETE, Evidence
from tests.faults.judge import Finding, Harm, Rules, judge

_FELT_SECONDS = 75.0
"""So long after a scheduler has died the next one may take tasks away from their workers."""
_LINE = re.compile(r"(?:\d\d:\d\d:\d\dZ )?(?:\[[a-z0-9-]+/main\] )?([a-z0-9-]+ (?:first|last) \d+)")
"""What is shown late has its time before it, and of several pods each its name."""
_CONTAINER_LOGGER = ".container"
_FIELD_MANAGER = re.compile(r"kubectl-job-operator-([0-9a-f]+)-")
_LOSS = ("may be missing", "their logs are lost", "Not all logs could be read")
_TRIGGER_IS_OVER = "Trigger fired event"
_TRIGGER_BEGINS = re.compile(r"\(ID \d+\) starting")
_TRIGGER_IS_CANCELLED, _TRIGGER_HAS_ENDED = "invoking on_kill", "trigger completed"
_DEFERRED = "Pausing task as DEFERRED"
_SECOND_HALF = "Going on with Job"
_DELETIONS = ("Job deleted", "Job deleted after its pods")
_NOT_AGAIN = "is not run again"
_PROCESS_BEGINS = "::group::Pre Execute"
_PROCESS_ENDS = ("::group::Post Execute", "told to stop", "Somebody marked", "Somebody cleared")
_FLUSH_SECONDS = 2.0
"""A line may come into the log a moment after its process was killed."""
_WORDS = ("may still run, and a retry", "To delete it:", "it is for you to do", "if so, it runs on")


@dataclass(frozen=True)
class Struck:
    """A blow that has hit a task instance.

    :param name: the plan's.
    :param at: Unix time.
    """

    name: str
    at: float = 0.0


@dataclass(frozen=True)
class Case:
    """A task instance.

    :param evidence: what others than the operator know of it.
    :param hits: the blows that have hit it.
    :param storms: all that there were.
    :param logs: what each of its tries has logged, by their numbers.
    """

    evidence: Evidence
    hits: Sequence[Struck] = ()
    storms: Sequence[Storm] = ()
    logs: Mapping[int, str] = field(default_factory=dict)

    @property
    def blows(self) -> set[str]:
        """Return the names of those that have hit it."""
        return {hit.name for hit in self.hits}

    @property
    def felt(self) -> list[Storm]:
        """Return the storms that blew while it was at work, or so soon before that it may have felt them."""
        tries = self.evidence.tries
        began = min((one.started_at for one in tries if one.started_at), default=0.0)
        over = max((one.ended_at for one in tries if one.ended_at), default=float("inf"))
        return [one for one in self.storms if one.at <= over and one.over_at + _FELT_SECONDS >= began]

    @property
    def rules(self) -> Rules:
        """Return what all that has hit it excuses together."""
        found = [HITS[name][1] for name in self.blows] + [STORMS[one.name][1] for one in self.felt]
        if self.evidence.plan.execution_timeout_seconds is not None:
            found.append(OF_TIMEOUT)
        return Rules(*(any(values) for values in zip(*map(astuple, [Rules(), *found]), strict=True)))


@dataclass(frozen=True)
class Excuse:
    """What looks like harm, and is right.

    :param reason: why.
    :param covers: whether it is that.
    """

    reason: str
    covers: Callable[[Case, Finding], bool]


def _has_words_for_what_is_left(case: Case, finding: Finding) -> bool:
    return finding.harm is Harm.LEFT_BEHIND and any(word in _last_log(case) for word in _WORDS)


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
    requests = case.evidence.requests
    complete = [job for job in case.evidence.jobs[:-1] if job.verdict == COMPLETE]
    deletions = [one.at for one in requests if one.verb.startswith("delete") and 200 <= one.code < 300]
    return bool(complete) and not any(
        job.deleted_at is None or any(job.created_at < at <= job.deleted_at for at in deletions) for job in complete
    )


def _was_marked_while_its_worker_was_dead(case: Case, finding: Finding) -> bool:
    """Whether its last process was killed, and so has said nothing of its end."""
    said = _last_log(case)
    _, has_begun, after = said.rpartition(_PROCESS_BEGINS)
    marked_at = max((hit.at for hit in case.hits if hit.name.startswith("task marked")), default=0.0)
    kills = [(hit.at, hit.at) for hit in case.hits if hit.name == "worker killed"]
    kills += [(one.at, one.over_at) for one in case.felt if one.name == "scheduler killed with its workers"]
    silent_from = _last_said_at(said) - _FLUSH_SECONDS
    is_killed = bool(has_begun) and any(begin < marked_at and end > silent_from for begin, end in kills)
    is_left = finding.harm is Harm.LEFT_BEHIND and bool(case.evidence.mark)
    return is_left and is_killed and not any(words in after for words in _PROCESS_ENDS)


def _last_log_of_deferrable(case: Case) -> str:
    return _last_log(case) if case.evidence.plan.deferrable else ""


def _last_said_at(said: str) -> float:
    times = [str(json.loads(line).get("timestamp", "")) for line in said.splitlines() if line.startswith("{")]
    return max((datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() for time in times if time), default=0.0)


def _last_log(case: Case) -> str:
    tries = case.evidence.tries
    return case.logs.get(tries[-1].number, "") if tries else ""


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
        "somebody deleted its Complete Job before a worker had come to note that",
        _was_deleted_by_others_before_it_was_noted,
    ),
)


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
    last = case.logs.get(evidence.tries[-1].number, "")
    if any(words in last for words in (*_LOSS, _NOT_AGAIN)):
        return
    shown = _shown(last)
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
    for line in text.splitlines():
        if line.startswith("{"):
            record = json.loads(line)
            if not str(record.get("logger", "")).endswith(_CONTAINER_LOGGER):
                continue
            said = str(record.get("event", ""))
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
