"""What an exit code, a signal or OOMKilled means: pure functions from how a container ended to words, and a remedy."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

from kubectl_job_operator import objects
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status.brief import brief
from kubectl_job_operator.status.pod_status import LOST, OOM_KILLED, FailedContainer, failed_containers_in

_DISRUPTIONS = {
    "PreemptionByScheduler": "a pod of higher priority took its place",
    "EvictionByEvictionAPI": "it was evicted through the API, as by a drain of its node",
    "DeletionByTaintManager": "its node got a taint that it does not tolerate, as when the node is lost",
    "DeletionByPodGC": "its node is gone",
    "TerminationByKubelet": "the node needed its resources, or was shut down",
}
_SPARE_IT = "let the next try run it, or spare it such ends: a priorityClass, other nodes, a podFailurePolicy."
_FIND_WHO = "find out who deleted the pod; a Job with a backoffLimit above 0 starts another one."
_ABOVE_LIMIT = "raise resources.limits.ephemeral-storage or the volume's sizeLimit, or let it write less."
_LOW_NODE = "ask for what it needs by resources.requests, or use less."
_LIMIT = re.compile(r"exceed(s|ed) (the|its) .*limit")
_EXEC = re.compile(r'exec: \\?"([^"\\]+)\\?": (.*)', re.DOTALL)
_CWD = re.compile(r'chdir to cwd \("([^"]+)"\) set in config\.json failed: (.*)', re.DOTALL)
_MISSING = re.compile(r"no such file or directory|executable file not found")

_HIGHEST_SIGNAL = 64
# What containerd gives for a container whose process is gone when it starts again.
_SIGHT_LOST = 255


@dataclass(frozen=True)
class Ending:
    """What an end means.

    :param meaning: in words; empty where the exit code is the program's own.
    :param remedy: what to do; empty where only the program's log can tell.
    :param is_consequence: whether it follows from an end that is told elsewhere.
    """

    meaning: str = ""
    remedy: str = ""
    is_consequence: bool = False


DELETED_BY_SOMEBODY = Ending("somebody deleted it", _FIND_WHO)


def of_container(pod: Object, failed: FailedContainer) -> Ending:
    """Tell what the end of a container means."""
    if failed.reason == OOM_KILLED:
        return _out_of_memory(pod, failed.container)
    if failed.reason == LOST:
        return Ending("the node lost sight of it", "see what became of the node; the next try runs it again.")
    if _is_out_of_sight(failed):
        return Ending(
            "its node was started again while it ran, and knows nothing of its end",
            "see what became of the node; the next try runs it again.",
        )
    if failed.reason in ("StartError", "ContainerCannotRun"):
        return _start_error(failed)
    if failed.exit_code in (_by(signal.SIGKILL), _by(signal.SIGTERM)):
        if objects.is_being_deleted(pod):
            return _killed_with_pod(pod, failed)
        if (pod.get("status") or {}).get("reason") or disruption_of(pod):
            name = _signal_name(failed.exit_code - 128)
            return Ending(f"{name}: its node ended it with its pod", is_consequence=True)
    return _of_exit_code(failed)


def of_pod(pod: Object, *, was_deleted_by_job: bool = False) -> Ending:
    """Tell what, apart from its containers, ended a pod; an empty one where nothing did.

    :param was_deleted_by_job: whether the Job itself has deleted it.
    """
    found = pod.get("status") or {}
    reason, message = str(found.get("reason") or ""), str(found.get("message") or "").strip(" .")
    words = f": {message}" if message else ""
    why = disruption_of(pod)
    if reason == "Evicted":
        return Ending(f"it was evicted by its node{words}", _ABOVE_LIMIT if _LIMIT.search(message) else _LOW_NODE)
    if reason in ("Preempting", "Preempted"):
        return Ending(f"a pod of higher priority took its place{words}", _SPARE_IT)
    if reason == "DeadlineExceeded":
        return Ending(f"it ran longer than its own activeDeadlineSeconds{words}", "raise it in the pod's spec.")
    if why:
        return Ending(why, _SPARE_IT)
    if reason:
        remedy = "ask for what a node can give, or raise backoffLimit, so that the Job tries another node."
        return Ending(f"its node ended or refused it ({reason}){words}", remedy)
    if objects.is_being_deleted(pod):
        return Ending("the Job deleted it", is_consequence=True) if was_deleted_by_job else DELETED_BY_SOMEBODY
    return Ending()


def disruption_of(pod: Object) -> str:
    """Tell by what the cluster is about to end a pod, or has ended it; empty where it is not."""
    disruption = objects.condition(pod, "DisruptionTarget")
    if disruption.get("status") != "True":
        return ""
    return _DISRUPTIONS.get(str(disruption.get("reason")), f"it was disrupted ({disruption.get('reason')})")


def by_others(pod: Object) -> str:
    """Tell what has ended a pod that is no doing of its program: a drain, its node; empty where nothing is known."""
    if (pod.get("status") or {}).get("reason") or disruption_of(pod):
        return of_pod(pod).meaning
    lost = (one for one in failed_containers_in(pod) if one.reason == LOST or _is_out_of_sight(one))
    return next((of_container(pod, one).meaning for one in lost), "")


def _is_out_of_sight(failed: FailedContainer) -> bool:
    """Whether the node was started again under the container."""
    return failed.reason == "Unknown" and failed.exit_code == _SIGHT_LOST


def _killed_with_pod(pod: Object, failed: FailedContainer) -> Ending:
    """Tell of a container that ended because its pod was deleted."""
    if failed.exit_code == _by(signal.SIGTERM):
        return Ending("SIGTERM: it was told to end, because its pod was deleted", is_consequence=True)
    if failed.reason_before == OOM_KILLED:
        before = _out_of_memory(pod, failed.container)
        return Ending(
            f"SIGKILL: its pod was deleted; of the run before it is known that {before.meaning}", before.remedy
        )
    seconds = (pod.get("spec") or {}).get("terminationGracePeriodSeconds")
    time = f"{seconds} s" if seconds is not None else "terminationGracePeriodSeconds"
    return Ending(f"SIGKILL: its pod was deleted, and it did not end within {time} by itself", is_consequence=True)


def _start_error(failed: FailedContainer) -> Ending:
    """Tell why a container could not be started at all: the same is said of its command, of a folder, of a mount."""
    command, why = match.groups() if (match := _EXEC.search(failed.message)) else ("", "")
    folder, why_not_there = match.groups() if (match := _CWD.search(failed.message)) else ("", "")
    if _MISSING.search(why):
        return Ending(
            f"it could not be started: its command {command!r} is not in the image",
            f"mend command and args of container {failed.container}, or take an image that has it.",
        )
    if "permission denied" in why:
        return Ending(
            f"it could not be started: its command {command!r} may not be executed",
            "make the file executable in the image (chmod +x), or run it by an interpreter.",
        )
    if "exec format error" in failed.message:
        name = f" {command!r}" if command else ""
        return Ending(
            f"it could not be started: its command{name} is no program for this kind of CPU",
            "take an image that is built for the nodes' architecture, or begin the script with #!.",
        )
    if "permission denied" in why_not_there:
        return Ending(
            f"it could not be started: its working folder {folder!r} may not be entered by its user",
            f"set workingDir of container {failed.container} to a folder that its user may enter, or mend runAsUser.",
        )
    if _MISSING.search(why_not_there):
        return Ending(
            f"it could not be started: its working folder {folder!r} is not there",
            f"mend workingDir of container {failed.container}, or take an image that has it.",
        )
    words = brief(failed.message)
    return Ending(
        f"it could not be started{f': {words}' if words else ''}", "mend what the message says in the container's spec."
    )


def _of_exit_code(failed: FailedContainer) -> Ending:
    """Tell what an exit code means if nothing else is known."""
    code = failed.exit_code
    if code == 126:  # noqa: PLR2004 - the shell's
        return Ending(
            "a command in it was found, but cannot be executed",
            "make the file executable (chmod +x), and see that it is no folder and for this kind of CPU.",
        )
    if code == 127:  # noqa: PLR2004 - the shell's
        return Ending(
            "a command in it was not found",
            f"mend the name of the command or PATH, or take an image that has it; container {failed.container}.",
        )
    if code == _by(signal.SIGKILL):
        return Ending(
            "SIGKILL: something killed it, often for want of memory; the kubelet did not see it run out of its limit",
            "see how much memory it uses (a child of its process may have been the one), and what the node says.",
        )
    if code == _by(signal.SIGTERM):
        return Ending(
            "SIGTERM: something told it to end",
            "find out who: a drain of its node, a liveness probe, a kill inside; its log may say so.",
        )
    if code == _by(signal.SIGSEGV):
        return Ending(
            "SIGSEGV: it crashed in native code",
            "look at the native libraries that it uses: their versions, and whether they are built for this image.",
        )
    if _by(signal.SIGHUP) <= code <= 128 + _HIGHEST_SIGNAL:
        return Ending(
            f"{_signal_name(code - 128)}: a signal ended it", "read its last log lines: who sent it, and why?"
        )
    return Ending()


def _by(number: signal.Signals) -> int:
    """Return the exit code of a process that a signal ended."""
    return 128 + number


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _out_of_memory(pod: Object, container: str) -> Ending:
    """Tell of the limit that a container went above: its own, else its pod's, else what its node has."""
    spec = pod.get("spec") or {}
    containers = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    own = next((_memory_limit(one) for one in containers if one["name"] == container), "")
    if own:
        return Ending(
            f"it used more memory than its limit of {own}",
            f"raise resources.limits.memory of container {container}, or let it use less.",
        )
    if of_pod := _memory_limit(spec):
        return Ending(
            f"it was killed, because its pod used more memory than the pod's limit of {of_pod}",
            "raise resources.limits.memory of the pod, or let its containers use less.",
        )
    return Ending(
        "it was killed, because memory ran out on its node; it has no limit of its own",
        f"set resources.requests.memory of container {container} to what it needs, and a limit, or let it use less.",
    )


def _memory_limit(limited: Object) -> str:
    """Return the limit of a container, or of a pod as a whole; empty where there is none."""
    return str(((limited.get("resources") or {}).get("limits") or {}).get("memory") or "")
