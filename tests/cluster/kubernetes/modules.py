"""Which programs are built from which pinned Go module."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.errors import ClusterError

FOLDER = Path(__file__).parent / "modules"
KUBERNETES = "kubernetes-"
COMPONENTS = (
    *("kube-apiserver", "kube-controller-manager", "kube-scheduler"),
    *("kubelet", "kube-proxy", "kubeadm", "kubectl"),
)


@dataclass(frozen=True)
class Module:
    """A folder with a `go.mod` and a `go.sum`, in which one module is asked for by name and version.

    :param name: the folder's name.
    :param path: the module that the programs come from.
    :param programs: the programs by their package's path; `.` is a `main.go` beside the `go.mod`.
    """

    name: str
    path: str
    programs: dict[str, str]

    @property
    def folder(self) -> Path:
        """Return the folder with the `go.mod`."""
        return FOLDER / self.name

    @property
    def version(self) -> str:
        """Return the pinned version, as `v1.37.2`."""
        found = re.search(
            rf"^(?:require)?\s*{re.escape(self.path)} (v\S+)(?: //.*)?$", self._text("go.mod"), re.MULTILINE
        )
        if not found:
            raise ClusterError(f"{self.folder / 'go.mod'} asks for no version of {self.path}.")
        return found[1]

    @property
    def fingerprint(self) -> str:
        """Return what changes with everything that is pinned here."""
        content = "".join(self._text(path.name) for path in sorted(self.folder.iterdir()))
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def _text(self, name: str) -> str:
        return (self.folder / name).read_text()


def kubernetes(minor: str = "") -> Module:
    """Return Kubernetes of a minor version, as `1.34`; the newest where none is named."""
    wanted = minor or minors()[-1]
    if wanted not in minors():
        raise ClusterError(f"Kubernetes {wanted} is not pinned here; there are {', '.join(minors())}.")
    programs = {name: f"k8s.io/kubernetes/cmd/{name}" for name in COMPONENTS}
    return Module(f"{KUBERNETES}{wanted}", "k8s.io/kubernetes", programs)


def minors() -> list[str]:
    """Return the minor versions of Kubernetes that are pinned here, the newest last."""
    names = [path.name.removeprefix(KUBERNETES) for path in FOLDER.glob(f"{KUBERNETES}*")]
    return sorted(names, key=lambda name: [int(number) for number in name.split(".")])


ETCD = Module("etcd", "go.etcd.io/etcd/server/v3", {"etcd": "go.etcd.io/etcd/server/v3"})
COREDNS = Module("coredns", "github.com/coredns/coredns", {"coredns": "."})
CONTAINERD = Module(
    "containerd",
    "github.com/containerd/containerd/v2",
    {
        name: f"github.com/containerd/containerd/v2/cmd/{name}"
        for name in ("containerd", "containerd-shim-runc-v2", "ctr")
    },
)
KIND = Module("kind", "sigs.k8s.io/kind", {"kind": "sigs.k8s.io/kind"})
STORAGE = Module(
    "local-path-provisioner",
    "github.com/rancher/local-path-provisioner",
    {"local-path-provisioner": "github.com/rancher/local-path-provisioner"},
)
