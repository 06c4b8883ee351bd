"""Image archives in the format of `docker save`, written layer by layer without holding one in memory."""

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.debian.requirements import go_architecture

READ_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Recipe:
    """What an image is made of.

    :param names: what it is called, with tags.
    :param layers: tar files, the lowest first.
    :param settings: the image's `Entrypoint`, `Cmd`, `Env` and the like.
    """

    names: Sequence[str]
    layers: Sequence[Path]
    settings: Mapping[str, object] = field(default_factory=dict)


def write(target: Path, recipes: Sequence[Recipe], *, compressed: bool = False) -> None:
    """Write one archive with images; a layer that several of them have is in it once."""
    digests: dict[Path, str] = {}
    manifest = []
    with tarfile.open(target, mode="w") as tar:
        for recipe in recipes:
            for layer in recipe.layers:
                if layer not in digests:
                    digests[layer] = digest_of(layer)
                    _add_layer(tar, layer, f"{digests[layer]}/layer.tar", compressed=compressed)
            configuration = json.dumps(
                {
                    "architecture": go_architecture(),
                    "os": "linux",
                    "config": dict(recipe.settings),
                    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digests[layer]}" for layer in recipe.layers]},
                }
            ).encode()
            name = f"{hashlib.sha256(configuration).hexdigest()}.json"
            add(tar, name, configuration)
            layers = [f"{digests[layer]}/layer.tar" for layer in recipe.layers]
            manifest.append({"Config": name, "RepoTags": list(recipe.names), "Layers": layers})
        add(tar, "manifest.json", json.dumps(manifest).encode())


def add(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    """Add a file to a tar, as root's and from the beginning of time, so that equal contents make equal layers."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def add_file(tar: tarfile.TarFile, name: str, path: Path, mode: int = 0o755) -> None:
    """Add a program to a tar, in the same way."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = path.stat().st_size, mode
    with path.open("rb") as content:
        tar.addfile(entry, content)


def add_link(tar: tarfile.TarFile, name: str, target: str) -> None:
    """Add a symbolic link to a tar."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
    tar.addfile(entry)


def add_folder(tar: tarfile.TarFile, name: str, mode: int = 0o755) -> None:
    """Add an empty folder to a tar."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    tar.addfile(entry)


def digest_of(path: Path) -> str:
    """Return a file's SHA-256."""
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while block := content.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _add_layer(tar: tarfile.TarFile, layer: Path, name: str, *, compressed: bool) -> None:
    if not compressed:
        add_file(tar, name, layer, 0o644)
        return
    packed = layer.with_suffix(".packed")
    try:
        # The lowest level: what counts is how soon a node has unpacked it.
        with layer.open("rb") as content, gzip.GzipFile(packed, "wb", compresslevel=1, mtime=0) as output:
            shutil.copyfileobj(content, output, READ_BYTES)
        add_file(tar, name, packed, 0o644)
    finally:
        packed.unlink(missing_ok=True)
