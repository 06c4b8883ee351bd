"""What other tries have left in the folders for temporary files goes: at once if they died, else when it is old."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from kubectl_job_operator.attempt.private_folder import KEPT, LOCK, PREFIX, machine
from kubectl_job_operator.attempt.settings import Keeping

_DAY_SECONDS = 86_400.0
_LONGEST_NAME = 1_000


def sweep(parents: Iterable[Path], keeping: Keeping) -> None:
    """Remove the folders of tries whose process has died, and of those that were to be kept the old and surplus ones.

    Only folders of this user are touched, and never one that is in use. Whatever goes wrong is left to the next try.

    :param parents: where to look.
    :param keeping: how many, and how long, those stay that were to be kept.
    """
    for parent in parents:
        kept: list[tuple[float, Path]] = []
        with contextlib.suppress(OSError):
            for folder in parent.glob(f"{PREFIX}*"):
                with contextlib.suppress(OSError):
                    if not _is_ours(folder):
                        continue
                    if (kept_at := _kept_at(folder)) is not None:
                        kept.append((kept_at, folder))
                    elif not _remove_if_orphaned(folder) and is_old(folder.stat().st_mtime, keeping.days):
                        _remove_if_without_lock(folder)
        for folder in surplus(kept, keeping):
            shutil.rmtree(folder, ignore_errors=True)


def surplus(found: Iterable[tuple[float, Path]], keeping: Keeping) -> Sequence[Path]:
    """Return those that are too old, or older than the latest that may stay.

    :param found: folders, each behind its time.
    """
    from_old_to_new = sorted(found)
    too_many = max(0, len(from_old_to_new) - keeping.most) if keeping.most else 0
    return [
        folder
        for number, (made_at, folder) in enumerate(from_old_to_new)
        if number < too_many or is_old(made_at, keeping.days)
    ]


def is_old(made_at: float, days: float) -> bool:
    """Whether that was more than so many days ago; with 0 days nothing is ever old."""
    return bool(days) and time.time() - made_at > days * _DAY_SECONDS


def _is_ours(folder: Path) -> bool:
    about = folder.lstat()
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid()


def _kept_at(folder: Path) -> float | None:
    try:
        return (folder / KEPT).lstat().st_mtime
    except FileNotFoundError:
        return None


def _remove_if_orphaned(folder: Path) -> bool:
    """Remove a folder whose lock nobody holds any more; tell whether there is a lock that could say so."""
    try:
        # Nobody else may remove it meanwhile, and over a network only what can be written can be locked.
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        host, _, boot = os.read(lock, _LONGEST_NAME).decode(errors="replace").partition("\n")
        if not host:
            return False
        if _may_judge(host, boot):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _kept_at(folder) is None:  # its maker may have let go of it this very moment
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
    return True


def _may_judge(host: str, boot: str) -> bool:
    """Whether a lock that is free here is free everywhere, and its maker gone.

    On one running kernel all containers see the same locks. A machine, or a pod, of our name with another kernel is
    what was here before: its processes are gone. Of another machine that shares the disk nothing is known.
    """
    our_host, our_boot = machine()
    return (boot != "" and boot == our_boot) or host == our_host


def _remove_if_without_lock(folder: Path) -> None:
    """Remove an old folder that never had a lock, as those of the versions before there were any."""
    if not (folder / LOCK).exists() or not (folder / LOCK).stat().st_size:
        shutil.rmtree(folder, ignore_errors=True)
