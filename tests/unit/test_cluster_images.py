"""The images that stand in for those that cannot be pulled."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

from tests.cluster.debian.images import SHELL_IMAGES, root_filesystem, write_archive

if TYPE_CHECKING:
    from pathlib import Path

LINKS = ("busybox", "sh", "sleep", "env")


def layer() -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(root_filesystem(b"program", LINKS)))


def test_the_layer_has_busybox_as_an_executable_file_and_its_links_lead_to_it() -> None:
    with layer() as tar:
        busybox = tar.getmember("bin/busybox")
        assert (busybox.isreg(), busybox.mode, busybox.size) == (True, 0o755, len(b"program"))
        for name in ("bin/sh", "bin/sleep", "bin/env", "usr/bin/env"):
            link = tar.getmember(name)
            assert (link.issym(), link.linkname) == (True, "/bin/busybox"), name


def test_anyone_may_write_to_tmp_and_the_usual_users_have_names() -> None:
    with layer() as tar:
        assert (tar.getmember("tmp").isdir(), tar.getmember("tmp").mode) == (True, 0o1777)
        passwd = tar.extractfile("etc/passwd")
        assert passwd is not None
        assert [line.split(b":")[0] for line in passwd] == [b"root", b"nobody"]


def test_a_script_for_bash_finds_one() -> None:
    with layer() as tar:
        bash = tar.extractfile("bin/bash")
        assert bash is not None
        assert bash.read() == b'#!/bin/sh\nexec /bin/sh "$@"\n'


def test_no_entry_of_the_layer_is_there_twice() -> None:
    with layer() as tar:
        assert len(tar.getnames()) == len(set(tar.getnames()))


def test_the_archive_names_the_image_and_its_digests_are_true(tmp_path: Path) -> None:
    content = root_filesystem(b"program", LINKS)
    write_archive(tmp_path / "image.tar", SHELL_IMAGES, content, ("sh",), "amd64")
    with tarfile.open(tmp_path / "image.tar") as tar:
        files = {name: tar.extractfile(name).read() for name in tar.getnames()}  # type: ignore[union-attr]
    (manifest,) = json.loads(files["manifest.json"])
    assert "docker.io/library/busybox:1.36" in manifest["RepoTags"]
    (layer_name,) = manifest["Layers"]
    assert files[layer_name] == content
    configuration = json.loads(files[manifest["Config"]])
    assert manifest["Config"] == f"{hashlib.sha256(files[manifest['Config']]).hexdigest()}.json"
    assert configuration["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(content).hexdigest()}"]
    assert (configuration["architecture"], configuration["config"]["Cmd"]) == ("amd64", ["sh"])
