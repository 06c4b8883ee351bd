"""What is told of the pods that ended badly, the cause before what follows from it. Pure functions over JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import cause, exit_codes_and_oom, job_status, pod_status
from kubectl_job_operator.status.cause import Cause
from kubectl_job_operator.status.exit_codes_and_oom import Ending
from kubectl_job_operator.status.pod_status import FailedContainer

MOST_PODS = 5
LAST_LINES = 20
SHOWN_LINES = 3
"""How many of them are enough where the log shows them all."""

ReadLog = Callable[[Object, str, int], Sequence[str] | None]


@dataclass(frozen=True)
class Part:
    """What is told of one pod.

    :param lines: all of it.
    :param remedy: what to do about it; may be empty.
    :param cause: why it ended; ``None`` if that follows from something else.
    :param last_lines: what it said last, where that is its own end.
    :param obstacle: what kept it from starting; ``None`` where it has started.
    """

    lines: Sequence[str]
    remedy: str = ""
    cause: Cause | None = None
    last_lines: Sequence[str] = ()
    obstacle: Cause | None = None


@dataclass(frozen=True)
class _Shown:
    """How much of the containers' logs is shown here, and whether all of it stands elsewhere."""

    line_count: int
    is_all_told: bool = True


def failed_parts(
    job: Object, pods: Sequence[Object], events: Sequence[Object], read_log: ReadLog, *, is_shown: bool
) -> list[Part]:
    """Tell of the pods that ended badly: those that are the cause, the newest first, and then their victims.

    :param read_log: takes a pod, a container and a number; returns so many last lines of its log, or fewer; ``None``
        if it cannot be read.
    :param is_shown: whether the log shows all lines of the containers.
    """
    deleted_by_job = " ".join(
        str(event.get("message")) for event in events if event.get("reason") == "SuccessfulDelete"
    )
    verdict = job_status.verdict(job)
    named = verdict.message if verdict is not None else ""
    found: list[tuple[Object, Ending, list[FailedContainer]]] = []
    for pod in reversed(pod_status.by_age(pods)):
        ending = exit_codes_and_oom.of_pod(pod, was_deleted_by_job=pod["metadata"]["name"] in deleted_by_job)
        failed = pod_status.failed_containers_in(pod)
        if ending.meaning or failed:
            found.append((pod, ending, failed))
    # The message of a podFailurePolicy names the pod.
    found.sort(key=lambda one: (one[1].is_consequence, f"/{one[0]['metadata']['name']} " not in named))
    victims = [one[0] for one in found if _is_victim(*one)]
    if len(victims) < len(found):
        # Beside what failed by itself their ends tell nothing.
        found = [one for one in found if not _is_victim(*one)]
    else:
        victims = []
    parts: list[Part] = []
    for one in found[:MOST_PODS]:
        # What the culprit said stands in the log above, and at the end of the exception.
        is_culprit = not any(part.cause for part in parts)
        shown = _Shown(0 if is_culprit else SHOWN_LINES) if is_shown else _Shown(LAST_LINES, is_all_told=False)
        parts.append(_part(*one, read_log, shown))
    rest = found[MOST_PODS:]
    if rest:
        codes = sorted({one.exit_code for _, _, failed in rest for one in failed})
        with_codes = f", with exit code{'s' if len(codes) > 1 else ''} {_listed(codes)}" if codes else ""
        parts.append(Part([f"And {len(rest)} more pod{'s' if len(rest) > 1 else ''} failed{with_codes}."]))
    if victims:
        names = ", ".join(pod["metadata"]["name"] for pod in victims[:MOST_PODS])
        more = f" and {len(victims) - MOST_PODS} more" if len(victims) > MOST_PODS else ""
        parts.append(Part([f"Then the Job deleted {names}{more}."]))
    return parts


def _is_victim(pod: Object, ending: Ending, failed: Sequence[FailedContainer]) -> bool:
    """Whether the Job deleted a pod in which nothing had failed by itself."""
    return ending.is_consequence and all(exit_codes_and_oom.of_container(pod, one).is_consequence for one in failed)


def _part(pod: Object, ending: Ending, failed: Sequence[FailedContainer], read_log: ReadLog, shown: _Shown) -> Part:
    """Tell of one pod."""
    node, pod_name = (pod.get("spec") or {}).get("nodeName"), pod["metadata"]["name"]
    name = f"Pod {pod_name}{f' on node {node}' if node else ''}"
    ended = [(one, exit_codes_and_oom.of_container(pod, one)) for one in failed]
    ended.sort(key=lambda one: one[1].is_consequence)
    lines: list[str] = []
    # Who looks for the cause of an exit code must not be told that the pod was deleted afterwards, and the other way
    # round where the node or the cluster ended it.
    of_pod = [] if not ending.meaning or ending.is_consequence else [(cause.of_pod(pod_name, ending), ())]
    of_containers: list[tuple[Cause, Sequence[str]]] = []
    for one, meaning in ended:
        last = read_log(pod, one.container, LAST_LINES)
        lines += _container_lines(name, one, meaning, last, shown)
        if not meaning.is_consequence:
            of_containers.append((cause.of_container(one, meaning, last), last or ()))
    is_own_end = ending is exit_codes_and_oom.DELETED_BY_SOMEBODY and bool(of_containers)
    culprit = next(iter([*of_containers, *of_pod] if is_own_end else [*of_pod, *of_containers]), ())
    if ending.meaning:
        lines.insert(len(lines) if ending.is_consequence else 0, f"{name}: {ending.meaning}.")
    remedies = [*([] if is_own_end else [ending.remedy]), *(meaning.remedy for _, meaning in ended)]
    remedy = next(filter(None, remedies), "")
    return Part(lines, remedy, *culprit)


def _container_lines(
    pod: str, failed: FailedContainer, ending: Ending, last: Sequence[str] | None, shown: _Shown
) -> Iterator[str]:
    """Tell of one container that ended badly."""
    reason = f" ({failed.reason})" if failed.reason else ""
    meaning = f": {ending.meaning}." if ending.meaning else ""
    yield f"{pod}, container {failed.container}: exit code {failed.exit_code}{reason}{meaning}"
    if failed.restarts:
        yield f"  it was restarted {failed.restarts} time{'s' if failed.restarts > 1 else ''}"
    if failed.message:
        first, *rest = failed.message.strip().splitlines() or [""]
        yield f"  its termination message: {first}"
        yield from (f"    {line}" for line in rest)
    if last is None and shown.is_all_told:
        return
    if last is None:
        yield "  its log cannot be read"
    elif not last:
        yield "  it wrote no log"
    elif shown.line_count:
        told = last[-shown.line_count :]
        yield f"  its last {len(told)} log lines:" if len(told) > 1 else "  its last log line:"
        yield from (f"    {line}" for line in told)


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
