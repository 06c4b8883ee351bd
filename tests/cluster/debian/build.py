"""Kubernetes' own binaries, compiled once from Debian's source package and kept in the user's cache folder."""

import shutil
import tempfile
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.paths import cache_folder
from tests.cluster.progress import Step, say, step

from . import packages, pinned, suites
from .commands import SYSTEM_PATH, run_logged

BINARIES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
PREFIX = "kubernetes-"
# The leading dot keeps a half-done build apart from a finished one.
UNFINISHED = ".build-"
REFLECT2 = Path("github.com/modern-go/reflect2")


def binaries() -> Path:
    """Return the folder of the binaries, building them first where there are none."""
    return cached() or _build()


def cached() -> Path | None:
    """Return the folder of the binaries that were built before, if any."""
    built = sorted(cache_folder().glob(f"{PREFIX}*"))
    return built[-1] if built else None


def _build() -> Path:
    """Build in a temporary folder and rename the result: a folder under the final name is always complete."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    for leftover in cache_folder().glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover)
    say("  Kubernetes' binaries are not there yet; building them once takes 4 to 15 minutes on two cores")
    packages.install(packages.TO_BUILD)
    workshop = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=cache_folder()))
    try:
        return _build_in(workshop)
    finally:
        shutil.rmtree(workshop)


def _build_in(workshop: Path) -> Path:
    with step("download and unpack the source package kubernetes"):
        suites.source("kubernetes", pinned.SUITE, workshop)
    tree = _source_tree(workshop)
    _replace_reflect2(tree)
    # Kubernetes' build scripts want to find the tree below GOPATH, as Debian's own rules arrange it.
    below_gopath = tree / ".go" / "src" / "k8s.io"
    below_gopath.mkdir(parents=True)
    (below_gopath / "kubernetes").symlink_to("../../..")

    log = cache_folder() / "build.log"
    log.unlink(missing_ok=True)
    with step("build Kubernetes") as under_way:
        _make(tree, log, under_way, ("make", "generated_files"), "generating code")
        for number, binary in enumerate(BINARIES, start=1):
            command = ("hack/make-rules/build.sh", f"cmd/{binary}")
            _make(tree, log, under_way, command, f"compiling {binary} ({number} of {len(BINARIES)})")
    finished = workshop / "finished"
    finished.mkdir()
    for binary in BINARIES:
        shutil.copy2(tree / "_output" / "bin" / binary, finished)
    return finished.rename(cache_folder() / f"{PREFIX}{_version(workshop)}")


def _make(tree: Path, log: Path, under_way: Step, command: tuple[str, ...], what: str) -> None:
    """Run one part of Kubernetes' own build, politely: it takes every core for minutes."""
    environment = {
        "PATH": f"{pinned.toolchain() / 'usr/lib' / f'go-{pinned.GO}' / 'bin'}:{SYSTEM_PATH}",
        "LC_ALL": "C.UTF-8",
        "HOME": str(tree),
        "GOPATH": str(tree / ".go"),
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOPROXY": "off",
    }
    under_way.say(what)
    run_logged(("nice", *command), log, under_way, what, folder=tree, environment=environment)


def _source_tree(workshop: Path) -> Path:
    """Return the folder that apt unpacked."""
    trees = [path.parent.parent for path in workshop.glob("*/cmd/kubelet")]
    if len(trees) != 1:
        raise ClusterError(f"the source package kubernetes has no cmd/kubelet where it was expected, below {workshop}")
    return trees[0]


def _version(workshop: Path) -> str:
    """Return the source package's version as its file name has it."""
    (description,) = workshop.glob("kubernetes_*.dsc")
    return description.stem.partition("_")[2]


def _replace_reflect2(tree: Path) -> None:
    """Replace the one vendored library that crashes at its first map when compiled with Go 1.18 or later."""
    vendored = tree / "vendor" / REFLECT2
    shutil.rmtree(vendored)
    shutil.copytree(pinned.toolchain() / "usr/share/gocode/src" / REFLECT2, vendored)
