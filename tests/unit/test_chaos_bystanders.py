"""What the chaos bench takes for a deed on a thing that is nobody's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.bystanders import essence

JOB: dict[str, Any] = {
    "metadata": {"uid": "a", "labels": {"a": "b"}, "annotations": {"c": "d"}, "resourceVersion": "1"},
    "spec": {"suspend": True},
    "status": {},
}


def test_what_a_controller_writes_is_no_deed() -> None:
    seen = {**JOB, "metadata": {**JOB["metadata"], "resourceVersion": "2"}, "status": {"conditions": ["Suspended"]}}
    assert essence(seen) == essence(JOB)


@pytest.mark.parametrize(
    "changed",
    [
        {"metadata": {**JOB["metadata"], "uid": "b"}},
        {"metadata": {**JOB["metadata"], "labels": {}}},
        {"metadata": {**JOB["metadata"], "annotations": {}}},
        {"metadata": {**JOB["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}},
        {"spec": {"suspend": False}},
        {"data": {"a": "c"}},
    ],
)
def test_what_somebody_does_to_it_is_seen(changed: dict[str, Any]) -> None:
    assert essence({**JOB, **changed}) != essence(JOB)
