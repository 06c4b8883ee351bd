"""Reads what the pods of a Job that is Complete have handed over, before anything of it is deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kubectl_job_operator import objects
from kubectl_job_operator.errors import ErrorKind, KubectlError, ResultError
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.logs import kubelet
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status, keyed, result
from kubectl_job_operator.status.result import Handed, MarkedLine, ResultSource, UnusableError

_AT_ONCE = 4
_MOST_READINGS = 4
_LONGEST_WORDS_BYTES = 8192
_MARKERS = (result.MARKER, keyed.MARKER)
_MARKER_LENGTH = max(map(len, _MARKERS))


class NoLogError(Exception):
    """The node cannot read a container's log now.

    :param words: the kubelet's own.
    """

    def __init__(self, words: str) -> None:
        super().__init__(f"The kubelet cannot read the log that the result is in: {words}.")
        self.words = words


class _Log(MarkedLine):
    """Picks the marked line out of a log, and knows it from what the kubelet says instead of one."""

    def __init__(self) -> None:
        super().__init__()
        self._beginning = self._end = b""
        self.named = ""
        """The marker that it names, wherever in a line; empty if none."""
        self.size = 0
        self.is_within_line = False
        """Whether it does not end with a newline."""

    def feed(self, chunk: bytes) -> None:
        """Take a piece of the log."""
        super().feed(chunk)
        self._beginning = (self._beginning + chunk)[:_LONGEST_WORDS_BYTES]
        end = self._end + chunk
        self.named = self.named or next((marker for marker in _MARKERS if marker.encode() in end), "")
        self._end = end[-_MARKER_LENGTH:]
        self.size += len(chunk)
        self.is_within_line = not chunk.endswith(b"\n")

    def check(self) -> None:
        """Refuse what is no log: kubectl calls it a success.

        :raises NoLogError: it can pass, as when the container runtime is started again.
        """
        words = kubelet.only_words(self._beginning.decode(errors="backslashreplace").splitlines())
        if words:
            raise NoLogError(words)


def read_result(
    kubectl: Kubectl, job: Object, pods: Sequence[Object], source: ResultSource, tell: Callable[[str], None]
) -> Any:
    """Return what a Complete Job has handed over: a JSON value, or a list of such of a Job with several pods.

    :param kubectl: reads the logs.
    :param job: the Job as it ended.
    :param pods: those of its pods that are known.
    :param source: by which way it comes.
    :param tell: takes what looks like a result and is none.
    :returns: ``None`` for nothing, also in a list.
    :raises ResultError: if it cannot be used, or is gone.
    :raises KubectlError: if the logs cannot be read.
    :raises NoLogError: if the node cannot read one now.
    """
    slots = result.slots(job, pods)
    present = [pod for pod in slots if pod is not None]
    if len(present) < job_status.succeeded_pod_count(job):
        raise _lost(job, "somebody deleted pods of the Job before it could be read")
    handed: Mapping[str, Handed | None]
    if source is ResultSource.FILE:
        handed = {objects.uid(pod): result.message_of(pod, result.main_containers(job, pod)) for pod in present}
    else:
        handed = _marked_lines(kubectl, job, present, tell)
    values = [_value(job, handed[objects.uid(pod)], source) if pod is not None else None for pod in slots]
    if result.is_list(job) or (len(values) > 1 and not kinds.is_job(job)):
        return values
    # Of a Job for one pod two may have succeeded: one whose node was lost for a while, and the one in its place.
    return values[0] if values else None


def _marked_lines(
    kubectl: Kubectl, job: Object, pods: Sequence[Object], tell: Callable[[str], None]
) -> Mapping[str, Handed | None]:
    """Read the logs of the pods' containers, a few at once; of each pod the first container with a result counts."""
    containers = [(pod, name) for pod in pods for name in result.main_containers(job, pod)]
    handed: dict[str, Handed | None] = {objects.uid(pod): None for pod in pods}
    for start in range(0, len(containers), _AT_ONCE):
        some = containers[start : start + _AT_ONCE]
        for (pod, container), line in zip(some, _read_to_the_end(kubectl, job, some), strict=True):
            found, name = line.last(), pod["metadata"]["name"]
            if found is None and line.named:
                tell(
                    f"Container {container} of pod {name} has printed {line.named} within a line, where it is no "
                    "result: what stands before it was written without a newline, perhaps to stderr."
                )
            if found is not None and handed[objects.uid(pod)] is None:
                text, size = found
                handed[objects.uid(pod)] = Handed(
                    name, container, text, size, result.LONGEST_LINE_BYTES, is_keyed=line.is_keyed
                )
    return handed


