"""What is kept of a failed try: a folder that only this user can enter, to look at it and to run it again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.settings import Keeping
from kubectl_job_operator.attempt.sweeping import surplus

SCRIPT = "replay.sh"

_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]+")
_OURS = re.compile(r".\.try\d+$")
_LONGEST_PART = 70
_UNFINISHED_PREFIX = ".unfinished-"
_UNFINISHED_SECONDS = 3600.0
_ATTEMPTS = 100


def folder_name(identity: Identity) -> str:
    """Return ``DAG.TASK.RUN[.MAP].tryN``, made of letters, digits and ``_.+-``.

    A part that is long or has other characters is changed; where that could make two names one, a digest follows.
    """
    parts = [identity.dag_id, identity.task_id, identity.run_id]
    safe = [_UNSAFE.sub("_", part) for part in parts]
    short = [part if len(part) <= _LONGEST_PART else f"{part[:39]}_{part[-30:]}" for part in safe]
    # Every run_id has colons, and only them: they need no digest.
    is_changed = short != [part.replace(":", "_") for part in parts]
    if is_changed:
        short[-1] += f"-{hashlib.sha256(identity.digest.encode()).hexdigest()[:8]}"
    mapped = [str(identity.map_index)] if identity.map_index >= 0 else []
    return ".".join([*short, *mapped, f"try{identity.try_number}"]).lstrip(".-")


def write_bundle(parent: Path, name: str, files: Mapping[str, str], keeping: Keeping) -> Path:
    """Write a folder of files at once: nobody ever sees half of it. Then remove the old and surplus ones.

    :param parent: the folder of all of them; made, for this user alone, if it is missing.
    :param name: the new folder's name; one of that name is replaced.
    :param files: the files' names and texts; ``replay.sh`` can be run.
    :param keeping: how many folders stay, and how long.
    :return: the new folder.
    :raises OSError: if it cannot be written.
    """
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED_PREFIX, dir=parent))
    try:
        for file_name, text in files.items():
            mode = 0o700 if file_name == SCRIPT else 0o600
            descriptor = os.open(unfinished / file_name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                os.fchmod(file.fileno(), mode)
                file.write(text)
        folder = _put_in_place(unfinished, parent / name)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _remove_surplus(parent, keeping)
    return folder


def _put_in_place(unfinished: Path, folder: Path) -> Path:
    """Rename, again and again: what is there already must go first, and others may put theirs in between."""
    away = Path(tempfile.mkdtemp(prefix=_UNFINISHED_PREFIX, dir=folder.parent))
    try:
        for attempt in range(_ATTEMPTS):
            try:
                return unfinished.rename(folder)
            except OSError:
                if folder.is_file():
                    raise
            with contextlib.suppress(FileNotFoundError):
                folder.rename(away / str(attempt))
        return unfinished.rename(folder)
    finally:
        shutil.rmtree(away, ignore_errors=True)


def _remove_surplus(parent: Path, keeping: Keeping) -> None:
    """Remove the old and surplus ones; other tries may do the same now, so that any of them may be gone already."""
    found: list[tuple[float, Path]] = []
    for path in parent.iterdir():
        with contextlib.suppress(OSError):
            made_at = path.stat().st_mtime
            if path.name.startswith(_UNFINISHED_PREFIX) and time.time() - made_at > _UNFINISHED_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
            elif _OURS.search(path.name) and (path / SCRIPT).is_file():
                found.append((made_at, path))
    for path in surplus(found, keeping):
        shutil.rmtree(path, ignore_errors=True)
