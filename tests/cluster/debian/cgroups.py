"""The control group below which all pods of our node live, so that they can be told from anybody else's."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.cluster.errors import ClusterError

from . import processes

MOUNT = Path("/sys/fs/cgroup")
NAME = "kubectl-job-operator"


def create(name: str = NAME) -> None:
    """Create our group in every hierarchy; the kubelet wants it to exist."""
    if (MOUNT / "cgroup.controllers").exists():
        enable = " ".join(f"+{name}" for name in (MOUNT / "cgroup.controllers").read_text().split())
        (MOUNT / "cgroup.subtree_control").write_text(enable)
    for hierarchy in _hierarchies():
        (hierarchy / name).mkdir(exist_ok=True)


def exist(name: str = NAME) -> bool:
    """Tell whether our group is there in any hierarchy."""
    return any((hierarchy / name).exists() for hierarchy in _hierarchies())


def kill_all(name: str = NAME) -> None:
    """Kill every process of every pod."""
    deadline = time.monotonic() + 15
    while pids := _members(name):
        if time.monotonic() > deadline:
            raise ClusterError(f"these processes of pods do not end: {', '.join(str(pid) for pid in sorted(pids))}")
        thaw(name)
        processes.kill(pids)


def delete(name: str = NAME) -> None:
    """Delete our group with everything below it."""
    deadline = time.monotonic() + 10
    while exist(name):
        for hierarchy in _hierarchies():
            for group in reversed(_groups_below(hierarchy / name)):
                # A group whose last process has just died stays busy for a moment.
                with suppress(OSError):
                    group.rmdir()
        if time.monotonic() > deadline:
            raise ClusterError(f"the control groups named {name} below {MOUNT} cannot be removed")


def _hierarchies() -> Iterator[Path]:
    """Yield the root of every hierarchy: one for cgroup v2, one a controller for v1."""
    if (MOUNT / "cgroup.controllers").exists():
        yield MOUNT
        return
    for folder in MOUNT.iterdir():
        # Controllers that share a hierarchy have links to it.
        if folder.is_dir() and not folder.is_symlink():
            yield folder


def thaw(name: str) -> None:
    """Let frozen processes go on, as they cannot die: a runc that was killed may have left its container frozen."""
    for hierarchy in _hierarchies():
        for group in _groups_below(hierarchy / name):
            # Only version 1 has the file, and no group at the root of a hierarchy.
            with suppress(OSError):
                if (group / "freezer.state").read_text().strip() != "THAWED":
                    (group / "freezer.state").write_text("THAWED")


def _groups_below(root: Path) -> list[Path]:
    """Return a group and all groups below it, parents first."""
    return [root, *(path for path in sorted(root.rglob("*")) if path.is_dir())] if root.exists() else []


def _members(name: str) -> set[int]:
    """Return the pids of all processes in our group."""
    pids: set[int] = set()
    for hierarchy in _hierarchies():
        for group in _groups_below(hierarchy / name):
            with suppress(OSError):
                pids.update(int(pid) for pid in (group / "cgroup.procs").read_text().split())
    # A process of another pid namespace reads as 0.
    return pids - {0}
