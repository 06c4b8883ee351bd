"""Which kubectl is used here, and the two questions that it is asked."""

import os
import shutil
import subprocess
from pathlib import Path

from .errors import ClusterError, MissingError
from .kubernetes import build, modules
from .paths import repository

VARIABLE = "KUBECTL_JOB_OPERATOR_KUBECTL"


def find() -> str:
    """Return the kubectl that the caller names, else that on PATH, of the virtual environment, or built here."""
    named = os.environ.get(VARIABLE, "")
    if named:
        if not shutil.which(named):
            raise MissingError(f"{VARIABLE} names {named}, but there is no such program.")
        return named
    return shutil.which("kubectl") or next((str(path) for path in _elsewhere() if path.is_file()), "")


def require() -> None:
    """Raise an error where there is no kubectl."""
    if not find():
        raise MissingError(
            "There is no kubectl: `make install` brings one, or install version 1.28 or later "
            "(https://kubernetes.io/docs/tasks/tools/#kubectl)."
        )


def ask(kubeconfig: Path, context: str, *arguments: str) -> str:
    """Run one short kubectl command against a cluster and return its stdout."""
    command = [find(), "--kubeconfig", str(kubeconfig), "--context", context, "--request-timeout=5s", *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True, capture_output=True, check=False)
    except OSError as error:
        raise ClusterError(f"kubectl cannot be started: {error}") from None
    if done.returncode:
        raise ClusterError(done.stderr.strip() or f"kubectl ended with return code {done.returncode}")
    return done.stdout


def answers(kubeconfig: Path, context: str) -> bool:
    """Tell whether the cluster's API server says that it is ready."""
    try:
        return ask(kubeconfig, context, "get", "--raw", "/readyz").strip() == "ok"
    except ClusterError:
        return False


def _elsewhere() -> list[Path]:
    """Return where a kubectl may be that is not on PATH."""
    places = [repository() / ".venv/bin/kubectl"]
    for minor in reversed(modules.minors()):
        folder = build.cached(modules.kubernetes(minor))
        places += [folder / "kubectl"] if folder else []
    return places
