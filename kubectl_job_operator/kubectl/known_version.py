"""The version of a kubectl that was asked once, kept in this user's cache until the program is another one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

_FOLDER = "kubectl-job-operator"
_PROGRAM_MAGIC = b"\x7fELF"
_KEPT = re.compile(r"(\d{1,4})\.(\d{1,4})\n")
_LONGEST = 32


def recall(program: str, environment: Mapping[str, str]) -> tuple[int, int] | None:
    """Return the version that this very program has told; ``None`` if it has not, or nobody can be sure.

    :param program: the whole path of kubectl.
    :param environment: kubectl's environment.
    """
    place = _place(program, environment)
    if place is None:
        return None
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, encoding="ascii", errors="replace") as file:
            found = _KEPT.fullmatch(file.read(_LONGEST)) if _is_ours(os.fstat(descriptor)) else None
    except OSError:
        return None
    return (int(found[1]), int(found[2])) if found else None


def remember(program: str, environment: Mapping[str, str], version: tuple[int, int]) -> None:
    """Keep the version that a program has told, where that can be done; that it cannot be is no harm."""
    place = _place(program, environment)
    if place is None:
        return
    with contextlib.suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(place.parent.stat()):
            return
        descriptor, new = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{version[0]}.{version[1]}\n")
        Path(new).replace(place)


def _place(program: str, environment: Mapping[str, str]) -> Path | None:
    """Return the file for a program as it now is; ``None`` for a script, which may run another kubectl each time."""
    try:
        path = os.path.realpath(program)
        with open(path, "rb") as file:  # noqa: PTH123 - realpath gives a str
            status = os.fstat(file.fileno())
            if file.read(len(_PROGRAM_MAGIC)) != _PROGRAM_MAGIC:
                return None
    except OSError:
        return None
    seen = (path, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    cache = environment.get("KUBECACHEDIR") or os.path.join(environment.get("HOME", ""), ".kube", "cache")  # noqa: PTH118
    if not os.path.isabs(cache):  # noqa: PTH117
        return None
    return Path(cache, _FOLDER, hashlib.sha256(repr(seen).encode(errors="surrogateescape")).hexdigest())


def _is_ours(status: os.stat_result) -> bool:
    """Whether nobody else can have written it."""
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
