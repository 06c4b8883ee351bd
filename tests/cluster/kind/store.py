"""Puts image archives where a node's containerd finds them, with a containerd of our own that runs for this alone."""

import json
import tarfile
import time
from pathlib import Path

from tests.cluster.debian import processes
from tests.cluster.debian.commands import SYSTEM_PATH, output_of
from tests.cluster.errors import ClusterError
from tests.cluster.kubernetes import build, modules

from . import archives

INSIDE = "var/lib/containerd"
START_SECONDS = 30
IMPORT_SECONDS = 300


def layer_with(archive: Path, workshop: Path, target: Path) -> None:
    """Write a layer with the content store of a containerd into which an archive was imported."""
    programs = build.programs(modules.CONTAINERD)
    folder = workshop / "containerd"
    folder.mkdir()
    socket, configuration = folder / "containerd.sock", folder / "containerd.toml"
    # A JSON string is a TOML string too.
    configuration.write_text(
        "version = 3\n"
        f"root = {json.dumps(str(folder / 'root'))}\n"
        f"state = {json.dumps(str(folder / 'state'))}\n"
        'disabled_plugins = ["io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", '
        '"io.containerd.grpc.v1.cri", "io.containerd.nri.v1.nri"]\n'
        f"[grpc]\n  address = {json.dumps(str(socket))}\n"
        '[plugins."io.containerd.internal.v1.opt"]\n'
        f"  path = {json.dumps(str(folder / 'opt'))}\n"
    )
    command = (str(programs / "containerd"), "--config", str(configuration))
    record = processes.start(command, folder / "log", path=f"{programs}:{SYSTEM_PATH}")
    try:
        deadline = time.monotonic() + START_SECONDS
        while not socket.exists():
            if time.monotonic() > deadline or not processes.is_alive(record):
                raise ClusterError(f"containerd does not start:\n{(folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)
        # Unpacked on the node, whose file system it depends on how.
        ctr = (str(programs / "ctr"), "--address", str(socket), "--namespace", "k8s.io", "images", "import")
        output_of((*ctr, "--no-unpack", str(archive)), seconds=IMPORT_SECONDS)
    finally:
        processes.end(record)
    with tarfile.open(target, mode="w") as tar:
        archives.add_folder(tar, INSIDE, 0o711)
        for name in ("io.containerd.content.v1.content", "io.containerd.metadata.v1.bolt"):
            tar.add(folder / "root" / name, f"{INSIDE}/{name}")
