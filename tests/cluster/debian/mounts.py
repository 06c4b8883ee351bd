"""What is mounted below the node's folder: by the kubelet for volumes, by containerd for containers and networks."""

from pathlib import Path

from tests.cluster.errors import ClusterError

from .commands import output_of


def below(folder: Path, table: str | None = None) -> list[Path]:
    """Return the mount points below a folder in the kernel's table, the deepest ones first."""
    text = Path("/proc/self/mountinfo").read_text() if table is None else table
    # The kernel writes spaces and the like in octal.
    points = [Path(line.split()[4].encode().decode("unicode_escape")) for line in text.splitlines()]
    return [point for point in reversed(points) if folder in point.parents]


def unmount_below(folder: Path) -> None:
    """Unmount everything below a folder, so that removing it never reaches into what was mounted there."""
    for point in below(folder):
        _unmount(point)
    left = below(folder)
    if left:
        raise ClusterError(f"these cannot be unmounted: {', '.join(str(point) for point in left)}")


def _unmount(point: Path) -> None:
    """Unmount one mount point."""
    try:
        output_of(("umount", str(point)))
    except ClusterError:
        # Something still looks at it; detached now, it goes when the last one stops looking.
        output_of(("umount", "--lazy", str(point)))
