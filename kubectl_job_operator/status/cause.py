"""The one line that says why a Job failed, short enough to be read whole. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import verdict_words
from kubectl_job_operator.status.brief import brief, unpulled, unscheduled, unstarted
from kubectl_job_operator.status.exit_codes_and_oom import Ending
from kubectl_job_operator.status.job_status import Verdict
from kubectl_job_operator.status.last_words import last_words
from kubectl_job_operator.status.outlook import Obstacle
from kubectl_job_operator.status.pod_status import FailedContainer
from kubectl_job_operator.status.shortening import WIDTH, shortened

_LEAST = 60
_LEAST_BEHIND_EXIT_CODE = 50
_MOST_INDEXES = 30
_NODES = re.compile(r"^0/\d+ nodes are available: ")
# Beside another reason it is mostly that of the control plane's nodes, which is no news.
_TAINTS = re.compile(r", \d+ node\(s\) had untolerated taint[^,]*$|^\d+ node\(s\) had untolerated taint[^,]*, ")
_UNSTARTED = " could not be started"
_UNPULLED = " cannot be pulled"
# From here on an exit code is not the program's own, but a signal's or that of what could not start it.
_FIRST_FOREIGN = 128


@dataclass(frozen=True)
class Cause:
    """What ended a pod, or kept it from its work.

    :param who: what it happened to.
    :param what: what happened.
    :param short: ``who`` where there is little room; empty where it cannot be shorter.
    :param least: how many letters of ``what`` stand there however little room there is.
    :param shortest: ``who`` where ``what`` is cut besides; empty where it cannot be shorter.
    :param brief: ``what`` where there is too little room even beside ``short``; empty where it cannot be shorter.
    """

    who: str
    what: str
    short: str = ""
    least: int = _LEAST
    shortest: str = ""
    brief: str = ""

    def fitted(self, room: int) -> str:
        """Return it with so little of its end as the room needs, but never without what decides."""
        if len(self.who + self.what) <= room:
            return self.who + self.what
        short = self.short or self.who
        is_whole = len(self.what) <= max(self.least, room - len(short))
        who = short if is_whole else self.shortest or short
        what = self.what if is_whole else self.brief or self.what
        return who + shortened(what, max(self.least, room - len(who)))


def of_container(failed: FailedContainer, ending: Ending, last: Sequence[str] | None) -> Cause:
    """Tell how a container ended: what the cluster knows of it, or else what its program said last.

    :param last: the last lines of its log; ``None`` where they cannot be had.
    """
    short = f"container {failed.container}"
    who = f"{short} of pod {failed.pod}"
    if ending.meaning.startswith("it "):
        what = ending.meaning.removeprefix("it")
        head, _, why = what.partition(": ")
        return Cause(who, what, short, brief=f": {why}" if head == _UNSTARTED and why else "")
    # Of two halves the first is what is sure.
    meaning = ending.meaning.partition(";")[0]
    said = last_words(last or ()) or last_words(failed.message.splitlines())
    told = (said or meaning) if failed.exit_code < _FIRST_FOREIGN else (meaning or said)
    ended, least = f" ended with exit code {failed.exit_code}", _LEAST_BEHIND_EXIT_CODE
    shortest = f"{short}: exit code {failed.exit_code}"
    return Cause(f"{who}{ended}", f": {told}" if told else "", f"{short}{ended}", least, shortest)


def of_pod(name: str, ending: Ending) -> Cause:
    """Tell what ended a pod from outside."""
    if ending.meaning.startswith("it "):
        return Cause(f"pod {name}", ending.meaning.removeprefix("it"), "a pod")
    return Cause(f"pod {name}", f": {ending.meaning}", "a pod")


def of_obstacle(obstacle: Obstacle) -> Cause:
    """Tell what kept a pod from starting; where there is little room, the pod and how many nodes there are is none."""
    sentence = obstacle.sentence.rstrip(".")
    head, colon, what = sentence.partition(": ")
    if head == "cannot start":
        told = f": {unstarted(obstacle.reason, what.removeprefix(f'{obstacle.reason}: '))}"
        return Cause(obstacle.where, f": {what}", f"container {obstacle.container}", brief=told)
    if head == "has no pod, because none can be created":
        return Cause("no pod can be created", f": {what}", brief=f": {brief(what)}")
    short = f"container {obstacle.container}" if obstacle.container else "its pod" if obstacle.pod else ""
    if head == "has no image yet":
        image, _, words = what.partition(_UNPULLED)
        return Cause(obstacle.where, f": {what}", short, brief=f": {unpulled(image, words.removeprefix(': '))}")
    what = _TAINTS.sub("", _NODES.sub("", what))
    told = f" has no node: {unscheduled(what)}" if head == "cannot be scheduled" else f": {brief(what)}"
    return Cause(obstacle.where, f" {head}{colon}{what}", short, brief=told if what else "")


def headline(job: Object, verdict: Verdict | None, culprit: Cause | None, obstacle: Cause | None = None) -> str:
    """Return why a Job failed, in one line; the cluster's word for it alone only where nothing else is known.

    :param verdict: the Job's; ``None`` where it has none.
    :param culprit: what ended a pod; ``None`` if no pod tells.
    :param obstacle: what kept a pod from starting; ``None`` if nothing did.
    """
    metadata = job["metadata"]
    room = WIDTH - len(f"{kinds.word(job)} {metadata.get('namespace')}/{metadata['name']} failed: ")
    words = verdict_words.meaning(job, verdict) if verdict is not None else ""
    is_late = verdict is not None and verdict.reason == "DeadlineExceeded"
    if obstacle is not None:
        before = f"it did not start in time ({verdict.reason}): " if verdict is not None and is_late else ""
        return before + obstacle.fitted(room - len(before))
    if is_late or culprit is None:
        return words
    if not kinds.is_job(job) and not kinds.is_pod(job):
        # Its own words are what its author has written there for people.
        return words if verdict is None or verdict.message else f"{words}; {culprit.fitted(room - len(words) - 2)}"
    before = shortened(verdict_words.failed_indexes(job), _MOST_INDEXES)
    return f"{before} failed: {culprit.fitted(room - len(before) - 9)}" if before else culprit.fitted(room)
