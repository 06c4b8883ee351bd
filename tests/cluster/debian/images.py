"""The container images: nothing can be pulled, so they are made from a static busybox."""

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

from . import pinned
from .commands import output_of
from .requirements import go_architecture

SANDBOX_IMAGE = "docker.io/kubectl-job-operator/sandbox:1"
# Beside the one that our tests name, the names that public examples use most.
SHELL_IMAGES = tuple(
    f"docker.io/library/{name}"
    for name in ("busybox:1.36", "busybox:latest", "alpine:3", "alpine:latest", "ubuntu:latest", "ubuntu:22.04")
)
FOLDERS = ("bin", "dev", "etc", "home", "proc", "root", "sys", "usr", "usr/bin", "var")
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
BASH = '#!/bin/sh\nexec /bin/sh "$@"\n'


def write_all(folder: Path) -> list[Path]:
    """Write the archive of the shell image and that of the sandbox image, and return their paths."""
    folder.mkdir(parents=True)
    layer = shell_layer()
    shell, sandbox = folder / "shell.tar", folder / "sandbox.tar"
    write_archive(shell, SHELL_IMAGES, layer, ("sh",), go_architecture())
    write_archive(sandbox, (SANDBOX_IMAGE,), layer, ("/bin/sleep", "2147483647"), go_architecture())
    return [shell, sandbox]


def shell_layer() -> bytes:
    """Return the layer of the images that have a shell."""
    busybox = pinned.busybox()
    return root_filesystem(busybox.read_bytes(), output_of((str(busybox), "--list")).split())


def root_filesystem(busybox: bytes, links: Sequence[str]) -> bytes:
    """Return a tar of a root filesystem: busybox, its links, a writable /tmp, the usual users."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in FOLDERS:
            _add(tar, folder, kind=tarfile.DIRTYPE)
        _add(tar, "tmp", kind=tarfile.DIRTYPE, mode=0o1777)
        _add(tar, "bin/busybox", content=busybox)
        for link in links:
            if link != "busybox":
                _add(tar, f"bin/{link}", kind=tarfile.SYMTYPE, target="/bin/busybox")
        # Scripts say `#!/usr/bin/env` and `bash` by habit.
        _add(tar, "usr/bin/env", kind=tarfile.SYMTYPE, target="/bin/busybox")
        _add(tar, "bin/bash", content=BASH.encode())
        for name, text in FILES.items():
            _add(tar, name, content=text.encode(), mode=0o644)
    return buffer.getvalue()


def write_archive(path: Path, names: Sequence[str], layer: bytes, command: Sequence[str], architecture: str) -> None:
    """Write a one-layer image in the format of `docker save`."""
    layer_digest = hashlib.sha256(layer).hexdigest()
    configuration = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Cmd": list(command), "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        }
    ).encode()
    configuration_name = f"{hashlib.sha256(configuration).hexdigest()}.json"
    layer_name = f"{layer_digest}/layer.tar"
    manifest = [{"Config": configuration_name, "RepoTags": list(names), "Layers": [layer_name]}]
    with tarfile.open(path, mode="w") as tar:
        _add(tar, configuration_name, content=configuration)
        _add(tar, layer_name, content=layer)
        _add(tar, "manifest.json", content=json.dumps(manifest).encode())


def _add(
    tar: tarfile.TarFile,
    name: str,
    *,
    kind: bytes = tarfile.REGTYPE,
    content: bytes = b"",
    mode: int = 0o755,
    target: str = "",
) -> None:
    """Add one entry to a tar."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.size, entry.mode, entry.linkname = kind, len(content), mode, target
    tar.addfile(entry, io.BytesIO(content))
