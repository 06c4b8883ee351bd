"""Debian packages: what is installed, what is missing, and the source of one of them."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.progress import step

from .commands import output_of, system_environment
from .sources import write_source_lists

TO_BUILD = ("golang-go", "gcc", "libc6-dev", "make", "rsync", "jq", "dpkg-dev", "golang-github-modern-go-reflect2-dev")
TO_RUN_NEWER = (
    *("runc", "containernetworking-plugins"),
    *("busybox-static", "iptables", "conntrack", "iproute2", "openssl"),
)
TO_RUN = ("etcd-server", "containerd", *TO_RUN_NEWER)
# Another apt may be at work, for instance an unattended upgrade.
WAIT_FOR_LOCK = ("-o", "DPkg::Lock::Timeout=300")
QUIET_INSTALL = (
    *("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qq", "--no-install-recommends"),
    *WAIT_FOR_LOCK,
)


def missing(packages: Sequence[str]) -> list[str]:
    """Return those of the packages that are not installed."""
    answer = subprocess.run(
        ("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages),
        env=system_environment(), text=True, capture_output=True, check=False,
    )  # fmt: skip
    installed = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def install(packages: Sequence[str]) -> None:
    """Install those of the packages that are missing."""
    wanted = missing(packages)
    if not wanted:
        return
    with step(f"install {len(wanted)} Debian packages ({' '.join(wanted)})"):
        command = (*QUIET_INSTALL, *wanted)
        try:
            output_of(command)
        except ClusterError:
            # The package lists are absent or out of date.
            output_of(("apt-get", "update", "-qq", *WAIT_FOR_LOCK))
            output_of(command)


def download_source(package: str, folder: Path) -> None:
    """Download and unpack a source package, without changing apt's own lists."""
    lists = folder / "apt"
    write_source_lists(Path("/etc/apt"), lists / "sources")
    (lists / "lists" / "partial").mkdir(parents=True)
    options = (
        *("-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={lists / 'sources'}"),
        *("-o", f"Dir::State::lists={lists / 'lists'}"),
        *("-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="),
        # The folder may lie below a home that apt's own user cannot enter.
        *("-o", "APT::Sandbox::User=root"),
    )
    # A foreign mirror without source packages makes the update fail; what counts is whether the package is found then.
    update = subprocess.run(
        ("apt-get", "update", "-qq", *options), env=system_environment(), text=True, capture_output=True, check=False
    )
    get = subprocess.run(
        ("apt-get", "source", "-qq", *options, package),
        cwd=folder, env=system_environment(), text=True, capture_output=True, check=False,
    )  # fmt: skip
    if get.returncode:
        raise ClusterError(
            f"apt has no source package {package} for this system:\n{update.stderr.strip()}\n{get.stderr.strip()}\n"
            "Install Docker and kind instead, or point KUBECTL_JOB_OPERATOR_KUBECONFIG at a cluster."
        )
