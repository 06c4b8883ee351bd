"""Where a kustomization is: a folder, looked for as templates are, or an address that kubectl fetches it from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from kubectl_job_operator.errors import InputError, TemplateError

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_REMOTE = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.:-]*://|[\w.-]+@[\w.-]+:|github\.com[/:])")
_WITH_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]*@")


def is_remote(address: str) -> bool:
    """Whether it is an address, as ``https://github.com/team/jobs//overlays/prod?ref=v1``, and no folder."""
    return bool(_REMOTE.match(address))


def holds_password(address: str) -> bool:
    """Whether an address has a password in it, which every log and list of processes would show."""
    return bool(_WITH_PASSWORD.search(address))


def find(address: str, search_path: Iterable[str | Path]) -> str:
    """Return the folder with the kustomization, by its whole path; a remote address as it is.

    :param address: an absolute path, one below a folder of the search path, or a remote address.
    :raises TemplateError: if there is no such folder, or no kustomization in it.
    :raises InputError: if the address has a password in it.
    """
    if holds_password(address):
        raise InputError(
            "The address in kustomize_dir has a password in it, which would stand in the log.\n"
            "What to do: leave it out, and give git its credentials by a helper, a .netrc or an ssh key."
        )
    if is_remote(address):
        return address
    # Not Path.resolve: a folder that is a link finds what it names where the link is.
    candidates = [Path(os.path.abspath(Path(folder, address))) for folder in search_path]  # noqa: PTH100
    if Path(address).is_absolute():
        candidates = [Path(address)]
    folders = [one for one in candidates if os.path.isdir(one)]  # noqa: PTH112 - one that may not be entered is no error
    for folder in folders:
        if is_in(folder):
            return str(folder)
    if folders:
        raise TemplateError(
            f"There is no kustomization in {folders[0]}.\n"
            f"What to do: put one of {', '.join(FILES)} there, or name the folder that has it."
        )
    places = "".join(f"\n  {candidate}" for candidate in candidates) or " nowhere: there is no search path"
    raise TemplateError(
        f"There is no folder {address!r} with a kustomization. Looked for:{places}\n"
        "What to do: put it beside the DAG's file, give an absolute path, or add the folder that holds it to the DAG's "
        "template_searchpath."
    )


def is_in(folder: Path) -> bool:
    """Whether a folder holds a kustomization."""
    return any(os.path.isfile(folder / name) for name in FILES)  # noqa: PTH113 - as above
