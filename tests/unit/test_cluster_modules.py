"""What is built from Go modules: pinned, with checksums, kept under all that decides what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.errors import ClusterError, MissingError
from tests.cluster.kubernetes import build, modules
from tests.cluster.kubernetes.modules import Module

# It writes what it is asked for: the file after -o, or in that folder a file for each package that follows.
GO = """#!/bin/sh
echo "$*" >> "{calls}"
while [ $# -gt 0 ] && [ "$1" != -o ]; do shift; done
[ $# -gt 0 ] || exit 0
target=$2; shift 2
case "$target" in
    */) for package; do echo built > "$target${{package##*/}}"; done ;;
    *) echo built > "$target" ;;
esac
"""


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a scripted go on PATH, and return the file with its calls."""
    calls = tmp_path / "calls"
    program = tmp_path / "bin" / "go"
    program.parent.mkdir()
    program.write_text(GO.format(calls=calls))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return calls


def every_module() -> list[Module]:
    others = [modules.ETCD, modules.COREDNS, modules.CONTAINERD, modules.KIND, modules.STORAGE]
    return [*map(modules.kubernetes, modules.minors()), *others]


@pytest.mark.parametrize("module", every_module(), ids=lambda module: module.name)
def test_every_module_is_pinned_with_its_checksum(module: Module) -> None:
    sums = (module.folder / "go.sum").read_text()
    assert f"{module.path} {module.version} h1:" in sums
    assert f"{module.path} {module.version}/go.mod h1:" in sums


@pytest.mark.parametrize("minor", modules.minors())
def test_kubernetes_own_parts_are_all_of_its_own_version(minor: str) -> None:
    module = modules.kubernetes(minor)
    assert module.version.startswith(f"v{minor}.")
    text = (module.folder / "go.mod").read_text()
    replaced = [line.split("=>")[1].split() for line in text.splitlines() if "=>" in line]
    assert len(replaced) > 30
    assert {version for _, version in replaced} == {module.version.replace("v1.", "v0.", 1)}


def test_the_newest_is_taken_where_none_is_named_and_the_pinned_ones_are_named_where_another_is() -> None:
    assert modules.kubernetes().name == f"kubernetes-{modules.minors()[-1]}"
    with pytest.raises(ClusterError, match=r"Kubernetes 1\.5 is not pinned here; there are 1\.34, "):
        modules.kubernetes("1.5")


def test_versions_are_sorted_as_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("kubernetes-1.9", "kubernetes-1.37", "kubernetes-1.10", "etcd"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(modules, "FOLDER", tmp_path)
    assert modules.minors() == ["1.9", "1.10", "1.37"]


def test_kubernetes_tells_its_version_and_no_other_program_is_told_one() -> None:
    flags = build.linker_flags(modules.kubernetes())
    assert f"-X k8s.io/component-base/version.gitVersion={modules.kubernetes().version}" in flags
    assert build.linker_flags(modules.ETCD) == "-s -w"


def test_programs_are_built_once_and_named_as_they_are_asked_for(go: Path) -> None:
    """Etcd's package ends in `v3`, which says nothing."""
    folder = build.programs(modules.ETCD)
    assert [path.name for path in folder.iterdir()] == ["etcd"]
    before = go.read_text()
    assert build.programs(modules.ETCD) == folder
    assert go.read_text() == before


def test_nothing_is_linked_to_and_nothing_pinned_is_changed(go: Path) -> None:
    build.programs(modules.COREDNS)
    (call,) = go.read_text().splitlines()
    assert call.startswith("build -mod=readonly -trimpath -ldflags=-s -w -o ")
    assert build._environment()["CGO_ENABLED"] == "0"


def test_a_change_of_what_is_pinned_is_another_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etcd").mkdir()
    for name in ("go.mod", "go.sum"):
        (tmp_path / "etcd" / name).write_text((modules.ETCD.folder / name).read_text())
    before = modules.ETCD.fingerprint
    monkeypatch.setattr(modules, "FOLDER", tmp_path)
    assert modules.ETCD.fingerprint == before
    with (tmp_path / "etcd" / "go.sum").open("a") as sums:
        sums.write("another h1:=\n")
    assert modules.ETCD.fingerprint != before


@pytest.mark.usefixtures("go")
def test_a_build_that_fails_is_never_taken_for_a_finished_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin" / "go").write_text("#!/bin/sh\necho 'cannot find module' >&2\nexit 1\n")
    with pytest.raises(ClusterError, match="cannot find module"):
        build.programs(modules.ETCD)
    assert build.cached(modules.ETCD) is None
    assert "cannot find module" in build.lacking(modules.ETCD)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert build.lacking(modules.ETCD) == "there is no Go to build it with"
    with pytest.raises(MissingError, match="go is not on PATH: etcd v"):
        build.programs(modules.ETCD)
