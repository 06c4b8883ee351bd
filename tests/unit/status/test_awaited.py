"""How far an object is on its way to what it is waited for."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.status.awaited import Awaited, Verdict, judge
from tests.unit.beside import claim, server

MET, FAILED, NOT_YET = Verdict.MET, Verdict.FAILED, Verdict.NOT_YET
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"token": "very-secret"}}

JUDGEMENTS: list[tuple[dict[str, Any] | None, str, str | None, Verdict, str]] = [
    (None, "Available", None, NOT_YET, "there is none"),
    (None, "delete", None, MET, "there is none"),
    (server("True"), "Available", None, MET, "Available is True (MinimumReplicasUnavailable)"),
    (server("True"), "available=true", None, MET, "Available is True (MinimumReplicasUnavailable)"),
    (server(), "Available", None, NOT_YET, "Available is False (MinimumReplicasUnavailable)"),
    (server(), "Ready", None, NOT_YET, "it has no condition Ready, but Available=False"),
    (claim(), "Ready", None, NOT_YET, "it has no condition Ready"),
    (server(), "delete", None, NOT_YET, "it is there"),
    (server(), "Ready", "Available=False", FAILED, "Available is False (MinimumReplicasUnavailable)"),
    (server("True"), "Ready", "Available=False", NOT_YET, "it has no condition Ready, but Available=True"),
    (claim(), "{.status.phase}=Bound", None, NOT_YET, ".status.phase is Pending"),
    (claim(), "{.status.phase}=Pending", None, MET, ".status.phase is Pending"),
    (claim(), "{.spec.volumeName}=x", None, NOT_YET, "it has no .spec.volumeName"),
    (claim(), "delete", "{.status.phase}=Pending", FAILED, ".status.phase is Pending"),
    (SECRET, "{.data.token}=x", None, NOT_YET, "it has .data.token, which is not shown"),
    (
        claim(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["a/b", "c"]),
        "delete",
        None,
        NOT_YET,
        "it is being deleted since 2026-01-01T00:00:00Z, held by a/b, c",
    ),
]


@pytest.mark.parametrize(("thing", "wait_for", "failure_when", "verdict", "state"), JUDGEMENTS)
def test_an_object_is_judged_and_its_state_told(
    thing: dict[str, Any] | None, wait_for: str, failure_when: str | None, verdict: Verdict, state: str
) -> None:
    found = judge(thing, Awaited.parse(wait_for, failure_when))
    assert (found.verdict, found.state) == (verdict, state)


@pytest.mark.parametrize("rules", [("status.phase=x", None), ("", None), ("Ready", "{.items[*]}=x")])
def test_what_is_no_rule_is_refused(rules: tuple[str, str | None]) -> None:
    with pytest.raises(ValueError, match=r"neither|not a path"):
        Awaited.parse(*rules)


def test_a_long_value_is_cut() -> None:
    thing = {**claim(), "status": {"phase": "x" * 1000}}
    assert len(judge(thing, Awaited.parse("{.status.phase}=Bound")).state) < 300
