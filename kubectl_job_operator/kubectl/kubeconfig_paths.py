"""Paths of kubeconfigs as people write them, who are used to a shell that reads them first."""

from __future__ import annotations

import os


def kubeconfig_paths(text: str) -> tuple[str, ...]:
    """Return the files that a text names: with ``~`` and ``$VAR``, several with ``:`` between them.

    A relative one is below the folder that the process runs in, where kubectl looks for it, too.
    """
    parts = [part for part in text.split(os.pathsep) if part.strip()]
    return tuple(os.path.abspath(os.path.expanduser(os.path.expandvars(part.strip()))) for part in parts)  # noqa: PTH100, PTH111


def joined_paths(paths: tuple[str, ...]) -> str:
    """Return them as the variable ``KUBECONFIG`` has them."""
    return os.pathsep.join(paths)
