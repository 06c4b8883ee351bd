"""The folder of a task try is private, and gone when it is no longer needed."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubectl_job_operator.attempt import workspace as workspace_module
from kubectl_job_operator.attempt.workspace import Workspace, manifest_file_name, write_copy
from kubectl_job_operator.errors import InputError, WorkspaceError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.manifest.yaml_text import load_all

JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": {"backoffLimit": 0}}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"key": "hunter2"}}
ACCESS = Access(config_content="users: [{user: {token: hunter2}}]")


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give what stands for the disk in memory."""
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setattr(workspace_module, "memory_disk", lambda: folder)
    return folder


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder for temporary files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def workspace(disk: Path, memory: Path) -> Iterator[Workspace]:  # noqa: ARG001 - that is where it is
    """Give a workspace, made under the laxest umask."""
    before = os.umask(0)
    made = Workspace(lambda text: text.replace("swordfish", "***"))
    yield made
    made.remove()
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def holds(folder: Path, text: str) -> bool:
    return any(text in path.read_text() for path in folder.rglob("*") if path.is_file())


def test_only_this_user_can_enter_the_folders_and_read_their_files(workspace: Workspace) -> None:
    job, secret = workspace.write_documents("job.yaml", [JOB]), workspace.write_documents("s.yaml", [SECRET])
    assert (job.parent, secret.parent) == (workspace.folder, workspace.secret_folder)
    assert {_mode(folder) for folder in (workspace.folder, workspace.secret_folder)} == {0o700}
    assert {_mode(file) for file in (*workspace.folder.iterdir(), *workspace.secret_folder.iterdir())} == {0o600}
    assert load_all(job.read_text()) == [JOB]
    assert workspace.files() == [job, secret]


def test_nothing_secret_reaches_a_disk(workspace: Workspace, disk: Path, memory: Path) -> None:
    workspace.settle(ACCESS)
    workspace.write_documents("companions.yaml", [JOB, SECRET])
    known_to_airflow = {**JOB, "metadata": {"name": "swordfish"}}
    workspace.write_documents("job.yaml", [known_to_airflow])
    assert not holds(disk, "hunter2")
    assert not holds(disk, "swordfish")
    assert workspace.kubeconfig
    assert workspace.kubeconfig.is_relative_to(memory)
    assert _mode(workspace.kubeconfig) == 0o600


@pytest.mark.parametrize("place", [None, "no such folder"])
def test_where_there_is_no_memory_to_be_used_all_is_in_one_private_folder(
    place: str | None, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace_module, "memory_disk", lambda: place and tmp_path / place)
    access = workspace.settle(ACCESS)
    assert access.config_file == str(workspace.folder / "kubeconfig")
    assert _mode(workspace.folder / "kubeconfig") == 0o600
    assert workspace.secret_folder == workspace.folder


def test_what_did_not_fit_into_memory_leaves_no_half_of_a_secret_there(
    workspace: Workspace, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(path: Path, text: str) -> Path:
        path.write_text(text[:7])
        if path.is_relative_to(memory):
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_text(text)
        return path

    monkeypatch.setattr(workspace_module, "_write_private", fill)
    file = workspace.write_documents("s.yaml", [SECRET])
    assert file.parent == workspace.folder
    assert [path.name for path in memory.glob("*/[!.]*")] == []


def test_a_full_disk_leaves_nothing_of_a_connection(
    workspace: Workspace, disk: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, text: str) -> Path:
        path.write_text(text[:7])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(workspace_module, "_write_private", fail)
    with pytest.raises(WorkspaceError, match="No space left on device"):
        workspace.settle(ACCESS)
    assert [*disk.iterdir(), *memory.iterdir()] == []


def test_text_is_written_as_utf8_whatever_the_locale(workspace: Workspace) -> None:
    text = "clusters: [{name: ünï ☃}]\n"
    file = workspace.settle(Access(config_content=text)).config_file
    assert Path(str(file)).read_bytes() == text.encode()


def test_a_file_that_is_written_again_has_only_the_new_text(workspace: Workspace) -> None:
    workspace.write_documents("a.yaml", [JOB, JOB])
    assert load_all(workspace.write_documents("a.yaml", [JOB]).read_text()) == [JOB]


def test_removing_takes_everything_and_twice_does_no_harm(workspace: Workspace, disk: Path, memory: Path) -> None:
    workspace.write_documents("s.yaml", [SECRET])
    (workspace.folder / "cache").mkdir()
    (workspace.folder / "cache" / "file").touch()
    workspace.remove()
    assert [*disk.iterdir(), *memory.iterdir()] == []
    workspace.remove()


def test_what_is_kept_of_a_try_is_not_what_is_secret(workspace: Workspace, disk: Path, memory: Path) -> None:
    workspace.write_documents("s.yaml", [SECRET])
    job = workspace.write_documents("job.yaml", [JOB])
    workspace.keep()
    assert list(memory.iterdir()) == []
    assert not holds(disk, "hunter2")
    assert job.exists()


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
