"""Files of a task try: its private folder, and the copy of the manifest that a user may ask for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kubectl_job_operator.attempt.memory_disk import memory_disk
from kubectl_job_operator.attempt.private_folder import PrivateFolder
from kubectl_job_operator.attempt.settings import Keeping
from kubectl_job_operator.attempt.sweeping import sweep
from kubectl_job_operator.errors import InputError, WorkspaceError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.manifest.documents import Document
from kubectl_job_operator.manifest.masking import Mask, hides_something, masks_nothing
from kubectl_job_operator.manifest.yaml_text import dump_all

KUBECONFIG = "kubeconfig"

_TEMPLATE_SUFFIXES = (".j2", ".jinja", ".jinja2", ".tmpl")


class Workspace:
    """Two folders that only this user can enter (0700): one for files, and one in memory for those that hold secrets.

    Both are known to be in use as long as this process lives; what a process that was killed has left goes with the
    next ``sweep``. The one in memory is made when it is needed, and is the other where there is no memory to be used.

    :param mask: replaces the secrets that its maker knows in a text.
    :raises WorkspaceError: if there is no room.
    """

    def __init__(self, mask: Mask = masks_nothing) -> None:
        self._mask = mask
        try:
            self._private = PrivateFolder()
        except OSError as error:
            raise _no_room(tempfile.tempdir or "TMPDIR", error) from error
        self._secret: PrivateFolder | None = None
        self.kubeconfig: Path | None = None
        """The kubeconfig that ``settle`` has written; ``None`` if there was none to write."""

    @property
    def folder(self) -> Path:
        """The one for files."""
        return self._private.path

    @property
    def secret_folder(self) -> Path:
        """The one for secrets."""
        return self.folder if self._secret is None else self._secret.path

    def write_documents(self, name: str, documents: Sequence[Document]) -> Path:
        """Write documents as YAML, in memory if there is anything secret in them, and return the file's path.

        :raises WorkspaceError: if it cannot be written, as on a full disk.
        """
        is_secret = hides_something(documents, self._mask)
        return self._write(name, dump_all(documents), is_secret=is_secret)

    def settle(self, access: Access) -> Access:
        """Put a kubeconfig that is given as text where kubectl can read it.

        :raises WorkspaceError: if it cannot be written; nothing is left then.
        """
        if access.config_content is None:
            return access
        try:
            self.kubeconfig = self._write(KUBECONFIG, access.config_content, is_secret=True)
        except WorkspaceError:
            self.remove()
            raise
        return replace(access, config_file=str(self.kubeconfig), config_content=None)

    def files(self) -> list[Path]:
        """Return the files that were written, by name; none if they were removed."""
        folders = {self.folder, self.secret_folder}
        found = [path for folder in folders for path in folder.glob("[!.]*") if path.is_file()]
        return sorted(found, key=lambda path: path.name)

    def keep(self) -> None:
        """Let the files stay when this process ends, but none that holds a secret."""
        self._remove_secret_folder()
        self._private.keep()

    def remove(self) -> None:
        """Remove the folders and all that is in them."""
        self._remove_secret_folder()
        self._private.remove()

    def _write(self, name: str, text: str, *, is_secret: bool) -> Path:
        if is_secret and (file := self._written_in_memory(name, text)) is not None:
            return file
        path = self.folder / name
        try:
            return _write_private(path, text)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise _no_room(str(path), error) from error

    def _written_in_memory(self, name: str, text: str) -> Path | None:
        """Write a file that never reaches a disk; ``None`` if that cannot be done, as where containers have few MB."""
        place = memory_disk()
        if self._secret is None and place is None:
            return None
        try:
            self._secret = self._secret or PrivateFolder(place)
            return _write_private(self._secret.path / name, text)
        except OSError:
            (self.secret_folder / name).unlink(missing_ok=True)
            return None

    def _remove_secret_folder(self) -> None:
        if self._secret is not None:
            self._secret.remove()


def sweep_workspaces(keeping: Keeping) -> None:
    """Remove what tries that were killed have left, and what failed ones have, beyond what may stay."""
    sweep({Path(tempfile.gettempdir()), *filter(None, [memory_disk()])}, keeping)


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