def _read_to_the_end(kubectl: Kubectl, job: Object, containers: Sequence[tuple[Object, str]]) -> list[_Log]:
    """Read logs; one that ends within a line again, until it ends so twice: a cut beyond the API server looks alike.

    A result that is whole counts where somebody has deleted the pod in between.
    """
    logs, sizes = _read_at_once(kubectl, job, containers), dict[int, int]()
    for _ in range(_MOST_READINGS - 1):
        again = [n for n, log in enumerate(logs) if log.is_within_line and log.size != sizes.get(n)]
        if not again:
            break
        sizes.update({n: logs[n].size for n in again})
        try:
            anew = _read_at_once(kubectl, job, [containers[n] for n in again])
        except ResultError:
            if not all(logs[n].is_whole for n in again):
                raise
            break
        for n, log in zip(again, anew, strict=True):
            logs[n] = log
    return logs


def _read_at_once(kubectl: Kubectl, job: Object, containers: Sequence[tuple[Object, str]]) -> list[_Log]:
    lines = [_Log() for _ in containers]
    calls = [
        kubectl.start_log(pod["metadata"]["name"], container, line.feed)
        for (pod, container), line in zip(containers, lines, strict=True)
    ]
    try:
        for call in calls:
            kubectl.finish_log(call)
    except KubectlError as error:
        kubectl.stop(*calls)
        if error.kind is ErrorKind.NOT_FOUND:
            raise _lost(job, "somebody deleted a pod of the Job before its log could be read") from error
        raise
    for line in lines:
        line.check()
    return lines


def without_log(job: Object, error: NoLogError) -> ResultError:
    """Make the error for a log that the node could not read for so long that it will hardly get better."""
    return _lost(job, f"the kubelet says: {error.words}")


def _value(job: Object, handed: Handed | None, source: ResultSource) -> Any:
    if handed is None:
        return None
    try:
        return result.value_of(handed)
    except UnusableError as error:
        where = f"container {handed.container} of pod {handed.pod}"
        problem = f"The {handed.size} bytes that came from {where} {error}"
        if source is ResultSource.FILE and handed.size >= handed.limit:
            problem += f"; {_what_is_cut(handed.limit)}"
        raise _error(job, f"{problem}.\nWhat to do: {_remedy(source, handed.limit)}") from None


def _remedy(source: ResultSource, limit: int) -> str:
    if source is ResultSource.FILE:
        return (
            f"write JSON of at most {limit} bytes to {result.PATH}; or, for up to {result.LONGEST_LINE_BYTES} bytes, "
            f'take xcom_from="logs" and print one line: {result.MARKER} and the JSON.'
        )
    return (
        f"print one line: {result.MARKER} and JSON of at most {limit} bytes; put what is longer into a store of your "
        "own, and hand over where it is."
    )


def _what_is_cut(limit: int) -> str:
    if limit == result.LONGEST_MESSAGE_BYTES:
        return "of more, Kubernetes hands over only the end"
    return (
        f"of more, Kubernetes hands over only the beginning, for all containers of a pod share "
        f"{result.LONGEST_MESSAGES_BYTES} bytes"
    )


def _lost(job: Object, why: str) -> ResultError:
    return _error(job, f"It is gone: {why}.\nWhat to do: clear the task, so that the Job runs again.")


def _error(job: Object, problem: str) -> ResultError:
    namespace, name = job["metadata"]["namespace"], job["metadata"]["name"]
    return ResultError(
        namespace, name, f"{kinds.word(job)} {namespace}/{name} is Complete, but its result cannot be used. {problem}"
    )
