"""What the tests of the top floor share."""

from __future__ import annotations

import pytest

from kubectl_job_operator.logs import follower


@pytest.fixture(autouse=True)
def no_wait_for_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask soon for the pods of a Job that has ended: the scripted cluster's watch names none."""
    monkeypatch.setattr(follower, "_PODS_SECONDS", 0.05)
