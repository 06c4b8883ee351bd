"""Packages of the host's own suite: what is installed, and what is missing."""

import subprocess
from collections.abc import Sequence

from tests.cluster.errors import ClusterError
from tests.cluster.progress import step

from .commands import output_of, system_environment

# These have one name in every Debian and Ubuntu; what has not, or must not be newer, comes from pinned.py.
TO_BUILD = ("make", "rsync", "jq", "dpkg-dev")
TO_RUN = ("iptables", "conntrack", "iproute2", "openssl", "mount")
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
