"""What the tests of the command line share."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_job_operator.attempt import workspace
from kubectl_job_operator.cli.main import main
from kubectl_job_operator.logs import follower
from tests.unit.cli.program import Program, Result
from tests.unit.stage import MANIFEST


@pytest.fixture(autouse=True)
def no_wait_for_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask soon for the pods of a Job that has ended: the scripted cluster's watch names none."""
    monkeypatch.setattr(follower, "_PODS_SECONDS", 0.05)


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Run the program in this process, in a folder of the test's own, with its temporary files there too."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(workspace, "memory_disk", lambda: tmp_path)

    def run(*arguments: str) -> Result:
        capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        output = capsys.readouterr()
        return Result(int(code), output.out, output.err)

    return run


@pytest.fixture
def write(program: Program, tmp_path: Path) -> Callable[[str, str], Path]:  # noqa: ARG001 - it makes the folder
    """Write a file into the folder where the program runs."""

    def write_file(name: str, text: str) -> Path:
        file = tmp_path / "work" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write_file


@pytest.fixture
def countdown(write: Callable[[str, str], Path]) -> Path:
    """Write the template of the Job that the scripted cluster has."""
    return write("countdown.yaml", MANIFEST)
