"""The two questions that kubectl is asked here."""

import shutil
import subprocess
from pathlib import Path

from .errors import ClusterError, MissingError


def require() -> None:
    """Raise an error where there is no kubectl."""
    if not shutil.which("kubectl"):
        raise MissingError(
            "kubectl is not on PATH: install version 1.28 or later (https://kubernetes.io/docs/tasks/tools/#kubectl)."
        )


def ask(kubeconfig: Path, context: str, *arguments: str) -> str:
    """Run one short kubectl command against a cluster and return its stdout."""
    command = ["kubectl", "--kubeconfig", str(kubeconfig), "--context", context, "--request-timeout=5s", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True, capture_output=True, check=False)
    if done.returncode:
        raise ClusterError(done.stderr.strip() or f"kubectl ended with return code {done.returncode}")
    return done.stdout


def answers(kubeconfig: Path, context: str) -> bool:
    """Tell whether the cluster's API server says that it is ready."""
    try:
        return ask(kubeconfig, context, "get", "--raw", "/readyz").strip() == "ok"
    except ClusterError:
        return False
