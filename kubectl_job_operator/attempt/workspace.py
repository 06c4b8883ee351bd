"""Files of a task try: its private folder, and the copy of the manifest that a user may ask for."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from kubectl_job_operator.errors import InputError, WorkspaceError
from kubectl_job_operator.kubectl.access import Access

KUBECONFIG = "kubeconfig"

_TEMPLATE_SUFFIXES = (".j2", ".jinja", ".jinja2", ".tmpl")


class Workspace:
    """A folder that only this user can enter (0700), made at once; its files only this user can read (0600)."""

    def __init__(self) -> None:
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="kubectl-job-operator-"))
        except OSError as error:
            raise _no_room(tempfile.tempdir or "TMPDIR", error) from error

    def write(self, name: str, text: str) -> Path:
        """Write a file and return its path.

        :raises WorkspaceError: if it cannot be written, as on a full disk.
        """
        try:
            return _write_private(self.folder / name, text)
        except OSError as error:
            raise _no_room(str(self.folder / name), error) from error

    def settle(self, access: Access) -> Access:
        """Put a kubeconfig that is given as text where kubectl can read it.

        :raises WorkspaceError: if it cannot be written.
        """
        if access.config_content is None:
            return access
        file = self.write(KUBECONFIG, access.config_content)
        return replace(access, config_file=str(file), config_content=None)

    def files(self) -> list[Path]:
        """Return the files that are in it, by name; none if it was removed."""
        return sorted(path for path in self.folder.glob("*") if path.is_file())

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def write_copy(folder: str, name: str, text: str) -> Path:
    """Write a file that stays where the user wants it, making the folder if need be.

    :raises InputError: if it cannot be written.
    """
    if Path(name).name != name:
        raise InputError(
            f"yaml_write_filename must be the name of a file, but is {name!r}.\n"
            "What to do: give the folder as yaml_write_path."
        )
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        return _write_private(Path(folder, name), text)
    except OSError as error:
        raise InputError(
            f"The rendered YAML cannot be written to {Path(folder, name)}: {error.strerror}.\n"
            "What to do: choose a yaml_write_path that the worker's user can write. Nothing was created in the cluster."
        ) from error


def manifest_file_name(source: str) -> str:
    """Name the rendered manifest after its template: ``countdown.yaml.j2`` gives ``countdown.yaml``."""
    name = Path(source).name
    for suffix in _TEMPLATE_SUFFIXES:
        name = name.removesuffix(suffix)
    return name if name.endswith((".yaml", ".yml", ".json")) else f"{name or 'manifest'}.yaml"


def _no_room(place: str, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"The worker cannot write {place}: {error.strerror}.\n"
        "What to do: make room in the worker's folder for temporary files, or set TMPDIR to another one."
    )


def _write_private(path: Path, text: str) -> Path:
    """Write a file for this user alone, also where there was one that others could read: it may hold a Secret."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
    return path
