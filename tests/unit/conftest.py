"""What the unit tests share: a scripted kubectl, and pauses that a test need not sit out."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from kubectl_job_operator.attempt import refusals, retrying, workspace
from kubectl_job_operator.life import ending
from kubectl_job_operator.watch import rearmed, waiting
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import Log
from tests.waiting import until

# The machine may be slow for a while; and what fails once shall fail for everybody.
settings.register_profile("unit", deadline=None, database=None)
settings.load_profile("unit")


@pytest.fixture
def fake_kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubectl]:
    """Put a scripted kubectl first on PATH; each command has an answer and none outlives the test, or it fails."""
    folder = tmp_path / "fake-kubectl"
    folder.mkdir()
    fake = FakeKubectl(folder)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PERL_BADLANG", "0")  # or it complains where LANG is a language that is not installed
    yield fake
    until(lambda: not fake.running(), "a kubectl outlived the test")
    assert not fake.unscripted, f"commands without an answer: {fake.unscripted}"


@pytest.fixture
def no_kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no kubectl, neither on PATH nor beside this Python."""
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "environment" / "bin" / "python"))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every pause short."""
    monkeypatch.setattr(waiting, "_UNSEEN_SECONDS", 0.05)
    monkeypatch.setattr(waiting, "_CERTAIN_AFTER_SECONDS", ())
    monkeypatch.setattr(waiting, "_VERDICT_GRACE_SECONDS", 0.1)
    monkeypatch.setattr(rearmed, "PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(retrying, "_FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(retrying, "_LONGEST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(retrying, "_PAUSE_AFTER_REFUSAL_SECONDS", 0.02)
    monkeypatch.setattr(refusals, "_APART_SECONDS", 0.02)
    monkeypatch.setattr(ending, "_NO_LOG_PAUSES_SECONDS", (0.02, 0.02))


@pytest.fixture
def impatient(hasty: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - more of the same
    """Bear no refusal for long either."""
    monkeypatch.setattr(refusals, "REFUSALS_SECONDS", 0.5)
    monkeypatch.setattr(refusals, "UNTOLD_SECONDS", 0.5)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Path]]:
    """Give a function that lists the folders that task tries have left."""
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(workspace, "memory_disk", lambda: memory)
    return lambda: sorted([*tmp_path.glob("kubectl-job-operator-*"), *memory.glob("kubectl-job-operator-*")])


@pytest.fixture
def log(folders: Callable[[], list[Path]]) -> Log:  # noqa: ARG001 - every runner makes its folder there
    """Give a log."""
    return Log()
