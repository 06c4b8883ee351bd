"""The root file system of a node: Debian's packages, and the few libraries that an image with iptables needs."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.debian import packages, pinned, suites
from tests.cluster.debian.commands import output_of
from tests.cluster.paths import built_folder
from tests.cluster.progress import step

# The systemd of this suite still runs on control groups of version 1.
SUITE = pinned.SUITE
NODE = (
    *("systemd", "runc", "containernetworking-plugins", "conntrack", "iptables", "nftables", "iproute2", "ethtool"),
    *("socat", "util-linux", "mount", "kmod", "e2fsprogs", "bash", "ca-certificates", "jq", "procps", "hostname"),
    "busybox-static",
)
NETWORK = ("iptables", "conntrack", "kmod")
# What systemd would start in a node although nothing there asks for it, as kind's base image removes it.
HOOK = """
cd "$1"
find lib/systemd/system/sysinit.target.wants/ -name systemd-tmpfiles-setup.service -delete
rm -f lib/systemd/system/multi-user.target.wants/* etc/systemd/system/*.wants/*
rm -f lib/systemd/system/local-fs.target.wants/* lib/systemd/system/basic.target.wants/*
rm -f lib/systemd/system/sockets.target.wants/*udev* lib/systemd/system/sockets.target.wants/*initctl*
"""
WITHOUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")


def node() -> Path:
    """Return a tar of the node's root file system."""
    return _tar("node-root", NODE, "essential", HOOK)


def network() -> Path:
    """Return a tar of iptables with its libraries, which runs nothing else."""
    return _tar("network-root", NETWORK, "extract", "")


def _tar(name: str, wanted: Sequence[str], variant: str, hook: str) -> Path:
    """Return a tar of packages with those that they depend on, made once."""
    fingerprint = hashlib.sha256(" ".join((SUITE, variant, hook, *wanted, *WITHOUT)).encode()).hexdigest()[:12]
    target = built_folder() / f"{name}-{SUITE}-{fingerprint}.tar"
    if target.is_file():
        return target
    packages.install(("mmdebstrap", suites.KEYRING_PACKAGE))
    built_folder().mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(prefix=".root-", suffix=".tar", dir=built_folder())
    os.close(handle)
    try:
        with step(f"make {name} of Debian's {SUITE}"):
            output_of(
                (
                    *("nice", "mmdebstrap", "--quiet", "--mode=root", f"--variant={variant}"),
                    *('--aptopt=APT::Install-Recommends "false"', "--include", ",".join(wanted)),
                    *(f"--dpkgopt=path-exclude={pattern}" for pattern in WITHOUT),
                    *((f"--customize-hook={hook}",) if hook else ()),
                    *(SUITE, unfinished, suites.mirror()),
                )
            )
        Path(unfinished).chmod(0o644)
        return Path(unfinished).rename(target)
    finally:
        Path(unfinished).unlink(missing_ok=True)
