"""kind-config.yaml: what it says, and a copy of it for a machine on which its port is taken."""

import os
import re
from pathlib import Path

from tests.cluster.debian.ports import free_port
from tests.cluster.errors import ClusterError
from tests.cluster.paths import repository
from tests.cluster.progress import say

# The name in the file; kind puts its own word before it for the context.
NAME = "kubectl-job-operator"
CONTEXT = f"kind-{NAME}"
IMAGE = "KUBECTL_JOB_OPERATOR_KIND_IMAGE"
HOST_PORT = re.compile(r"(?<=hostPort: )\d+")


def text() -> str:
    """Return the file as it is."""
    return (repository() / "kind-config.yaml").read_text()


def image() -> str:
    """Return the node image that the caller names, else the one of the file."""
    named = os.environ.get(IMAGE, "")
    if named:
        return named
    found = re.search(r"^\s*image: (\S+)$", text(), re.MULTILINE)
    if not found:
        raise ClusterError("kind-config.yaml names no node image.")
    return found[1]


def write(target: Path) -> None:
    """Write the configuration with a free port in place of each that something else listens on."""
    target.write_text(HOST_PORT.sub(_free, text()))


def _free(match: re.Match[str]) -> str:
    wanted = int(match[0])
    port = free_port(wanted)
    if port != wanted:
        say(f"  port {wanted} is taken on this machine: what kind-config.yaml has there is at 127.0.0.1:{port}")
    return str(port)
