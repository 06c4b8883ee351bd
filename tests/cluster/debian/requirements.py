"""What a node of our own needs of the machine, checked before anything is touched."""

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.errors import MissingError
from tests.cluster.paths import node_folder

from . import processes

GO_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# The kubelet's longest socket below the node's folder, against the kernel's limit.
LONGEST_SOCKET = "kubelet/pod-resources/kubelet.sock"
SOCKET_PATH_LIMIT = 104
NO_KIND = "there is no kind with a running Docker here"
WAY_OUT = "install Docker and kind, or point KUBECTL_JOB_OPERATOR_KUBECONFIG at a cluster"


@dataclass(frozen=True)
class Machine:
    """What counts about this machine."""

    system: str
    architecture: str
    is_root: bool
    has_apt: bool
    node_folder: Path
    other_node: str = ""


def this_machine() -> Machine:
    """Look at this machine."""
    return Machine(
        system=sys.platform,
        architecture=platform.machine(),
        is_root=os.geteuid() == 0,
        has_apt=bool(shutil.which("apt-get") and shutil.which("dpkg-query")),
        node_folder=node_folder(),
        other_node=processes.foreign_node(node_folder()),
    )


def lacking(machine: Machine, why_not_kind: str = NO_KIND) -> str:
    """Return one sentence that tells what is missing and what to do, or an empty string."""
    why = ""
    if machine.system != "linux":
        why = f"a node of our own runs on Linux only, and this is {machine.system}"
    elif machine.architecture not in GO_ARCHITECTURES:
        why = (
            f"a node of our own is built for {' and '.join(GO_ARCHITECTURES)} only, and this is {machine.architecture}"
        )
    elif not machine.has_apt:
        why = "a node of our own is built from Debian's packages, and there is no apt-get"
    elif not machine.is_root:
        return f"No test cluster: {why_not_kind}, and a node of our own needs root: run it as root, {WAY_OUT}."
    elif machine.other_node:
        why = f"another Kubernetes node runs on this machine already ({machine.other_node})"
    elif len(str(machine.node_folder / LONGEST_SOCKET)) > SOCKET_PATH_LIMIT:
        why = f"the path {machine.node_folder} is too long for unix sockets (set XDG_CACHE_HOME to a shorter one)"
    return f"No test cluster: {why_not_kind}, and {why}: {WAY_OUT}." if why else ""


def require(why_not_kind: str = "") -> None:
    """Raise an error where this machine cannot run a node."""
    sentence = lacking(this_machine(), why_not_kind or NO_KIND)
    if sentence:
        raise MissingError(sentence)


def go_architecture() -> str:
    """Return the machine's architecture in Go's spelling."""
    return GO_ARCHITECTURES[platform.machine()]
