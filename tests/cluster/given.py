"""First choice: a cluster that the caller names. It is only asked whether it answers, never changed or taken down."""

import os
import subprocess
from pathlib import Path

from . import kubectl
from .errors import ClusterError
from .model import Cluster

KUBECONFIG = "KUBECTL_JOB_OPERATOR_KUBECONFIG"
CONTEXT = "KUBECTL_JOB_OPERATOR_CONTEXT"


def is_named() -> bool:
    """Tell whether the environment names a cluster."""
    return bool(os.environ.get(KUBECONFIG) or os.environ.get(CONTEXT))


def given() -> Cluster | None:
    """Return the cluster that the environment names, once it answered; nothing where it names none."""
    kubeconfig, context = os.environ.get(KUBECONFIG, ""), os.environ.get(CONTEXT, "")
    if not kubeconfig and not context:
        return None
    path = _readable(Path(kubeconfig)) if kubeconfig else _default_kubeconfig_with(context)
    cluster = Cluster(path, context or _current_context(path), "given")
    try:
        # /readyz is often closed to ordinary users; every cluster tells its version.
        kubectl.ask(path, cluster.context, "get", "--raw", "/version")
    except ClusterError as error:
        raise ClusterError(
            f"The cluster that {KUBECONFIG} and {CONTEXT} name (context {cluster.context} of {path}) "
            f"does not answer: {error}"
        ) from None
    return cluster


def _readable(path: Path) -> Path:
    """Return an absolute path, or raise an error where there is no such file."""
    path = path.expanduser().absolute()
    if not path.is_file():
        raise ClusterError(f"{KUBECONFIG} names {path}, but there is no such file.")
    return path


def _default_kubeconfig_with(context: str) -> Path:
    """Return that one of kubectl's own kubeconfig files that has the context."""
    names = os.environ.get("KUBECONFIG", "").split(os.pathsep)
    paths = [Path(name) for name in names if name] or [Path.home() / ".kube" / "config"]
    for path in paths:
        if path.is_file() and context in _config(path, "get-contexts", "--output=name").split():
            return path.absolute()
    looked_at = ", ".join(str(path) for path in paths)
    raise ClusterError(f"{CONTEXT} names {context}, but no kubeconfig has that context; looked at {looked_at}.")


def _current_context(path: Path) -> str:
    """Return the context that a kubeconfig file uses by default."""
    context = _config(path, "current-context").strip()
    if not context:
        raise ClusterError(f"{path} has no current-context: name one with {CONTEXT}.")
    return context


def _config(path: Path, *arguments: str) -> str:
    """Return what `kubectl config` reads from a file; an empty string where it cannot."""
    command = (kubectl.find(), "--kubeconfig", str(path), "config", *arguments)
    return subprocess.run(command, text=True, capture_output=True, check=False).stdout
