"""What the tests of the first floor share: pauses that a test need not sit out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_job_operator.jobs import persistence, waiting
from tests.unit.jobs.stage import Log


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every pause short."""
    monkeypatch.setattr(waiting, "_DELETION_IS_WATCHED_AFTER_SECONDS", 0.05)
    monkeypatch.setattr(waiting, "_VERDICT_GRACE_SECONDS", 0.1)
    monkeypatch.setattr(waiting, "_PAUSE_BEFORE_REARMING_SECONDS", 0.02)
    monkeypatch.setattr(persistence, "_FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(persistence, "_LONGEST_PAUSE_SECONDS", 0.02)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Path]]:
    """Give a function that lists the folders that task tries have left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda: sorted(tmp_path.glob("kubectl-job-operator-*"))


@pytest.fixture
def log(folders: Callable[[], list[Path]]) -> Log:  # noqa: ARG001 - every runner makes its folder there
    """Give a log."""
    return Log()
