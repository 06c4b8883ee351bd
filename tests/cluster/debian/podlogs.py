"""The kubelet writes pods' logs below /var/log and cannot be told otherwise: links lead them into the node's folder."""

from pathlib import Path

VAR_LOG = Path("/var/log")
NAMES = ("pods", "containers")


def link(folder: Path) -> None:
    """Make the links, where nothing of another node's is in their place."""
    for name in NAMES:
        target = folder / name
        target.mkdir(parents=True)
        if not (VAR_LOG / name).exists():
            (VAR_LOG / name).symlink_to(target)


def unlink(folder: Path) -> None:
    """Remove the links that are ours."""
    for name in NAMES:
        path = VAR_LOG / name
        if path.is_symlink() and path.readlink() == folder / name:
            path.unlink()
