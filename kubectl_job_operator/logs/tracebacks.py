"""Which lines of a log belong to a traceback: Python's, Java's, or what Go prints of a panic."""

from __future__ import annotations

import enum
import re

_WORDS = (
    "Traceback (most recent call last)",
    "\n\tat ",
    "\n    at ",
    "xception",
    "Error",
    "panic: ",
    "fatal error: ",
)

_PYTHON = re.compile(r"(?P<indent>\s*)(?P<group>\+ Exception Group )?Traceback \(most recent call last\):")
_PYTHON_LAST = re.compile(r"[A-Za-z_][\w.]*(?:: |:?$)")
_PYTHON_LINK = re.compile(r"(?:During handling of the above exception|The above exception was the direct cause)")
_JAVA = re.compile(r"Exception in thread \"|(?:[a-z][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error|Throwable)(?::|$)")
_JAVA_REST = re.compile(
    r"\s+(?:at [\w.$/<>@-]+\.[\w$<>]+\([^)]*\)(?: ~?\[.*\])?|\.\.\. \d+ (?:more|common frames omitted)|Suppressed: .*)$"
    r"|Caused by: "
)
_GO = re.compile(r"panic: |fatal error: ")
_GO_REST = re.compile(
    r"$|\t|goroutine \d+ |created by |\[signal |panic: |exit status \d+$|\.\.\.|[\w./*()\[\]{}\-]+\(.*\)$"
)


class _Kind(enum.Enum):
    PYTHON = "Python"
    PYTHON_GROUP = "Python, several at once"
    PYTHON_ENDED = "Python, after its last line"
    JAVA = "Java"
    GO = "Go"


def may_begin(text: str) -> bool:
    """Whether a traceback may begin in a text; a quick look."""
    return any(word in text for word in _WORDS) or text.startswith(("\tat ", "    at "))


class Traceback:
    """Follows the lines of one container, and knows whether the next one belongs to a traceback."""

    def __init__(self) -> None:
        self._kind: _Kind | None = None
        self._indent = 0

    @property
    def is_open(self) -> bool:
        """Whether the next line may belong to the same traceback."""
        return self._kind is not None

    def takes(self, line: str) -> bool:
        """Return whether the next line belongs to a traceback."""
        if match := _PYTHON.match(line):
            self._kind = _Kind.PYTHON_GROUP if match["group"] else _Kind.PYTHON
            self._indent = len(match["indent"])
            return True
        if self._kind is not None and self._goes_on(line):
            return True
        self._kind = None
        if _GO.match(line):
            self._kind = _Kind.GO
        elif _JAVA.match(line) or _JAVA_REST.match(line):
            self._kind = _Kind.JAVA
        return self._kind is not None

    def _goes_on(self, line: str) -> bool:
        if self._kind is _Kind.GO:
            return _GO_REST.match(line) is not None
        if self._kind is _Kind.JAVA:
            return _JAVA_REST.match(line) is not None
        if self._kind is _Kind.PYTHON_GROUP:
            return line.lstrip().startswith(("|", "+"))
        depth = len(line) - len(line.lstrip())
        if not line.strip() or depth > self._indent:
            # Of several lines are messages too.
            return True
        if self._kind is _Kind.PYTHON and depth == self._indent and _PYTHON_LAST.match(line.lstrip()):
            self._kind = _Kind.PYTHON_ENDED
            return True
        return _PYTHON_LINK.match(line.lstrip()) is not None
