"""The images that `make e2e` builds without Docker."""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from pathlib import Path

import pytest

from tests.e2e import images


def test_the_airflow_is_the_one_of_the_dockerfile() -> None:
    version, python = re.search(
        r"^FROM apache/airflow:([\d.]+)-python([\d.]+)", (images.EXAMPLE / "Dockerfile").read_text(), re.MULTILINE
    ).groups()  # type: ignore[union-attr]
    assert (version, python) == (images.AIRFLOW_VERSION, images._PYTHON)


def test_what_our_package_needs_is_in_the_image_without_its_extras() -> None:
    names = [re.split(r"[<>=!;\[ ]", one)[0] for one in images._airflow_requirements()]
    assert {"sh", "tenacity", "rich", "jinja2"} <= set(names)
    assert "kubernetes-validate" not in names


def test_a_program_of_pypi_is_run_by_the_images_python(tmp_path: Path) -> None:
    program, other = tmp_path / "airflow", tmp_path / "other"
    program.write_text("#!/somewhere/bin/python3\nprint(1)\n")
    other.write_text("#!/bin/sh\necho 1\n")
    images._let_image_run(program)
    images._let_image_run(other)
    assert program.read_text() == "#!/usr/bin/python3.11\nprint(1)\n"
    assert other.read_text() == "#!/bin/sh\necho 1\n"


def test_an_archive_has_its_layers_in_order_and_true_digests(tmp_path: Path) -> None:
    layers = [tmp_path / "lower.tar", tmp_path / "upper.tar"]
    for layer in layers:
        layer.write_bytes(layer.name.encode())
    images._write_archive(tmp_path / "image.tar", "name:tag", {"os": "linux"}, layers)
    with tarfile.open(tmp_path / "image.tar") as tar:
        files = {name: tar.extractfile(name).read() for name in tar.getnames()}  # type: ignore[union-attr]
    (manifest,) = json.loads(files["manifest.json"])
    assert manifest["RepoTags"] == ["name:tag"]
    assert [files[name] for name in manifest["Layers"]] == [b"lower.tar", b"upper.tar"]
    digests = [f"sha256:{hashlib.sha256(layer.read_bytes()).hexdigest()}" for layer in layers]
    assert json.loads(files[manifest["Config"]])["rootfs"]["diff_ids"] == digests


def test_a_layer_is_made_once_for_a_key_and_replaces_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made: list[Path] = []

    def make(path: Path) -> None:
        made.append(path)
        path.write_text("layer")

    first = images._kept("name", ("1",), make)
    assert images._kept("name", ("1",), make) == first
    assert len(made) == 1
    second = images._kept("name", ("2",), make)
    assert second.exists()
    assert not first.exists()
