"""What the tests of kubectl's methods share."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.kubectl.desk import Desk


@pytest.fixture
def desk(fake_kubectl: FakeKubectl) -> Any:  # noqa: ARG001 - it is on PATH
    """Give a desk that is closed behind the test."""
    desk = Desk()
    yield desk
    desk.processes.close()
