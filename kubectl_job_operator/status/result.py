"""What a Job hands over as its task's result: pure functions from pods and bytes to a JSON value."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_job_operator.manifest import kinds, main_container
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import keyed, main_end, pod_status

PATH = "/airflow/xcom/return.json"
"""Where a container writes its result; the pod operator's users know it."""
MARKER = "::kubectl-job-operator/result::"
"""What a line of a container's log begins with that holds its result."""
LONGEST_MESSAGE_BYTES = 4096
"""Of a longer termination message the kubelet hands over only the end."""
LONGEST_MESSAGES_BYTES = 12 * 1024
"""Of all messages of a pod together: each container has its part, and of a longer one the beginning is handed over."""
LONGEST_LINE_BYTES = 1_048_576

_INDEX = "batch.kubernetes.io/job-completion-index"
_MARKER = MARKER.encode()
_KEYED_MARKER = keyed.MARKER.encode()
_LINE = re.compile(rb"^(?:" + re.escape(_MARKER) + rb"|" + re.escape(_KEYED_MARKER) + rb").*$", re.MULTILINE)


class ResultSource(enum.Enum):
    """By which way a result comes."""

    FILE = "file"
    LOGS = "logs"


class UnusableError(ValueError):
    """What was handed over is no result; the message says why, as the end of a sentence."""


@dataclass(frozen=True)
class Handed:
    """What one container has handed over.

    :param pod: its pod's name.
    :param container: its name.
    :param text: the bytes; of a line that is too long only its beginning.
    :param size: how many bytes there were.
    :param limit: how many there may be on its way.
    :param is_keyed: whether it is an object of which each key is also to be had alone.
    """

    pod: str
    container: str
    text: bytes
    size: int
    limit: int
    is_keyed: bool = False


class MarkedLine:
    """Picks, out of what one kubectl prints, the last line that begins with the marker; holds no more in memory.

    Where none does, the keys of all lines that begin with that of LamaAni's operator, up to the length of one line.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._dropped = 0
        self._found: tuple[bytes, int] | None = None
        self._keyed: list[bytes] = []
        self._keyed_size = 0

    @property
    def is_keyed(self) -> bool:
        """Whether what was found is an object of which each key is also to be had alone."""
        return self._found is None and self._keyed_size > 0

    @property
    def is_whole(self) -> bool:
        """Whether there is a marked line, and what stands behind the last newline is no part of another."""
        rest = self._rest
        is_part = any(rest.startswith(marker) or marker.startswith(rest) for marker in (_MARKER, _KEYED_MARKER) if rest)
        return self._found is not None and not is_part

    def feed(self, chunk: bytes) -> None:
        """Take a piece of the log."""
        data = self._rest + chunk
        first_end = data.find(b"\n")
        if first_end < 0:
            self._hold(data)
            return
        if self._dropped:
            self._note(data[:first_end], self._dropped)
            data, self._dropped = data[first_end + 1 :], 0
        end = data.rfind(b"\n") + 1
        for match in _LINE.finditer(data, 0, end):
            self._note(match[0], 0)
        self._rest = b""
        self._hold(data[end:])

    def last(self) -> tuple[bytes, int] | None:
        """Return what follows the marker, and its whole length; ``None`` if no line has one. The log has ended."""
        self._note(self._rest, self._dropped)
        self._rest, self._dropped = b"", 0
        return (keyed.merged(self._keyed), self._keyed_size) if self.is_keyed else self._found

    def _hold(self, rest: bytes) -> None:
        """Keep the beginning of a line whose end is still to come; of a line that is not marked hardly any."""
        is_held = rest.startswith((_MARKER, _KEYED_MARKER))
        longest = len(_MARKER) + (LONGEST_LINE_BYTES if is_held else 0)
        self._dropped += max(0, len(rest) - longest)
        self._rest = rest[:longest]

    def _note(self, line: bytes, dropped: int) -> None:
        if line.startswith(_MARKER):
            text = line[len(_MARKER) :]
            self._found = (text, len(text) + dropped)
        elif line.startswith(_KEYED_MARKER):
            text = line[len(_KEYED_MARKER) :]
            self._keyed_size += len(text) + dropped
            if self._keyed_size <= LONGEST_LINE_BYTES:
                self._keyed.append(text)


def is_marked(line: bytes) -> bool:
    """Whether a line of a log holds a result."""
    return line.startswith((_MARKER, _KEYED_MARKER))


def main_containers(job: Object, pod: Object) -> list[str]:
    """Return the names of a pod's containers, in the order of its spec; only the one that decides, if one does."""
    names = [container["name"] for container in pod["spec"]["containers"]]
    decides = main_container.name_in(job)
    return [decides] if decides in names else names


