"""The folder of a task try is private, and gone when it is no longer needed."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubectl_job_operator.attempt.workspace import Workspace, manifest_file_name, write_copy
from kubectl_job_operator.errors import InputError


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Give a workspace, made under the laxest umask."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = os.umask(0)
    yield Workspace()
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_this_user_can_enter_the_folder_and_read_its_files(workspace: Workspace) -> None:
    file = workspace.write("job.yaml", "kind: Job\n")
    assert file == workspace.folder / "job.yaml"
    assert (_mode(workspace.folder), _mode(file)) == (0o700, 0o600)
    assert file.read_text() == "kind: Job\n"


def test_text_is_written_as_utf8_whatever_the_locale(workspace: Workspace) -> None:
    assert workspace.write("a.yaml", "ünï ☃\n").read_bytes() == "ünï ☃\n".encode()


def test_a_file_that_is_written_again_has_only_the_new_text(workspace: Workspace) -> None:
    workspace.write("a.yaml", "long long long")
    assert workspace.write("a.yaml", "short").read_text() == "short"


def test_removing_takes_everything_and_twice_does_no_harm(workspace: Workspace) -> None:
    workspace.write("a.yaml", "x")
    (workspace.folder / "cache").mkdir()
    (workspace.folder / "cache" / "file").touch()
    workspace.remove()
    assert not workspace.folder.exists()
    workspace.remove()


def test_each_workspace_has_a_folder_of_its_own(workspace: Workspace) -> None:
    other = Workspace()
    assert other.folder != workspace.folder
    assert other.folder.name.startswith("kubectl-job-operator-")


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("/dags/countdown.yaml", "countdown.yaml"),
        ("/dags/countdown.yaml.j2", "countdown.yaml"),
        ("countdown.yml.jinja2", "countdown.yml"),
        ("job.yaml.tmpl", "job.yaml"),
        ("job.json.jinja", "job.json"),
        ("job", "job.yaml"),
        ("job.j2", "job.yaml"),
        ("a b.txt", "a b.txt.yaml"),
        ("", "manifest.yaml"),
    ],
)
def test_the_rendered_file_is_named_after_its_template(template: str, name: str) -> None:
    assert manifest_file_name(template) == name


def test_a_copy_that_the_user_wants_is_written_for_this_user_alone(tmp_path: Path) -> None:
    old = tmp_path / "deep" / "a.yaml"
    old.parent.mkdir()
    old.write_text("a longer old text")
    old.chmod(0o644)
    assert write_copy(str(old.parent), "a.yaml", "new") == old
    assert (old.read_text(), _mode(old)) == ("new", 0o600)
    assert write_copy(str(tmp_path / "made" / "here"), "b.yaml", "x").read_text() == "x"


@pytest.mark.parametrize("name", ["../a.yaml", "/tmp/a.yaml", "a/b.yaml", "", ".."])
def test_a_copy_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        write_copy(str(tmp_path / "folder"), name, "x")
    assert not list(tmp_path.rglob("*.yaml"))


def test_a_copy_that_cannot_be_written_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be written to .*/file/a\.yaml"):
        write_copy(str(tmp_path / "file"), "a.yaml", "x")
