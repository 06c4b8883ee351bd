"""What a cluster could leave behind on a machine, as sets of lines that can be compared."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.cluster.debian.commands import system_environment

Snapshot = dict[str, set[str]]

# Other programs come and go on a machine; these are those of a cluster.
PROGRAMS = (
    *("dockerd", "docker-proxy", "containerd", "containerd-shim", "containerd-shim-runc-v2", "runc", "etcd"),
    *("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns", "pause"),
)
FOLDERS = ("/etc", "/lib", "/opt", "/run", "/run/containerd", "/run/docker", "/var/lib", "/var/log")
# Counters, random numbers, and what the kernel itself keeps changing.
VOLATILE = (
    *("kernel/random/", "kernel/ns_last_pid", "kernel/pty/nr", "fs/dentry-state", "fs/file-nr", "fs/inode-nr"),
    *("fs/inode-state", "fs/aio-nr", "fs/quota/", "kernel/tainted", "kernel/perf_event_max_sample_rate"),
    *("net/netfilter/nf_conntrack_count", "kernel/keys/", "net/ipv4/conf/", "net/ipv4/neigh/", "net/ipv6/conf/"),
    *("net/ipv6/neigh/", "net/mpls/conf/", "kernel/sched_domain", "user/", "vm/stat_refresh", "fs/binfmt_misc/"),
)
LASTING = ("net/ipv4/conf/all/", "net/ipv4/conf/default/", "net/ipv6/conf/all/", "net/ipv6/conf/default/")


def take() -> Snapshot:
    """Look at the machine."""
    return {
        "processes": set(_processes()),
        "mounts": {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()},
        "interfaces": {path.name for path in Path("/sys/class/net").iterdir()},
        "routes": set(_output("ip", "route", "show", "table", "all").splitlines()),
        "rules": set(_rules()),
        "settings": set(_settings()),
        "control groups": {str(path) for path in Path("/sys/fs/cgroup").glob("*/*") if path.is_dir()},
        "files": {str(path) for folder in FOLDERS for path in Path(folder).glob("*")},
    }


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """Return a line for everything that is new, and for everything that is gone."""
    lines = []
    for kind, were in before.items():
        lines += [f"{kind}: + {line}" for line in sorted(after[kind] - were)]
        lines += [f"{kind}: - {line}" for line in sorted(were - after[kind])]
    return lines


def _processes() -> Iterator[str]:
    """Yield a cluster's programs outside of containers, with their pids."""
    own = Path("/proc/self/ns/mnt").readlink()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            name = (entry / "comm").read_text().strip()
            if name in PROGRAMS and (entry / "ns/mnt").readlink() == own:
                yield f"{name} {entry.name}"


def _rules() -> Iterator[str]:
    """Yield iptables' chains and rules; a built-in chain that lets everything through is as good as none."""
    for program in ("iptables", "ip6tables"):
        table = ""
        for line in _output(f"{program}-save").splitlines():
            if line.startswith("*"):
                table = line.removeprefix("*")
            elif line.startswith("-A") or (line.startswith(":") and " ACCEPT " not in line):
                yield f"{program} {table} {line.partition(' [')[0]}"


def _settings() -> Iterator[str]:
    """Yield the kernel's settings with their values."""
    root = Path("/proc/sys")
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if name.startswith(VOLATILE) and not name.startswith(LASTING):
            continue
        with suppress(OSError, UnicodeDecodeError):
            if path.is_file():
                yield f"{name} = {path.read_text().strip()}"


def _output(*command: str) -> str:
    return subprocess.run(command, env=system_environment(), text=True, capture_output=True, check=True).stdout
