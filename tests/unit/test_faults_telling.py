"""How the fault bench measures whether, and how soon, a task's log names the fault that struck it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.deployment import Try
from tests.faults.telling import (
    OF_API_SERVER,
    OF_NODE,
    Line,
    PodLife,
    Strike,
    Told,
    is_in_trouble,
    pod_life,
    read_log,
    told,
)

TRY = Try(1, "success", 0.0, 200.0)
STRIKE = Strike(at=100.0, over_at=130.0)
AWAY = "The cluster does not serve us now (no answer), since 10:00:00 UTC; trying for up to 600 s."
LOST = "Pod a-1 ran when it was last heard of, but its node n-1 is NotReady: the cluster hears nothing of it."
RUNS = PodLife("a", seen_at=90.0, ran_at=91.0)
TROUBLE: dict[str, dict[str, Any]] = {
    "evicted": {"status": {"phase": "Running", "conditions": [{"type": "DisruptionTarget", "status": "True"}]}},
    "unheard of": {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}},
    "unknown": {"status": {"phase": "Unknown"}},
    "being deleted": {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": "Running"}},
    "started again with its node": {
        "status": {
            "phase": "Failed",
            "containerStatuses": [{"state": {"terminated": {"exitCode": 255, "reason": "Unknown"}}}],
        }
    },
}
GOOD: dict[str, dict[str, Any]] = {
    "pending": {"status": {"phase": "Pending"}},
    "starting": {
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}],
        }
    },
    "running": {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}},
    "over, and being cleaned up": {
        "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"},
        "status": {
            "phase": "Failed",
            "conditions": [{"type": "Ready", "status": "False", "reason": "PodFailed"}],
            "containerStatuses": [{"state": {"terminated": {"exitCode": 3, "reason": "Error"}}}],
        },
    },
}


def of_node(*lines: Line, sign: float | None = 145.0, one: Try = TRY, pod: PodLife = RUNS) -> Told | None:
    return told(OF_NODE, STRIKE, [one], {1: lines}, [replace(pod, in_trouble_at=sign)])


def of_api_server(*lines: Line, one: Try = TRY, strike: Strike = STRIKE) -> Told | None:
    return told(OF_API_SERVER, strike, [one], {1: lines})


def test_the_first_sentence_after_the_strike_counts() -> None:
    early, other = Line(99.0, AWAY), Line(101.0, "Job a: 0/1 succeeded, 1 running, 20 s")
    found = of_api_server(early, other, Line(104.0, AWAY), Line(109.0, AWAY))
    assert found == Told(True, "does not serve us", 4.0, 4.0)
    assert found.is_in_time


@pytest.mark.parametrize(("at", "is_in_time"), [(115.0, True), (115.1, False)])
def test_a_sentence_may_take_fifteen_seconds(at: float, is_in_time: bool) -> None:
    found = of_api_server(Line(at, AWAY))
    assert found
    assert found.is_in_time is is_in_time


def test_a_log_without_a_sentence_is_not_in_time() -> None:
    found = of_api_server(Line(101.0, LOST))
    assert found == Told(True)
    assert not found.is_in_time


def test_what_becomes_of_a_node_is_due_when_the_cluster_itself_has_noticed() -> None:
    assert of_node(Line(149.0, LOST)) == Told(True, "is NotReady", 49.0, 4.0)
    assert of_node(sign=None) == Told(False)
    assert of_node(sign=99.0) == Told(False)


def test_who_tells_it_before_the_cluster_notices_is_in_time() -> None:
    found = of_node(Line(102.0, "Pod a-1 on node n-1 is being ended: it was evicted."))
    assert found == Told(True, "is being ended", 2.0, 0.0)


def test_that_nothing_runs_names_a_node_only_with_what_it_has_to_do_with_it() -> None:
    plain = Line(103.0, "Nothing runs: pod a-1 was given to node n-1, which has not begun with it.")
    found = of_node(Line(101.0, "Nothing runs: the Job has no pod yet."), plain)
    assert found == Told(True, "nothing runs", 3.0, 0.0)


CREATED = "Nothing runs: pod a-1, container main is being created on node n-1."


def test_a_pod_that_does_not_begin_is_told_for_that_from_when_it_was_there() -> None:
    held = PodLife("a", seen_at=110.0, ran_at=131.0)
    assert of_node(Line(116.0, CREATED), sign=None, pod=held) == Told(True, "nothing runs", 16.0, 6.0)
    assert of_node(sign=None, pod=held) == Told(True)
    assert of_node(sign=None, pod=replace(held, ran_at=None)) == Told(True)
    assert of_node(sign=None, pod=replace(held, ran_at=124.9)) == Told(False)
    assert of_node(sign=None, pod=PodLife("a", seen_at=131.0)) == Told(False)


def test_that_a_pod_does_not_begin_may_stand_there_already() -> None:
    held = PodLife("a", seen_at=90.0, ran_at=140.0)
    assert of_node(Line(96.0, CREATED), sign=None, pod=held) == Told(True, "nothing runs", 0.0, 0.0)


def test_a_watch_shows_when_a_pod_came_began_and_was_in_trouble() -> None:
    pending, running, lost = (
        {"metadata": {"labels": {"job-name": "a"}}, **one}
        for one in (GOOD["pending"], GOOD["running"], TROUBLE["unheard of"])
    )
    life = pod_life(None, pending, 1.0)
    assert life == PodLife("a", 1.0)
    for at, pod in ((2.0, running), (3.0, running), (4.0, lost), (5.0, lost)):
        life = pod_life(life, pod, at)
    assert life == PodLife("a", 1.0, 2.0, 4.0)


def test_a_task_that_was_over_soon_after_is_not_asked() -> None:
    soon = Try(1, "success", 0.0, 114.0)
    assert of_api_server(one=soon) == Told(False)
    assert of_node(one=Try(1, "success", 0.0, 150.0)) == Told(False)


def test_an_outage_that_is_over_in_a_moment_need_not_be_told() -> None:
    assert of_api_server(strike=Strike(100.0, 105.0)) == Told(False)


def test_an_operator_that_is_called_during_the_outage_is_asked_from_then_on() -> None:
    found = of_api_server(Line(104.5, AWAY), strike=Strike(100.0, 130.0, begins_at=103.0))
    assert found == Told(True, "does not serve us", 1.5, 1.5)
    assert of_api_server(strike=Strike(100.0, 130.0, begins_at=131.0)) is None


def test_only_the_try_that_went_on_is_asked() -> None:
    assert of_api_server(one=Try(1, "success", 101.0, 200.0)) is None
    assert of_api_server(one=Try(1, "success", 0.0, 99.0)) is None
    again = Try(2, "success", 60.0, 200.0)
    found = told(OF_API_SERVER, STRIKE, [Try(1, "failed", 0.0, 50.0), again], {2: [Line(101.0, AWAY)]})
    assert found == Told(True, "does not serve us", 1.0, 1.0)


@pytest.mark.parametrize("case", TROUBLE)
def test_the_cluster_has_noticed_that_a_pod_is(case: str) -> None:
    assert is_in_trouble({"metadata": {}, **TROUBLE[case]})


@pytest.mark.parametrize("case", GOOD)
def test_nothing_is_wrong_with_a_pod_that_is(case: str) -> None:
    assert not is_in_trouble({"metadata": {}, **GOOD[case]})


def test_a_log_is_read_line_by_line_with_its_times() -> None:
    entry = {"timestamp": "2026-01-01T00:00:10.5Z", "event": "one\n  two"}
    first, second = read_log(f"no JSON\n{json.dumps(entry)}\n")
    assert (first.text, second.text) == ("one", "two")
    assert first.at == second.at == pytest.approx(1767225610.5)
