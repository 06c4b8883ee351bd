"""Puts one kubectl first on PATH, where the operator and whatever the tests start find it."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.cluster.errors import MissingError
from tests.cluster.kubectl import VARIABLE


def put_first() -> None:
    """Put the kubectl that the caller names, else the one beside this Python, first on PATH; else leave PATH alone."""
    wanted = _named() or Path(sys.executable).with_name("kubectl")
    found = shutil.which("kubectl")
    if wanted.is_file() and not (found and Path(found).samefile(wanted)):
        os.environ["PATH"] = f"{_folder_of(wanted)}{os.pathsep}{os.environ.get('PATH', '')}"


def _named() -> Path | None:
    name = os.environ.get(VARIABLE, "")
    if not name:
        return None
    program = shutil.which(name)
    if not program:
        raise MissingError(f"{VARIABLE} names {name}, but there is no such program.")
    return Path(program).absolute()


def _folder_of(program: Path) -> Path:
    """Return a folder with this kubectl and nothing else, whatever the file is called and lies beside."""
    folder = Path(tempfile.mkdtemp(prefix="kubectl-job-operator-client-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "kubectl").symlink_to(program)
    return folder
