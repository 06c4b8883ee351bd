"""Second choice: a cluster in Docker, made by the `kind` program from `kind-config.yaml`."""

import shutil
import subprocess

from . import kubectl
from .errors import ClusterError
from .model import Cluster
from .paths import kind_folder, repository
from .progress import step

# The name in kind-config.yaml; kind puts its own word before it for the context.
NAME = "kubectl-job-operator"
CONTEXT = f"kind-{NAME}"


def available() -> bool:
    """Tell whether kind is installed and a Docker engine really answers."""
    if not shutil.which("kind") or not shutil.which("docker"):
        return False
    try:
        answer = subprocess.run(
            ("docker", "info", "--format", "{{.ServerVersion}}"),
            timeout=20, text=True, capture_output=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return answer.returncode == 0 and bool(answer.stdout.strip())


def running() -> Cluster | None:
    """Return the cluster if it is up and answers."""
    kubeconfig = kind_folder() / "kubeconfig"
    if kubeconfig.is_file() and kubectl.answers(kubeconfig, CONTEXT):
        return Cluster(kubeconfig, CONTEXT, "kind")
    return None


def up() -> Cluster:
    """Create the cluster, in place of one that does not answer any more."""
    down()
    kind_folder().mkdir(parents=True, exist_ok=True)
    kubeconfig = kind_folder() / "kubeconfig"
    config = repository() / "kind-config.yaml"
    with step("kind create cluster (the first time it downloads its node image)"):
        _kind("create", "cluster", "--config", str(config), "--kubeconfig", str(kubeconfig), "--wait", "180s")
    cluster = running()
    if not cluster:
        raise ClusterError(f"kind created the cluster {NAME}, but its API server does not answer.")
    return cluster


def down() -> bool:
    """Delete the cluster, and tell whether there was one."""
    there = kind_folder().exists()
    if shutil.which("kind") and NAME in _kind("get", "clusters").split():
        there = True
        with step("kind delete cluster"):
            _kind("delete", "cluster", "--name", NAME, "--kubeconfig", str(kind_folder() / "kubeconfig"))
    shutil.rmtree(kind_folder(), ignore_errors=True)
    return there


def _kind(*arguments: str) -> str:
    """Run kind to its end and return its stdout."""
    command = ("kind", *arguments)
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        raise ClusterError(f"`{' '.join(command)}` ended with return code {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout
