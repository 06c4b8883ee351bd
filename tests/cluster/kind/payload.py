"""The images inside a node: Kubernetes' own parts as kubeadm names them, CoreDNS, storage, network, and a shell."""

import re
import tarfile
from pathlib import Path

from tests.cluster.debian import images
from tests.cluster.debian.commands import output_of
from tests.cluster.kubernetes import build, modules
from tests.cluster.kubernetes.modules import Module

from . import archives, manifests, root
from .archives import Recipe

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
IPTABLES = ("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore")
PAUSE = ("/bin/sleep", "2147483647")


def write(kubernetes: Module, workshop: Path, target: Path) -> None:
    """Write one archive with all images of a node."""
    archives.write(target, _recipes(kubernetes, workshop), compressed=True)


def required(kubernetes: Module) -> dict[str, str]:
    """Return the images that kubeadm asks for, by the last word of their names."""
    kubeadm = build.programs(kubernetes) / "kubeadm"
    listing = output_of((str(kubeadm), "config", "images", "list", "--kubernetes-version", kubernetes.version))
    names = [line.strip() for line in listing.splitlines() if line.strip()]
    return {name.rpartition("/")[2].partition(":")[0]: name for name in names}


def sandbox() -> str:
    """Return the image of pods' sandboxes, as kind's own containerd configuration names it."""
    text = (manifests.base_files() / "etc/containerd/config.toml").read_text()
    (name,) = re.findall(r'^\s*sandbox_image = "([^"]+)"', text, re.MULTILINE)
    return str(name)


def _recipes(kubernetes: Module, workshop: Path) -> list[Recipe]:
    """Return all images; layers of our own are written into the workshop."""
    names = required(kubernetes)
    parts = build.programs(kubernetes)
    shell = workshop / "shell.tar"
    shell.write_bytes(images.shell_layer())
    network = (root.network(), _links(workshop))
    storage = manifests.storage_images()
    recipes = [
        _program(names[name], workshop, parts / name)
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    ]
    recipes += [
        _program(names["kube-proxy"], workshop, parts / "kube-proxy", *network),
        _program(names["etcd"], workshop, build.programs(modules.ETCD) / "etcd"),
        _program(names["coredns"], workshop, build.programs(modules.COREDNS) / "coredns", entrypoint=True),
        _program(storage["provisioner"], workshop, build.programs(modules.STORAGE) / "local-path-provisioner"),
        Recipe((manifests.NETWORK_IMAGE,), (*network, shell), {"Cmd": ["sh"], "Env": [PATH]}),
        Recipe((sandbox(), names["pause"]), (shell,), {"Entrypoint": list(PAUSE), "Env": [PATH]}),
        Recipe((*images.SHELL_IMAGES, storage["helper"]), (shell,), {"Cmd": ["sh"], "Env": [PATH]}),
    ]
    return recipes


def _program(name: str, workshop: Path, program: Path, *below: Path, entrypoint: bool = False) -> Recipe:
    """Return an image with one program."""
    layer = workshop / f"{program.name}.tar"
    with tarfile.open(layer, mode="w") as tar:
        archives.add_folder(tar, "tmp", 0o1777)
        archives.add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n")
        archives.add_file(tar, f"usr/local/bin/{program.name}", program)
    command = {"Entrypoint": [f"/usr/local/bin/{program.name}"]} if entrypoint else {"Cmd": [program.name]}
    return Recipe((name,), (*below, layer), {**command, "Env": [PATH]})


def _links(workshop: Path) -> Path:
    """Return a layer with the names under which iptables is called; Debian makes them when it is installed."""
    layer = workshop / "links.tar"
    with tarfile.open(layer, mode="w") as tar:
        for name in IPTABLES:
            archives.add_link(tar, f"usr/sbin/{name}", "xtables-nft-multi")
    return layer
