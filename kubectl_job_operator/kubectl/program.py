"""Which kubectl is run: one that was named, the first on PATH, or the one beside this Python."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from kubectl_job_operator.errors import KubectlMissingError
from kubectl_job_operator.kubectl.versions import OLDEST, dotted

_NAME = "kubectl"


def program(named: str | None) -> str:
    """Return the word by which kubectl is run, and shown: the bare name where a shell finds it too.

    :param named: a path, or a name to look for on PATH; default is to look for kubectl.
    """
    if named is not None:
        return os.path.expanduser(named)  # noqa: PTH111 - pathlib raises where there is no such user
    beside = _beside_python()
    return str(beside) if shutil.which(_NAME) is None and os.access(beside, os.X_OK) else _NAME


def check(named: str | None) -> str:
    """Return the whole path of the kubectl that is run.

    :raises KubectlMissingError: if there is none.
    """
    found = shutil.which(program(named))
    if found is None:
        raise KubectlMissingError(_none_of_that_name(named) if named is not None else _none_at_all())
    return found


def how_to_install() -> str:
    """Say how to get a kubectl, for people."""
    return (
        f"install kubectl {dotted(OLDEST)} or later there, by pip install 'kubectl-job-operator[kubectl]' or into the "
        "worker's image; name one that lies elsewhere by [kubectl_job_operator] kubectl in Airflow's configuration."
    )


def _none_of_that_name(named: str) -> str:
    return (
        f"There is no program {named!r} on the machine where the task runs, which was named as its kubectl.\n"
        "What to do: mend [kubectl_job_operator] kubectl in Airflow's configuration, or leave it out, and a kubectl on "
        "PATH is taken, else one beside Python."
    )


def _none_at_all() -> str:
    return (
        f"There is no kubectl on the PATH of the machine where the task runs, nor beside its Python in "
        f"{_beside_python().parent}.\n"
        f"What to do: {how_to_install()}"
    )


def _beside_python() -> Path:
    return Path(sys.executable).with_name(_NAME)
