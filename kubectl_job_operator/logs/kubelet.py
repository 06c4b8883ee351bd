"""The kubelet's own words: it prints them where a container's lines are expected, and kubectl calls that a success."""

from __future__ import annotations

import re
from collections.abc import Sequence

_REMOVED = "keep the pod's log elsewhere if it matters: a node removes the logs of what has ended when it needs room."
_CURES = {
    r"unable to retrieve container logs for \w+://\S+": _REMOVED,
    r"failed to create fsnotify watcher: .*": "raise fs.inotify.max_user_instances on the pod's node (sysctl), for its "
    "programs use up all that there are.",
    # From Kubernetes 1.29 on it is the directory.
    r'failed to watch (?:file|directory) "[^"]*": .*': "raise fs.inotify.max_user_watches on the pod's node (sysctl), "
    "or make room on its disk.",
    r'failed to (?:try resolving symlinks in path|open log file) "[^"]*": .*': _REMOVED,
}
_WORDS = re.compile(f"(?:{'|'.join(_CURES)})$")


def at_the_end_of(text: str) -> str:
    """Return the kubelet's words at the end of what it has printed last; empty if there are none.

    They come right behind the container's last line where that has no newline.
    """
    match = _WORDS.search(text)
    return match[0] if match else ""


def only_words(lines: Sequence[str]) -> str:
    """Return the kubelet's words if a log that was read without times has nothing else; else nothing."""
    return lines[0] if len(lines) == 1 and _WORDS.match(lines[0]) else ""


def with_cure(words: str) -> str:
    """Return the words as the end of a sentence, with what to do about them where somebody knows."""
    cure = next((cure for pattern, cure in _CURES.items() if re.match(pattern, words)), "")
    return f"{words}\nWhat to do: {cure}" if cure else words
