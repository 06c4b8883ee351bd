"""A folder that only this user can enter, and of which every process can tell whether its maker still lives.

The maker holds an ``flock`` on a file in it. The kernel gives that up when the process ends, however hard, so a folder
whose lock nobody holds is one that nobody will remove any more: ``sweeping`` does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "kubectl-job-operator-"
LOCK = ".in-use"
"""The file that is locked; it says on which machine, for locks are not seen by all that share a disk."""
KEPT = ".kept"
"""The file that tells that its maker wanted the folder to stay."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class PrivateFolder:
    """A new folder (0700) in another one, in use until it is removed or kept, or this process ends.

    :param parent: where; ``None`` is the folder for temporary files.
    :raises OSError: if it cannot be made.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        self._lock = _locked(self.path / LOCK)

    def keep(self) -> None:
        """Let it stay when this process ends, until there are too many or it is too old."""
        with contextlib.suppress(OSError):  # it goes sooner then
            (self.path / KEPT).touch(mode=0o600)
        self._let_go()

    def remove(self) -> None:
        """Remove it and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._let_go()

    def _let_go(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def machine() -> tuple[str, str]:
    """Return the name of this machine, and of its kernel's life: who shares the latter sees the same locks."""
    with contextlib.suppress(OSError):
        return os.uname().nodename, _BOOT_ID.read_text().strip()
    return os.uname().nodename, ""


def _locked(file: Path) -> int | None:
    """Lock a new file and return its descriptor; ``None`` if that cannot be done.

    It says whose it is only once it is locked: until then nobody may judge by the lock.
    """
    descriptor = -1
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(descriptor, "\n".join(machine()).encode())
    except OSError:  # some network disks know no locks, and a full one takes no word
        if descriptor >= 0:
            os.close(descriptor)
            file.unlink(missing_ok=True)
        return None
    return descriptor
