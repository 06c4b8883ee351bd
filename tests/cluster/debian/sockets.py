"""The sockets of containerd's shims: they lie outside the node's folder, and a killed shim leaves its own behind."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

FOLDER = Path("/run/containerd/s")


def of(pids: Iterable[int]) -> set[Path]:
    """Return the files of the shim sockets that processes hold open."""
    held: set[str] = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
            with suppress(OSError):
                held.add(str(descriptor.readlink()))
    found = set()
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split()
        if len(fields) == 8 and f"socket:[{fields[6]}]" in held and Path(fields[7]).parent == FOLDER:
            found.add(Path(fields[7]))
    return found


def delete(files: Iterable[Path]) -> None:
    """Delete socket files, and their folders once nothing of anybody's is in them."""
    for file in files:
        file.unlink(missing_ok=True)
    for folder in (FOLDER, FOLDER.parent):
        with suppress(OSError):
            folder.rmdir()
