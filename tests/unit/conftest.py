"""What the unit tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.unit.fake_kubectl import FakeKubectl, until

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
    yield fake
    until(lambda: not fake.running(), "a kubectl outlived the test")
    assert not fake.unscripted, f"commands without an answer: {fake.unscripted}"
