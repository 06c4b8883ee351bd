"""The private folder of one task try, with the manifest's file that kubectl applies."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_TEMPLATE_SUFFIXES = (".j2", ".jinja", ".jinja2", ".tmpl")


class Workspace:
    """A folder that only this user can enter (0700), made at once; its files only this user can read (0600)."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kubectl-job-operator-"))

    def write(self, name: str, text: str) -> Path:
        """Write a file and return its path."""
        path = self.folder / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def manifest_file_name(source: str) -> str:
    """Name the rendered manifest after its template: ``countdown.yaml.j2`` gives ``countdown.yaml``."""
    name = Path(source).name
    for suffix in _TEMPLATE_SUFFIXES:
        name = name.removesuffix(suffix)
    return name if name.endswith((".yaml", ".yml", ".json")) else f"{name or 'manifest'}.yaml"
