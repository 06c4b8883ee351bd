"""Why a Job failed: one block for a tired person, from what the cluster still knows. Pure functions over JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kubectl_job_operator import objects
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import endings, job_status, pending, pod_status
from kubectl_job_operator.status import events as event_list
from kubectl_job_operator.status.endings import Ending
from kubectl_job_operator.status.outlook import Outlook
from kubectl_job_operator.status.pod_status import FailedContainer

MOST_PODS = 5
LAST_LINES = 20

ReadLog = Callable[[Object, str, int], Sequence[str] | None]

_NO_POD = "No pod of it is known any more, so there is neither an exit code nor a log."
_KEEP_PODS = 'keep the pods for a look: restartPolicy "Never" leaves them where they failed; '
_READ_ON = "read the last log lines above: the program itself ended like that."


@dataclass(frozen=True)
class _Part:
    """What is told of one pod, and what to do about it."""

    lines: Sequence[str]
    remedy: str = ""


def account(job: Object, pods: Sequence[Object], events: Sequence[Object], read_log: ReadLog) -> str:
    """Tell why a Job failed: its failed pods, the newest first, its events, and what to do.

    :param job: the Job.
    :param pods: its pods.
    :param events: events of the namespace; those of others are left out.
    :param read_log: takes a pod, a container and a number; returns so many last lines of its log, or fewer; ``None``
        if it cannot be read.
    """
    events = event_list.of(job, pods, events)
    parts = _parts(job, pods, events, read_log)
    return "\n".join([*_lines(job, pods, events, parts), f"What to do: {_remedy(job, pods, parts)}"])


def remains(job: Object, pods: Sequence[Object], events: Sequence[Object], read_log: ReadLog) -> str:
    """Tell what is left to see of a Job that is gone, as ``account`` does, but not what to do."""
    events = event_list.of(job, pods, events)
    return "\n".join(_lines(job, pods, events, _parts(job, pods, events, read_log)))


def _parts(job: Object, pods: Sequence[Object], events: Sequence[Object], read_log: ReadLog) -> list[_Part]:
    return _failed_parts(pods, events, read_log) + _waiting_parts(job, pods, events)


def _lines(job: Object, pods: Sequence[Object], events: Sequence[Object], parts: Sequence[_Part]) -> list[str]:
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
        if event.get("reason") != "FailedMount" or (event.get("involvedObject") or {}).get("uid") not in ran
    ]


def exit_codes(pods: Sequence[Object]) -> tuple[int, ...]:
    """Return the exit codes of the containers that ended badly, each once, in the order of their pods' creation."""
    return tuple(dict.fromkeys(failed.exit_code for failed in pod_status.failed_containers(pods)))


def _failed_parts(pods: Sequence[Object], events: Sequence[Object], read_log: ReadLog) -> list[_Part]:
    """Tell of the pods that ended badly."""
    deleted_by_job = " ".join(
        str(event.get("message")) for event in events if event.get("reason") == "SuccessfulDelete"
    )
    found: list[tuple[Object, Ending, list[FailedContainer]]] = []
    for pod in reversed(pod_status.by_age(pods)):
        ending = endings.of_pod(pod, was_deleted_by_job=pod["metadata"]["name"] in deleted_by_job)
        failed = pod_status.failed_containers_in(pod)
        if ending.meaning or failed:
            found.append((pod, ending, failed))
    parts = [_failed_part(*one, read_log) for one in found[:MOST_PODS]]
    rest = found[MOST_PODS:]
    if rest:
        codes = sorted({one.exit_code for _, _, failed in rest for one in failed})
        with_codes = f", with exit code{'s' if len(codes) > 1 else ''} {_listed(codes)}" if codes else ""
        parts.append(_Part([f"And {len(rest)} older pod{'s' if len(rest) > 1 else ''} failed{with_codes}."]))
    return parts


def _failed_part(pod: Object, ending: Ending, failed: Sequence[FailedContainer], read_log: ReadLog) -> _Part:
    """Tell of one pod that ended badly."""
    node = (pod.get("spec") or {}).get("nodeName")
    name = f"Pod {pod['metadata']['name']}{f' on node {node}' if node else ''}"
    lines = [f"{name}: {ending.meaning}."] if ending.meaning else []
    remedies = [ending.remedy]
    for one in failed:
        meaning = endings.of_container(pod, one)
        remedies.append(meaning.remedy)
        lines += _container_lines(name, one, meaning, read_log(pod, one.container, LAST_LINES))
    return _Part(lines, next(filter(None, remedies), ""))


def _container_lines(pod: str, failed: FailedContainer, ending: Ending, last: Sequence[str] | None) -> list[str]:
    """Tell of one container that ended badly."""
    reason = f" ({failed.reason})" if failed.reason else ""
    meaning = f": {ending.meaning}." if ending.meaning else ""
    lines = [f"{pod}, container {failed.container}: exit code {failed.exit_code}{reason}{meaning}"]
    if failed.restarts:
        lines.append(f"  it was restarted {failed.restarts} time{'s' if failed.restarts > 1 else ''}")
    if failed.message:
        first, *rest = failed.message.strip().splitlines() or [""]
        lines += [f"  its termination message: {first}", *(f"    {line}" for line in rest)]
    if last is None:
        lines.append("  its log cannot be read")
    elif last:
        lines.append(f"  its last {len(last)} log lines:" if len(last) > 1 else "  its last log line:")
        lines += [f"    {line}" for line in last]
    else:
        lines.append("  it wrote no log")
    return lines


def _waiting_parts(job: Object, pods: Sequence[Object], events: Sequence[Object]) -> list[_Part]:
    """Tell of the containers that never started."""
    unended = {pod["metadata"]["name"] for pod in pods if not pod_status.has_ended(pod)} if pods else {""}
    found = pending.obstacles({**job, "status": {}}, pods, events)
    told = {one.key: one for one in found if one.outlook is not Outlook.PASSING and one.pod in unended}
    return [_Part([f"Never started: {one}"], one.remedy) for one in list(told.values())[:MOST_PODS]]


def _remedy(job: Object, pods: Sequence[Object], parts: Sequence[_Part]) -> str:
    """Choose what to do: the verdict's own cause, else that of the newest pod for which there is one."""
    verdict = job_status.verdict(job)
    of_parts = next((part.remedy for part in parts if part.remedy), "")
    if verdict is not None and verdict.reason == "DeadlineExceeded":
        seconds = (job.get("spec") or {}).get("activeDeadlineSeconds")
        limit = f"activeDeadlineSeconds{f' (now {seconds})' if seconds is not None else ''}"
        never_ran = next((part.remedy for part in parts if part.lines[0].startswith("Never started")), "")
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


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
