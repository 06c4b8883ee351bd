"""What the tests of all that waits together share."""

from __future__ import annotations

import pytest

from kubectl_job_operator.attempt import refusals
from kubectl_job_operator.watch import event_loop_watch, shared_warnings, shared_watch, watch_stream


@pytest.fixture
def hasty_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every pause short."""
    monkeypatch.setattr(event_loop_watch, "_LINGER_SECONDS", 0.05)
    monkeypatch.setattr(shared_watch, "_LOOK_AFTER_SECONDS", 0.05)
    monkeypatch.setattr(shared_warnings, "_PAUSE_BETWEEN_EVENTS_SECONDS", 0.05)
    monkeypatch.setattr(watch_stream, "_FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(watch_stream, "_LONGEST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(refusals, "_APART_SECONDS", 0.05)
    monkeypatch.setattr(refusals, "REFUSALS_SECONDS", 0.2)
