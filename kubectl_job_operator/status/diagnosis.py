"""Why a Job failed: one block for a tired person, from what the cluster still knows. Pure functions over JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubectl_job_operator import objects
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import cause, job_status, pending, pod_status
from kubectl_job_operator.status import events as event_list
from kubectl_job_operator.status.failed_pods import MOST_PODS, Part, ReadLog, failed_parts
from kubectl_job_operator.status.outlook import Outlook

BRIEF_LINES = 5
"""How many last lines of the culprit's log go with the one line that says why."""

_NO_POD = "No pod of it is known any more, so there is neither an exit code nor a log."
_KEEP_PODS = 'keep the pods for a look: restartPolicy "Never" leaves them where they failed; '
_READ_ON = "read the last log lines above: the program itself ended like that."


@dataclass(frozen=True)
class Diagnosis:
    """Why a Job failed.

    :param headline: why, in one line.
    :param lines: all that the cluster knows of it, the cause before what follows from it.
    :param remedy: what to do.
    :param last_lines: what the culprit said last, where ``headline`` does not hold all of it.
    """

    headline: str
    lines: Sequence[str]
    remedy: str
    last_lines: Sequence[str] = ()


def diagnose(
    job: Object, pods: Sequence[Object], events: Sequence[Object], read_log: ReadLog, *, is_shown: bool = False
) -> Diagnosis:
    """Tell why a Job failed, from its pods and its events, and what to do.

    :param job: the Job.
    :param pods: its pods.
    :param events: events of the namespace; those of others are left out.
    :param read_log: as ``failed_parts`` has it; likewise ``is_shown``.
    """
    events = event_list.of(job, pods, events)
    failed, waiting = failed_parts(job, pods, events, read_log, is_shown=is_shown), _waiting_parts(job, pods, events)
    parts = [*failed, *waiting]
    culprit = next((part for part in parts if part.cause is not None), None)
    obstacle = waiting[0].obstacle if waiting and culprit is None else None
    verdict = job_status.verdict(job)
    headline = cause.headline(job, verdict, culprit.cause if culprit is not None else None, obstacle)
    last = culprit.last_lines if culprit is not None else ()
    is_told = len(last) == 1 and " ".join(last[0].split()) in headline
    lines = _lines(job, pods, events, parts)
    return Diagnosis(headline, lines, _remedy(job, pods, parts), () if is_told else last[-BRIEF_LINES:])


def remains(job: Object, pods: Sequence[Object], events: Sequence[Object], read_log: ReadLog, *, is_shown: bool) -> str:
    """Tell what is left to see of a Job that is gone, but not what to do; otherwise as ``diagnose``."""
    events = event_list.of(job, pods, events)
    parts = failed_parts(job, pods, events, read_log, is_shown=is_shown) + _waiting_parts(job, pods, events)
    return "\n".join(_lines(job, pods, events, parts))


def _lines(job: Object, pods: Sequence[Object], events: Sequence[Object], parts: Sequence[Part]) -> list[str]:
    """Tell all but what to do."""
    lines = [line for part in parts for line in part.lines]
    if not pods and not parts:
        lines.append(
            _NO_POD if kinds.counts_its_pods(job) else f"No pod with the labels {kinds.pod_selector(job)} is known."
        )
    elif not parts:
        phases = ", ".join(f"{pod['metadata']['name']} ({(pod.get('status') or {}).get('phase')})" for pod in pods)
        lines.append(f"No container ended with an error; its pods: {phases}.")
    noted = event_list.grouped(job, _without_what_passed(pods, events), "\n".join(lines))
    if noted:
        lines += ["Events:", *(f"  {one}" for one in noted)]
    return lines


def _without_what_passed(pods: Sequence[Object], events: Sequence[Object]) -> list[Object]:
    """Leave out what kept a pod for a moment, and has kept it no longer: its containers ran."""
    ran = {objects.uid(pod) for pod in pods if pod_status.has_started(pod)}
    return [
        event
        for event in events
        if event.get("reason") not in event_list.PASSING or (event.get("involvedObject") or {}).get("uid") not in ran
    ]


def exit_codes(pods: Sequence[Object]) -> tuple[int, ...]:
    """Return the exit codes of the containers that ended badly, each once, in the order of their pods' creation."""
    return tuple(dict.fromkeys(failed.exit_code for failed in pod_status.failed_containers(pods)))


def _waiting_parts(job: Object, pods: Sequence[Object], events: Sequence[Object]) -> list[Part]:
    """Tell of the containers that never started."""
    unended = {pod["metadata"]["name"] for pod in pods if not pod_status.has_ended(pod)} if pods else {""}
    found = pending.obstacles({**job, "status": {}}, pods, events)
    told = {one.key: one for one in found if one.outlook is not Outlook.PASSING and one.pod in unended}
    return [
        Part([f"Never started: {one}"], one.remedy, obstacle=cause.of_obstacle(one))
        for one in list(told.values())[:MOST_PODS]
    ]


def _remedy(job: Object, pods: Sequence[Object], parts: Sequence[Part]) -> str:
    """Choose what to do: the verdict's own cause, else that of the newest pod for which there is one."""
    verdict = job_status.verdict(job)
    of_parts = next((part.remedy for part in parts if part.remedy), "")
    if verdict is not None and verdict.reason == "DeadlineExceeded":
        never_ran = next((part.remedy for part in parts if part.obstacle), "")
        seconds = (job.get("spec") or {}).get("activeDeadlineSeconds")
        limit = f"activeDeadlineSeconds{f' (now {seconds})' if seconds is not None else ''}"
        return never_ran or f"raise {limit}, or find out in the log why it took so long."
    if of_parts:
        return of_parts
    if verdict is not None and verdict.reason == "PodFailurePolicy":
        return "a rule of the Job's podFailurePolicy ended it; read the lines above, or change the rule."
    if not parts and not kinds.counts_its_pods(job):
        see = f"see what it says itself: kubectl describe {kinds.target(job)}"
        return f"{see}." if pods else f"{see}; pod_selector tells which pods are its own, for their logs."
    if not pods:
        return f"{_KEEP_PODS}tail_logs_every shows their logs while they run."
    return _READ_ON