def message_of(pod: Object, containers: Sequence[str]) -> Handed | None:
    """Return what the first of these containers of a pod that wrote something has written; ``None`` if none has."""
    messages: dict[str, str] = {}
    for one in pod_status.container_statuses(pod):
        messages[one["name"]] = ((one.get("state") or {}).get("terminated") or {}).get("message") or ""
    for container in containers:
        text = messages.get(container, "").encode(errors="surrogatepass")
        if text:
            return Handed(pod["metadata"]["name"], container, text, len(text), message_limit(pod))
    return None


def message_limit(pod: Object) -> int:
    """Return how many bytes each of a pod's containers may hand over."""
    count = sum(len(pod["spec"].get(kind) or ()) for kind in ("initContainers", "containers"))
    return min(LONGEST_MESSAGE_BYTES, LONGEST_MESSAGES_BYTES // max(1, count))


def slots(job: Object, pods: Sequence[Object]) -> list[Object | None]:
    """Return the pods that have a result to give, in order: those that succeeded.

    Of a Job with completion indexes each index has its place, and ``None`` where no pod of it succeeded.
    """
    succeeded = [pod for pod in pod_status.by_age(pods) if main_end.gives_result(job, pod)]
    spec = (job.get("spec") or {}) if kinds.is_job(job) else {}
    if spec.get("completionMode") != "Indexed":
        return list(succeeded)
    places: list[Object | None] = [None] * int(spec.get("completions") or 0)
    for pod in succeeded:
        index = int((pod["metadata"].get("annotations") or {}).get(_INDEX, -1))
        if 0 <= index < len(places) and places[index] is None:
            places[index] = pod
    return places


def is_list(job: Object) -> bool:
    """Whether the result is a list, with a value for each pod."""
    spec = (job.get("spec") or {}) if kinds.is_job(job) else {}
    return max(spec.get("parallelism") or 1, spec.get("completions") or 1) > 1


def value_of(handed: Handed) -> Any:
    """Read the JSON.

    :raises UnusableError: if it is none, or may have been cut.
    """
    if handed.size > handed.limit == LONGEST_LINE_BYTES:
        raise UnusableError(f"are more than the {handed.limit} that a line may hold")
    try:
        value = json.loads(handed.text, parse_constant=_refuse)
    except RecursionError:
        raise UnusableError("are JSON that is nested too deeply") from None
    except UnicodeDecodeError:
        raise UnusableError("are not UTF-8") from None
    except json.JSONDecodeError as error:
        raise UnusableError(f"are not JSON ({error.msg}: line {error.lineno}, column {error.colno})") from None
    except ValueError as error:
        raise UnusableError(f"are not JSON ({error})") from None
    if handed.size >= handed.limit and isinstance(value, (int, float)) and not isinstance(value, bool):
        # A part of a longer object, list or word is no JSON, but a part of a longer number is.
        raise UnusableError("are a number that may have been longer")
    if handed.is_keyed and not isinstance(value, dict):
        raise UnusableError(f"stand behind {keyed.MARKER} and are no JSON object")
    return keyed.KeyedResult(value) if handed.is_keyed else value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no value of JSON")
