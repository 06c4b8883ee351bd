"""The node image: what is taken over from kind's own source, and archives that an engine reads."""

from __future__ import annotations

import gzip
import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.debian import suites
from tests.cluster.errors import ClusterError
from tests.cluster.kind import archives, image, manifests
from tests.cluster.kind.archives import Recipe

SOURCE = """\
package nodeimage

const helper = "an/image:v1"
const other = `raw
"quoted"`

const manifest = `
image: ` + helper + `
end
`
"""
CONFIG = "  # (rootless)\n  restrict_oom_score_adj = false\n"


def test_a_constant_of_kinds_source_is_put_together_from_its_parts() -> None:
    assert manifests.go_constant(SOURCE, "helper") == "an/image:v1"
    assert manifests.go_constant(SOURCE, "manifest") == "\nimage: an/image:v1\nend\n"
    assert manifests.go_constant(SOURCE, "other") == 'raw\n"quoted"'


def test_a_constant_that_has_moved_is_an_error_that_names_it() -> None:
    with pytest.raises(ClusterError, match="no constant elsewhere"):
        manifests.go_constant(SOURCE, "elsewhere")


def test_the_network_is_a_template_of_kinds_with_an_image_that_is_in_the_node() -> None:
    text = manifests.network()
    assert "would you kindly template this file" in text
    assert text.count("{{") == text.count("{{ .PodSubnet }}") == 1
    assert f"image: {manifests.NETWORK_IMAGE}\n" in text


def test_kinds_files_are_adapted_to_a_root_without_every_right_and_to_old_control_groups() -> None:
    assert "restrict_oom_score_adj = true" in image._adapted("etc/containerd/config.toml", CONFIG)
    assert image._adapted("etc/default/kubelet", "KUBELET_EXTRA_ARGS=--a=b") == (
        "KUBELET_EXTRA_ARGS=--a=b --fail-cgroupv1=false\n"
    )
    assert image._adapted("kind/bin/x.sh", CONFIG) == CONFIG


@pytest.mark.parametrize("compressed", [False, True])
def test_an_archive_names_its_images_and_has_a_layer_of_several_once(tmp_path: Path, *, compressed: bool) -> None:
    below, above = tmp_path / "below.tar", tmp_path / "above.tar"
    below.write_bytes(b"below")
    above.write_bytes(b"above")
    recipes = [Recipe(("one:1", "one:2"), (below,), {"Cmd": ["sh"]}), Recipe(("two:1",), (below, above))]
    archives.write(tmp_path / "archive.tar", recipes, compressed=compressed)
    with tarfile.open(tmp_path / "archive.tar") as tar:
        assert len(tar.getnames()) == len(set(tar.getnames())) == 5
        content: dict[str, bytes] = {name: tar.extractfile(name).read() for name in tar.getnames()}  # type: ignore[union-attr]
    manifest: list[dict[str, Any]] = json.loads(content["manifest.json"])
    assert [entry["RepoTags"] for entry in manifest] == [["one:1", "one:2"], ["two:1"]]
    for entry, layers in zip(manifest, ([b"below"], [b"below", b"above"]), strict=True):
        configuration = json.loads(content[entry["Config"]])
        stored = [content[name] for name in entry["Layers"]]
        assert [gzip.decompress(layer) if compressed else layer for layer in stored] == layers
        digests = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]
        assert configuration["rootfs"]["diff_ids"] == digests


@pytest.mark.parametrize(
    ("known", "taken"),
    [
        (
            ("Other|Other|main|http://other.example/", "Debian|Debian|main|http://mirror.example/debian/"),
            "mirror.example",
        ),
        (("Ubuntu|Ubuntu|main|http://ubuntu.example/ubuntu",), "deb.debian.org"),
    ],
)
def test_debians_mirror_is_the_one_that_apt_uses_or_debians_own(
    known: tuple[str, ...], taken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in known))
    apt.chmod(0o755)
    monkeypatch.setattr("tests.cluster.debian.commands.SYSTEM_PATH", f"{tmp_path}:/usr/bin:/bin")
    assert suites.mirror().rstrip("/") == f"http://{taken}/debian"


def test_packages_and_sources_come_from_the_suite_that_is_asked_for_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def output_of(command: tuple[str, ...], **_: object) -> str:
        asked.append(command)
        return ""

    monkeypatch.setattr("tests.cluster.debian.packages.missing", lambda _: [])
    monkeypatch.setattr(suites, "mirror", lambda: "http://mirror.example/debian")
    monkeypatch.setattr(suites, "output_of", output_of)
    suites.source("kubernetes", "bookworm", tmp_path)
    update, source = asked
    assert update[:2] == ("apt-get", "update")
    assert (source[:2], source[-1]) == (("apt-get", "source"), "kubernetes")
    assert "Dir::Etc::sourceparts=/dev/null" in set(update) & set(source)
    (line,) = (tmp_path / "apt/sources.list").read_text().splitlines()
    assert line.startswith("deb-src [signed-by=/")
    assert line.endswith("] http://mirror.example/debian bookworm main")
