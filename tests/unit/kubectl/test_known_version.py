"""The version of a kubectl is asked once; of another one, of a script, or where others can write, it is asked again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from kubectl_job_operator.errors import KubectlMissingError
from kubectl_job_operator.kubectl import known_version, versions
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.kubectl.desk import Desk


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Give a program that is no script; nobody runs it."""
    program = tmp_path / "kubectl"
    shutil.copy("/bin/true", program)
    return program


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give kubectl's environment, with a home of its own."""
    return {"HOME": str(tmp_path / "home"), "PATH": str(tmp_path)}


def _kept(environment: dict[str, str]) -> Path:
    (kept,) = Path(environment["HOME"], ".kube", "cache", "kubectl-job-operator").iterdir()
    return kept


def test_what_was_told_once_is_known_and_only_this_user_can_read_it(program: Path, environment: dict[str, str]) -> None:
    assert known_version.recall(str(program), environment) is None
    known_version.remember(str(program), environment, (1, 37))
    assert known_version.recall(str(program), environment) == (1, 37)
    assert _kept(environment).stat().st_mode & 0o077 == 0


def test_kubectls_own_cache_folder_is_taken_where_there_is_one(
    program: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["KUBECACHEDIR"] = str(tmp_path / "cache")
    known_version.remember(str(program), environment, (1, 37))
    assert known_version.recall(str(program), environment) == (1, 37)
    assert not Path(environment["HOME"]).exists()


def test_another_program_in_its_place_is_asked_anew(program: Path, environment: dict[str, str]) -> None:
    known_version.remember(str(program), environment, (1, 37))
    seen = program.stat()
    other = program.with_name("other")
    shutil.copy("/bin/true", other)
    os.utime(other, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    other.replace(program)
    assert known_version.recall(str(program), environment) is None


def test_a_program_that_was_written_over_is_asked_anew(program: Path, environment: dict[str, str]) -> None:
    known_version.remember(str(program), environment, (1, 37))
    with program.open("ab") as file:
        file.write(b"more")
    assert known_version.recall(str(program), environment) is None


def test_a_link_is_known_as_what_it_leads_to(program: Path, environment: dict[str, str]) -> None:
    link = program.with_name("link")
    link.symlink_to(program)
    known_version.remember(str(link), environment, (1, 37))
    assert known_version.recall(str(program), environment) == (1, 37)


def test_a_script_may_run_any_kubectl_and_is_asked_each_time(program: Path, environment: dict[str, str]) -> None:
    program.write_text("#!/bin/sh\nexec kubectl-of-today\n")
    known_version.remember(str(program), environment, (1, 37))
    assert known_version.recall(str(program), environment) is None
    assert not Path(environment["HOME"]).exists()


@pytest.mark.parametrize("text", ["", "1.37", "1.37\n1.38\n", "one\n", "1.37\n" + "x" * 100, "99999.1\n"])
def test_what_is_not_as_it_was_written_is_not_believed(program: Path, environment: dict[str, str], text: str) -> None:
    known_version.remember(str(program), environment, (1, 37))
    _kept(environment).write_text(text)
    assert known_version.recall(str(program), environment) is None


def test_what_others_could_have_written_is_not_believed(program: Path, environment: dict[str, str]) -> None:
    known_version.remember(str(program), environment, (1, 37))
    _kept(environment).chmod(0o622)
    assert known_version.recall(str(program), environment) is None


def test_a_folder_that_others_can_write_is_not_used(program: Path, environment: dict[str, str]) -> None:
    folder = Path(environment["HOME"], ".kube", "cache", "kubectl-job-operator")
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    known_version.remember(str(program), environment, (1, 37))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("cache", ["relative", "/proc/nowhere", "/dev/null"])
def test_a_cache_that_cannot_be_is_no_harm(program: Path, environment: dict[str, str], cache: str) -> None:
    environment["KUBECACHEDIR"] = cache
    known_version.remember(str(program), environment, (1, 37))
    assert known_version.recall(str(program), environment) is None


def test_a_kubectl_that_is_known_is_not_asked_for_its_version(
    fake_kubectl: FakeKubectl, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_version, "recall", lambda *_: (1, 37))
    fake_kubectl.answers("get job/a", "")
    desk.kubectl.get("job/a")
    assert not fake_kubectl.called("version")
    assert desk.kubectl.own_version == "1.37"


def test_a_kubectl_that_is_known_to_be_too_old_is_asked_and_refused(
    fake_kubectl: FakeKubectl, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_version, "recall", lambda *_: (1, 27))
    fake_kubectl.answers("version", {"clientVersion": {"gitVersion": "v1.27.3"}})
    fake_kubectl.answers("get job/a", "")
    with pytest.raises(KubectlMissingError, match=r"is version 1\.27"):
        desk.kubectl.get("job/a")


def test_a_kubectl_that_is_too_old_is_not_kept(
    fake_kubectl: FakeKubectl, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[tuple[int, int]] = []
    monkeypatch.setattr(known_version, "remember", lambda _program, _environment, version: kept.append(version))
    fake_kubectl.answers("version", {"clientVersion": {"gitVersion": "v1.27.3"}}, times=1)
    fake_kubectl.answers("get job/a", "")
    with pytest.raises(KubectlMissingError):
        desk.kubectl.get("job/a")
    assert kept == []
    desk.kubectl.get("job/a")
    assert kept == [(1, 32)]
    assert min(kept) >= versions.OLDEST


def test_the_real_kubectl_is_asked_by_the_first_task_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECACHEDIR", str(tmp_path))
    shown: list[str] = []
    for _ in range(2):
        processes = Processes(os.environ)
        Kubectl(Access(), "here", processes, Transcript(shown.append)).require_version()
        processes.close()
    assert len([line for line in shown if "version --client" in line]) == 1
