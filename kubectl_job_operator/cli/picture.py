"""What the live view shows of a Job and its pods: from their JSON to rows, and from rows to a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.printable import plain
from kubectl_job_operator.status import job_status, pod_status

MOST_PODS = 10

_STYLES = {"Running": "cyan", "Succeeded": "green", "Failed": "red", "Terminating": "magenta"}
_BAR_WIDTH = 30


@dataclass(frozen=True)
class PodRow:
    """A pod as the live view shows it.

    :param name: the pod's name.
    :param phase: Kubernetes' phase, or ``Terminating``.
    :param ready: containers that run or have done their work, as ``1/2``.
    :param restarts: of all its containers.
    :param node: where it runs; empty as long as nobody knows.
    :param note: what it waits for, or how it ended.
    """

    name: str
    phase: str
    ready: str
    restarts: int
    node: str
    note: str


def pod_row(pod: Object) -> PodRow:
    """Read a pod."""
    metadata, spec, state = pod["metadata"], pod.get("spec") or {}, pod.get("status") or {}
    containers = state.get("containerStatuses") or ()
    done = sum(1 for one in containers if one.get("ready") or _exit_code(one) == 0)
    phase = state.get("phase") or "Unknown"
    is_going = bool(metadata.get("deletionTimestamp")) and phase not in ("Succeeded", "Failed")
    return PodRow(
        name=plain(metadata["name"]),
        phase="Terminating" if is_going else plain(phase),
        ready=f"{done}/{len(spec.get('containers') or containers)}",
        restarts=sum(one.get("restartCount") or 0 for one in containers),
        node=plain(spec.get("nodeName") or ""),
        note=plain(_note(pod, phase)),
    )


def counts(job: Object, pods: Sequence[Object]) -> tuple[int, int]:
    """Return how many pods have succeeded, and how many must, as far as both know."""
    if not kinds.is_job(job):
        return sum(map(_has_succeeded, pods)), max(1, len(pods))
    wanted = (job.get("spec") or {}).get("completions") or (job.get("spec") or {}).get("parallelism") or 1
    counted = (job.get("status") or {}).get("succeeded") or 0
    seen = sum(map(_has_succeeded, pods))
    return min(max(counted, seen), wanted), wanted


def picture(job: Object | None, pods: Sequence[Object], elapsed_seconds: float) -> RenderableType:
    """Draw a Job and its pods; of many pods those that need a look come first."""
    clock = _clock(elapsed_seconds)
    if job is None:
        return Text(f"Starting  {clock}", style="bold")
    rows = sorted(map(pod_row, pods), key=_need)
    parts: list[RenderableType] = [_headline(job, pods, clock)]
    if rows:
        parts.append(_table(rows[:MOST_PODS]))
    if len(rows) > MOST_PODS:
        parts.append(Text(_rest(rows[MOST_PODS:]), style="dim"))
    return Group(*parts)


def _headline(job: Object, pods: Sequence[Object], clock: str) -> RenderableType:
    metadata, verdict = job["metadata"], job_status.verdict(job)
    succeeded, wanted = counts(job, pods)
    state = verdict.type if verdict else "suspended" if job_status.is_suspended(job) else "running"
    style = {job_status.COMPLETE: "green", job_status.FAILED: "red"}.get(state, "cyan")
    line = Table.grid(padding=(0, 2))
    line.add_row(
        Text.assemble((f"{kinds.word(job)} ", "bold"), (plain(f"{metadata['namespace']}/{metadata['name']}"), "bold")),
        Text(plain(state), style=style),
        ProgressBar(total=wanted, completed=succeeded, width=_BAR_WIDTH),
        f"{succeeded}/{wanted} succeeded",
        Text(clock, style="bold"),
    )
    return line


def _table(rows: Sequence[PodRow]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("POD", "PHASE", "READY", "RESTARTS", "NODE"):
        table.add_column(title, no_wrap=True)
    table.add_column("", overflow="ellipsis", no_wrap=True, ratio=1)
    for row in rows:
        cells = (row.name, Text(row.phase, style=_STYLES.get(row.phase, "yellow")), row.ready, str(row.restarts))
        table.add_row(Text(cells[0]), *cells[1:], Text(row.node), Text(row.note))
    return table


def _rest(rows: Sequence[PodRow]) -> str:
    by_phase = ", ".join(f"{count} {phase}" for phase, count in Counter(row.phase for row in rows).most_common())
    return f"and {len(rows)} more: {by_phase}"


def _need(row: PodRow) -> tuple[int, str]:
    """Sort by how much a pod needs a look: failed, waiting, running, done."""
    order = {"Failed": 0, "Pending": 1, "Unknown": 1, "Terminating": 2, "Running": 2, "Succeeded": 3}
    return order.get(row.phase, 1), row.name


def _has_succeeded(pod: Object) -> bool:
    return pod_status.phase(pod) == "Succeeded"


def _note(pod: Object, phase: str) -> str:
    failed = pod_status.failed_containers([pod])
    if failed:
        return ", ".join(f"{one.container}: exit code {one.exit_code}" + _in_brackets(one.reason) for one in failed)
    if phase == "Pending":
        return " ".join(_why_pending(pod).split())
    return ", ".join(_waiting(pod))


def _why_pending(pod: Object) -> str:
    """Tell the first thing that a pod waits for, in the cluster's own words."""
    known = pod.get("status") or {}
    for one in [*(known.get("initContainerStatuses") or ()), *(known.get("containerStatuses") or ())]:
        waiting = (one.get("state") or {}).get("waiting") or {}
        if waiting.get("reason"):
            return f"container {one['name']}: {waiting['reason']}" + _in_brackets(waiting.get("message") or "")
    for one in known.get("conditions") or ():
        if one.get("status") == "False" and one.get("reason"):
            return str(one["reason"]) + _in_brackets(one.get("message") or "")
    return str(known.get("phase") or "Pending")


def _waiting(pod: Object) -> Iterator[str]:
    for one in (pod.get("status") or {}).get("containerStatuses") or ():
        reason = ((one.get("state") or {}).get("waiting") or {}).get("reason")
        if reason:
            yield f"{one['name']}: {reason}"


def _in_brackets(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _exit_code(container: Object) -> int | None:
    ended = (container.get("state") or {}).get("terminated")
    return ended.get("exitCode") if ended else None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
