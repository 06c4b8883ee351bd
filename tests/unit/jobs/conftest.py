"""What the tests of the first floor share: pauses that a test need not sit out."""

from __future__ import annotations

import pytest

from kubectl_job_operator.jobs import persistence, waiting


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every pause short."""
    monkeypatch.setattr(waiting, "_DELETION_IS_WATCHED_AFTER_SECONDS", 0.05)
    monkeypatch.setattr(waiting, "_VERDICT_GRACE_SECONDS", 0.1)
    monkeypatch.setattr(waiting, "_PAUSE_BEFORE_REARMING_SECONDS", 0.02)
    monkeypatch.setattr(persistence, "_FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(persistence, "_LONGEST_PAUSE_SECONDS", 0.02)
