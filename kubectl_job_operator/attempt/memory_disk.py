"""Where a file can lie that never reaches a disk: Linux's ``/dev/shm``.

A file for kubectl needs a path that a person can paste while the task runs, so neither a pipe nor an open file of this
process will do: Airflow's tasks forbid other processes, kubectl among them, to look into ``/proc/PID/fd``.
"""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path("/dev/shm")  # noqa: S108 - the folders in it are made as safely as those for temporary files
_SYSTEMD = Path("/run/systemd/system")
_FIRST_UID_OF_PEOPLE = 1000


def memory_disk() -> Path | None:
    """Return the folder; ``None`` if there is none that can be relied on.

    Under systemd, whatever a person has there is removed when that person logs out, though tasks of the same user run.
    """
    if _SYSTEMD.exists() and os.getuid() >= _FIRST_UID_OF_PEOPLE:
        return None
    return _FOLDER if os.path.ismount(_FOLDER) and os.access(_FOLDER, os.W_OK | os.X_OK) else None
