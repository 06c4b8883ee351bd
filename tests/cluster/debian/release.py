"""Which Kubernetes the node runs: one that is built from Go modules, or Debian's own where no module can be had."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.errors import MissingError
from tests.cluster.kubernetes import build as modules_build
from tests.cluster.kubernetes import modules

from . import build, packages, pinned

OLDEST = "1.20"


@dataclass(frozen=True)
class Release:
    """A version of Kubernetes with what it runs beside.

    :param minor: as `1.37`.
    :param folders: where the programs are by their names.
    """

    minor: str
    folders: Mapping[str, Path]

    @property
    def is_debians(self) -> bool:
        """Tell whether it is Debian's own, which is older than most settings."""
        return self.minor == OLDEST

    def program(self, name: str) -> str:
        """Return what starts a program."""
        return str(self.folders[name] / name)


def minors() -> list[str]:
    """Return the versions that a node can have, the newest last."""
    return [OLDEST, *modules.minors()]


def choose(minor: str) -> str:
    """Return the version that is asked for, else the newest that can be had."""
    if minor and minor not in minors():
        raise MissingError(f"No node with Kubernetes {minor} can be had; there are {', '.join(minors())}.")
    if minor:
        return minor
    parts = (modules.kubernetes(), modules.ETCD, modules.CONTAINERD)
    return OLDEST if any(modules_build.lacking(part) for part in parts) else modules.minors()[-1]


def get(minor: str) -> Release:
    """Return a version whose programs are there, building and installing what is missing."""
    packages.install(packages.TO_RUN)
    if minor == OLDEST:
        debians = dict.fromkeys(("etcd", "containerd"), pinned.runtime() / "usr/bin")
        return Release(minor, {**dict.fromkeys(build.BINARIES, build.binaries()), **debians})
    parts = (modules.kubernetes(minor), modules.ETCD, modules.CONTAINERD)
    return Release(minor, {name: modules_build.programs(part) for part in parts for name in part.programs})
