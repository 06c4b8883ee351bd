"""Why a Job failed, as far as its pods can tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubectl_job_operator.jobs.status import FailedContainer, Object, failed_containers

MOST_CONTAINERS = 5
LAST_LINES = 20

ReadLog = Callable[[str, str, int], Sequence[str]]


def account(pods: Sequence[Object], read_log: ReadLog) -> str:
    """Tell which containers ended badly, how, and what they said last.

    :param pods: the Job's pods.
    :param read_log: takes a pod, a container and a number; returns so many last lines of its log, or fewer.
    """
    if not pods:
        return "It has no pod any more, so there is nothing to tell why."
    failed = failed_containers(pods)
    if not failed:
        names = ", ".join(f"{pod['metadata']['name']} ({pod.get('status', {}).get('phase')})" for pod in pods)
        return f"No container ended with an error; its pods: {names}."
    # The newest: they are what the verdict came from.
    blocks = [_block(container, read_log) for container in failed[-MOST_CONTAINERS:]]
    if len(failed) > MOST_CONTAINERS:
        blocks.insert(0, f"{len(failed)} containers failed; these are the last {MOST_CONTAINERS}:")
    return "\n".join(blocks)


def _block(failed: FailedContainer, read_log: ReadLog) -> str:
    reason = f" ({failed.reason})" if failed.reason else ""
    lines = [f"Pod {failed.pod}, container {failed.container}: exit code {failed.exit_code}{reason}"]
    if failed.message:
        lines.append(f"  its termination message: {failed.message.strip()}")
    last = read_log(failed.pod, failed.container, LAST_LINES)
    if last:
        lines.append(f"  its last {len(last)} log lines:" if len(last) > 1 else "  its last log line:")
        lines += [f"    {line}" for line in last]
    else:
        lines.append("  it wrote no log")
    return "\n".join(lines)
