"""The node image, built from Debian's packages and Go modules: no Dockerfile, no engine, nothing pulled."""

import hashlib
import json
import shutil
import tarfile
import tempfile
from pathlib import Path

from tests.cluster.debian import images
from tests.cluster.debian.commands import output_of
from tests.cluster.kubernetes import build, modules
from tests.cluster.kubernetes.modules import Module
from tests.cluster.paths import built_folder
from tests.cluster.progress import step

from . import archives, manifests, payload, root, store
from .archives import Recipe

NAME = "kubectl-job-operator/kind-node"
SETTINGS = {
    "Entrypoint": ["/usr/local/bin/entrypoint", "/sbin/init"],
    "Env": ["container=docker", payload.PATH],
    "StopSignal": "SIGRTMIN+3",
}
CNI_PLUGINS = ("host-local", "loopback", "ptp", "portmap")
WANTED_UNITS = ("containerd.service", "kubelet.service", "undo-mount-hacks.service")
# What decides how the image is put together, beside what it is put together of.
OWN_FILES = ("archives.py", "image.py", "manifests.py", "payload.py", "root.py", "store.py", "files/network.yaml")


def reference(kubernetes: Module) -> str:
    """Return the image's name; its tag changes with everything that is in it."""
    return f"{NAME}:{kubernetes.version}-{_fingerprint(kubernetes)}"


def archive(kubernetes: Module) -> Path:
    """Return the archive of the node image, building it first where it is not there."""
    target = built_folder() / f"kind-node-{kubernetes.version}-{_fingerprint(kubernetes)}.tar"
    return target if target.is_file() else _build(kubernetes, target)


def _fingerprint(kubernetes: Module) -> str:
    parts = (kubernetes, modules.ETCD, modules.COREDNS, modules.CONTAINERD, modules.KIND, modules.STORAGE)
    here = Path(__file__).parent
    own = [(here / name).read_text() for name in OWN_FILES] + [Path(images.__file__).read_text()]
    content = "\n".join([*(part.fingerprint for part in parts), *own])
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _build(kubernetes: Module, target: Path) -> Path:
    """Build in a temporary folder and rename the result: an archive under the final name is always complete."""
    # Whatever takes minutes is cached by itself.
    for part in (kubernetes, modules.ETCD, modules.COREDNS, modules.CONTAINERD, modules.STORAGE):
        build.programs(part)
    layers = [root.node()]
    root.network()
    workshop = Path(tempfile.mkdtemp(prefix=".image-", dir=built_folder()))
    try:
        with step(f"put the node image together (Kubernetes {kubernetes.version})"):
            payload.write(kubernetes, workshop, workshop / "payload.tar")
            store.layer_with(workshop / "payload.tar", workshop, workshop / "store.tar")
            _write_node_layer(kubernetes, workshop / "node.tar")
            layers += [workshop / "node.tar", workshop / "store.tar"]
            archives.write(workshop / "image.tar", [Recipe((reference(kubernetes),), layers, SETTINGS)])
            for older in built_folder().glob(f"kind-node-{kubernetes.version}-*.tar"):
                older.unlink()
            return (workshop / "image.tar").rename(target)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _write_node_layer(kubernetes: Module, target: Path) -> None:
    """Write the layer with everything of a node that is not Debian's."""
    base = manifests.base_files()
    with tarfile.open(target, mode="w") as tar:
        for path in sorted(path for path in base.rglob("*") if path.is_file()):
            name = path.relative_to(base).as_posix()
            mode = 0o755 if "bin/" in name else 0o644
            archives.add(tar, name, _adapted(name, path.read_text()).encode(), mode)
        archives.add(tar, "kind/version", kubernetes.version.encode())
        archives.add(tar, "kind/manifests/default-cni.yaml", manifests.network().encode())
        archives.add(tar, "kind/manifests/default-storage.yaml", manifests.storage().encode())
        archives.add(tar, "etc/containerd/cri-base.json", json.dumps(_base_spec()).encode())
        for name in ("kubelet", "kubeadm", "kubectl"):
            archives.add_file(tar, f"usr/bin/{name}", build.programs(kubernetes) / name)
        for name in modules.CONTAINERD.programs:
            archives.add_file(tar, f"usr/local/bin/{name}", build.programs(modules.CONTAINERD) / name)
        for name in CNI_PLUGINS:
            archives.add_link(tar, f"opt/cni/bin/{name}", f"/usr/lib/cni/{name}")
        for name in WANTED_UNITS:
            archives.add_link(tar, f"etc/systemd/system/multi-user.target.wants/{name}", f"/etc/systemd/system/{name}")
        archives.add_link(tar, "etc/systemd/system/systemd-binfmt.service", "/dev/null")
        archives.add_link(tar, "usr/sbin/init", "/usr/lib/systemd/systemd")
        archives.add(tar, "etc/systemd/journald.conf.d/kind.conf", b"[Journal]\nReadKMsg=no\n")
        archives.add_folder(tar, "etc/kubernetes/manifests")


def _adapted(name: str, text: str) -> str:
    """Return a file of kind's as it must be where root has not every right, and control groups may be of version 1."""
    if name == "etc/containerd/config.toml":
        return text.replace("restrict_oom_score_adj = false", "restrict_oom_score_adj = true")
    if name == "etc/default/kubelet":
        return f"{text.strip()} --fail-cgroupv1=false\n"
    return text


def _base_spec() -> dict[str, object]:
    """Return the specification that every container begins with, as kind's base image makes it."""
    ctr = build.programs(modules.CONTAINERD) / "ctr"
    spec: dict[str, dict[str, object]] = json.loads(output_of((str(ctr), "oci", "spec")))
    spec.setdefault("hooks", {})["createContainer"] = [{"path": "/kind/bin/mount-product-files.sh"}]
    spec["process"].pop("rlimits", None)
    return dict(spec)
