"""Which kubectl is run is found where people have put it, and said where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kubectl_job_operator.errors import KubectlMissingError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.calls import Calls
from kubectl_job_operator.kubectl.program import check, program
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.kubectl.desk import Desk


def executable(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


@pytest.mark.usefixtures("no_kubectl")
def test_the_one_beside_python_is_taken_by_its_path_where_a_shell_would_find_none() -> None:
    beside = executable(Path(sys.executable).with_name("kubectl"))
    assert program(None) == check(None) == str(beside)


@pytest.mark.usefixtures("no_kubectl")
def test_the_one_on_path_is_called_as_in_a_shell_even_where_one_lies_beside_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(Path(sys.executable).with_name("kubectl"))
    on_path = executable(tmp_path / "bin" / "kubectl")
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert program(None) == "kubectl"
    assert check(None) == str(on_path)


@pytest.mark.usefixtures("no_kubectl")
def test_one_that_is_named_is_taken_by_its_path_or_by_its_name_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = executable(tmp_path / "tools" / "kubectl-1.34")
    assert check(str(named)) == str(named)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check("~/tools/kubectl-1.34") == str(named)
    monkeypatch.setenv("PATH", str(named.parent))
    assert program("kubectl-1.34") == "kubectl-1.34"
    assert check("kubectl-1.34") == str(named)


@pytest.mark.usefixtures("no_kubectl")
def test_without_any_the_error_has_the_recipe_and_the_places_where_it_looked() -> None:
    with pytest.raises(KubectlMissingError) as caught:
        Access().check()
    words = str(caught.value)
    assert "There is no kubectl on the PATH" in words
    assert str(Path(sys.executable).parent) in words
    assert "pip install 'kubectl-job-operator[kubectl]'" in words
    assert "[kubectl_job_operator] kubectl" in words
    assert "None" not in words


def test_one_that_is_named_and_is_not_there_is_never_replaced_by_another(fake_kubectl: FakeKubectl) -> None:
    assert fake_kubectl.program.exists()
    with pytest.raises(KubectlMissingError, match="There is no program '/opt/kubectl'"):
        Access(named_kubectl="/opt/kubectl").check()


def test_every_command_begins_with_the_one_that_was_named(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("version --client", {"clientVersion": {"gitVersion": "v1.32.4"}})
    fake_kubectl.answers("get", {"kind": "Job"})
    calls: Calls = desk.kubectl
    calls.access = Access(named_kubectl=str(fake_kubectl.program))
    desk.kubectl.get("job/a")
    commands = [line for line in desk.shown if line.startswith("$ ")]
    assert len(commands) == 2
    assert all(line.startswith(f"$ {fake_kubectl.program} ") for line in commands)
