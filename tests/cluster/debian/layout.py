"""Where the running node keeps what: the paths that more than one module needs."""

from dataclasses import dataclass
from pathlib import Path

from tests.cluster.paths import node_folder

CONTEXT = "kubectl-job-operator"
NODE_NAME = "node"


@dataclass(frozen=True)
class Layout:
    """The files and folders below one node's folder."""

    folder: Path

    @property
    def kubeconfig(self) -> Path:
        """Return the administrator's kubeconfig."""
        return self.folder / "kubeconfig"

    @property
    def certificates(self) -> Path:
        """Return the folder of keys and certificates."""
        return self.folder / "pki"

    @property
    def configuration(self) -> Path:
        """Return the folder of the components' configuration files."""
        return self.folder / "etc"

    @property
    def logs(self) -> Path:
        """Return the folder of the components' logs."""
        return self.folder / "log"

    @property
    def audit_log(self) -> Path:
        """Return the API server's audit log."""
        return self.logs / "audit.log"

    @property
    def records(self) -> Path:
        """Return the folder that remembers which processes were started, and how."""
        return self.folder / "processes"

    @property
    def containerd_socket(self) -> Path:
        """Return the socket on which containerd listens."""
        return self.folder / "containerd.sock"


def layout() -> Layout:
    """Return the layout of this machine's node."""
    return Layout(node_folder())
