"""What a node takes from one pinned suite of Debian, whatever the host's own is, each in a folder of our own."""

from pathlib import Path

from . import suites

# The last one with the source of Kubernetes' server; newer ones have its client alone.
SUITE = "bookworm"
RUNTIME = ("etcd-server", "containerd", "runc", "containernetworking-plugins", "busybox-static")
# A Go that is not newer than Kubernetes' old source bears, and the one vendored library that has to be newer.
GO = "1.19"
TOOLCHAIN = (f"golang-{GO}-go", f"golang-{GO}-src", "golang-github-modern-go-reflect2-dev")


def runtime() -> Path:
    """Return the root below which what runs a node's pods is."""
    return suites.unpacked(f"node-runtime-{SUITE}", SUITE, RUNTIME)


def busybox() -> Path:
    """Return the shell of our images, which needs no library."""
    return runtime() / "bin/busybox"


def toolchain() -> Path:
    """Return the root below which what compiles Debian's Kubernetes is."""
    return suites.unpacked(f"toolchain-{SUITE}", SUITE, TOOLCHAIN)
