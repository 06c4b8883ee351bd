"""All who wait for objects of a kind share one kubectl, and none of them misses what becomes of his."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from kubectl_job_operator.attempt import refusals
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life import deferred_look
from kubectl_job_operator.life.deferred_look import Limits, ObjectNews, ObjectOutcome, wait_for_object
from kubectl_job_operator.status.awaited import Awaited
from kubectl_job_operator.watch import event_loop_watch, object_watch, watch_stream
from tests.unit import stage
from tests.unit.beside import listed, server
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.shared import eventually, run
from tests.unit.stage import REFUSED, Log

KIND = "deployments.apps"
WATCH = f"get {KIND} --watch"
LIST = f"get {KIND} -o json"
"""Matches the watch too: to be scripted behind it."""
FORBIDDEN: dict[str, Any] = {
    "stderr": 'Error from server (Forbidden): deployments.apps is forbidden: User "u" cannot list resource '
    '"deployments" in API group "apps" in the namespace "here"\n',
    "return_code": 1,
}


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_loop_watch, "_LINGER_SECONDS", 0.01)
    monkeypatch.setattr(object_watch, "_LOOK_AFTER_SECONDS", 0.05)
    monkeypatch.setattr(watch_stream, "_FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(refusals, "_APART_SECONDS", 0.02)
    monkeypatch.setattr(deferred_look, "_SPREAD_SECONDS", 0.01)


def line(thing: dict[str, Any], type_: str = "MODIFIED") -> bytes:
    return json.dumps({"type": type_, "object": thing}).encode() + b"\n"


def one(number: int, status: str = "False") -> dict[str, Any]:
    return server(status, uid=f"uid-{number}", name=f"server-{number}")


async def wait(
    number: int, wait_for: str = "Available", failure_when: str | None = None, *, log: Log | None = None, **limits: Any
) -> ObjectOutcome:
    watch = object_watch.object_watch(Access(), stage.NAMESPACE, KIND, log or Log())
    awaited = Awaited.parse(wait_for, failure_when)
    return await wait_for_object(watch, f"server-{number}", awaited, Limits(**limits), log or Log())


def test_fifty_who_wait_share_one_watch_and_one_list_and_each_learns_of_his_own(fake_kubectl: FakeKubectl) -> None:
    numbers = range(50)
    fake_kubectl.answers(
        WATCH,
        b"".join(line(one(number), "ADDED") for number in numbers),
        then=["end", b"".join(line(one(number, "True")) for number in numbers), NEVER],
    )
    fake_kubectl.answers(LIST, listed(*(one(number) for number in numbers)))

    async def all_of_them() -> list[ObjectOutcome]:
        waiting = [asyncio.create_task(wait(number)) for number in numbers]
        await eventually(lambda: len(fake_kubectl.called(LIST)) > 1, "nobody has looked")
        assert not any(task.done() for task in waiting)
        fake_kubectl.open_gate("end")
        return await asyncio.gather(*waiting)

    assert {outcome.news for outcome in run(all_of_them())} == {ObjectNews.MET}
    assert len(fake_kubectl.called("--watch")) == 1
    assert len(fake_kubectl.called("get")) < 6


def test_what_was_there_before_anybody_waited_is_known_by_a_list(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(WATCH, after_seconds=NEVER)
    fake_kubectl.answers(LIST, listed(one(1, "True")))
    assert run(wait(1)).news is ObjectNews.MET


def test_one_who_comes_later_is_not_left_with_what_the_watch_told_before_he_came(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(WATCH, line(one(1), "ADDED") + line(one(2, "True"), "ADDED"), then=[NEVER])
    fake_kubectl.answers(LIST, listed(one(1), one(2, "True")))

    async def later() -> ObjectOutcome:
        first = asyncio.create_task(wait(1))
        await eventually(lambda: len(fake_kubectl.called(LIST)) > 1, "nobody has looked")
        second = await wait(2)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        return second

    assert run(later()).news is ObjectNews.MET
    assert len(fake_kubectl.called("--watch")) == 1


@pytest.mark.parametrize(
    ("said", "there", "state"),
    [
        (line(one(1), "ADDED") + line(one(1), "DELETED"), [one(1)], "it was deleted"),
        (line(one(1), "ADDED"), [], "there is none"),
        (line(one(1), "ADDED") + line(server("True", uid="other", name="server-1"), "ADDED"), [], "it was deleted"),
    ],
)
def test_a_deletion_is_met_when_the_object_goes_or_is_not_there_or_another_has_its_name(
    said: bytes, there: list[dict[str, Any]], state: str, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers(WATCH, said if there or b"other" in said else b"", then=[NEVER])
    fake_kubectl.answers(LIST, listed(*there))
    outcome = run(wait(1, "delete"))
    assert outcome.news is ObjectNews.MET
    assert outcome.state in (state, "there is none")


def test_an_object_that_is_not_there_yet_is_waited_for(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(WATCH, then=["made", line(one(1, "True"), "ADDED"), NEVER])
    fake_kubectl.answers(LIST, listed())
    log = Log()

    async def until_made() -> ObjectOutcome:
        waiting = asyncio.create_task(wait(1, log=log))
        await eventually(lambda: "server-1: there is none" in log.lines, "it is not told that there is none")
        fake_kubectl.open_gate("made")
        return await waiting

    assert run(until_made()).news is ObjectNews.MET
    assert "server-1: Available is True (MinimumReplicasUnavailable)" in log.lines


def test_what_is_called_a_failure_ends_the_waiting(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(WATCH, then=[NEVER])
    fake_kubectl.answers(LIST, listed(one(1)))
    outcome = run(wait(1, "Ready", "Available=False"))
    assert outcome.news is ObjectNews.FAILED
    assert outcome.state == "Available is False (MinimumReplicasUnavailable)"


def test_after_an_outage_the_watch_is_started_again_and_what_was_missed_is_listed(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(WATCH, line(one(1), "ADDED"), then=["away"], times=1)
    fake_kubectl.answers(WATCH, **REFUSED, times=2)
    fake_kubectl.answers(WATCH, after_seconds=NEVER)
    fake_kubectl.answers(LIST, listed(one(1)), times=1)
    fake_kubectl.answers(LIST, **REFUSED, times=1)
    fake_kubectl.answers(LIST, listed())

    async def through_it() -> ObjectOutcome:
        waiting = asyncio.create_task(wait(1, "delete"))
        await eventually(lambda: len(fake_kubectl.called(LIST)) > 1, "nobody has looked")
        await asyncio.sleep(0.2)
        fake_kubectl.open_gate("away")
        return await waiting

    assert run(through_it()) == ObjectOutcome(ObjectNews.MET, "it was deleted")


def test_a_list_that_is_older_than_what_the_watch_has_told_is_not_believed(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(WATCH, then=["listing", line(one(1)), NEVER])
    fake_kubectl.answers(LIST, listed(one(1, "True")), after_seconds=1.0, times=1)
    fake_kubectl.answers(LIST, listed(one(1)))

    async def told_meanwhile() -> ObjectOutcome:
        waiting = asyncio.create_task(wait(1, deadline=time.time() + 4))
        await eventually(lambda: len(fake_kubectl.called(LIST)) > 1, "nobody has looked")
        fake_kubectl.open_gate("listing")
        return await waiting

    assert run(told_meanwhile()).news is ObjectNews.TIME_OVER


def test_what_goes_between_the_list_and_the_first_word_of_the_watch_is_not_missed(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(WATCH, after_seconds=NEVER)
    fake_kubectl.answers(LIST, listed(one(1)), times=1)
    fake_kubectl.answers(LIST, listed())
    assert run(wait(1, "delete")) == ObjectOutcome(ObjectNews.MET, "it was deleted")


def test_what_goes_while_no_watch_goes_on_is_not_missed(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_watch, "_LOOK_AFTER_SECONDS", 1.0)  # by then the watch has spoken
    fake_kubectl.answers(WATCH, line(one(1), "ADDED"), then=["end"], times=1)
    fake_kubectl.answers(WATCH, after_seconds=NEVER)
    fake_kubectl.answers(LIST, listed(one(1)), times=1)
    fake_kubectl.answers(LIST, listed())

    async def through_a_gap() -> ObjectOutcome:
        waiting = asyncio.create_task(wait(1, "delete"))
        await eventually(lambda: len(fake_kubectl.called(LIST)) > 1, "nobody has looked")
        fake_kubectl.open_gate("end")
        return await waiting

    assert run(through_a_gap()) == ObjectOutcome(ObjectNews.MET, "it was deleted")


def test_a_cluster_that_stays_away_is_given_up_with_its_last_words(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(WATCH, **REFUSED)
    fake_kubectl.answers(LIST, **REFUSED)
    outcome = run(wait(1, outage_tolerance_seconds=0.5))
    assert outcome.news is ObjectNews.GAVE_UP
    assert "outage_tolerance_seconds" in outcome.state
    assert "was refused" in outcome.state


def test_the_end_of_the_time_is_told_with_how_the_object_is(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(WATCH, then=[NEVER])
    fake_kubectl.answers(LIST, listed(one(1)))
    outcome = run(wait(1, deadline=time.time() + 1.5))
    assert outcome == ObjectOutcome(ObjectNews.TIME_OVER, "Available is False (MinimumReplicasUnavailable)")


def test_a_kind_that_may_not_be_watched_ends_the_waiting_with_kubectls_words(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(WATCH, **FORBIDDEN)
    fake_kubectl.answers(LIST, **FORBIDDEN)
    outcome = run(wait(1))
    assert outcome.news is ObjectNews.GAVE_UP
    assert 'cannot list resource "deployments"' in outcome.state


def test_who_comes_soon_after_a_refusal_does_not_wait_at_the_watch_that_has_ended(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_loop_watch, "_LINGER_SECONDS", NEVER)
    fake_kubectl.answers(WATCH, times=2, **FORBIDDEN)
    fake_kubectl.answers(WATCH, then=["made", line(one(2, "True"), "ADDED"), NEVER])
    fake_kubectl.answers(LIST, listed())

    async def one_after_the_other() -> None:
        assert (await wait(1)).news is ObjectNews.GAVE_UP
        second = asyncio.create_task(wait(2))
        await eventually(lambda: len(fake_kubectl.called(WATCH)) == 3, "nobody watches for the second")
        fake_kubectl.open_gate("made")
        assert (await second).news is ObjectNews.MET

    run(one_after_the_other())


def test_no_kubectl_runs_on_when_nobody_waits_any_more(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(WATCH, then=[NEVER])
    fake_kubectl.answers(LIST, listed(one(1, "True")))

    async def to_its_end() -> None:
        await wait(1)
        await eventually(lambda: not fake_kubectl.running(), "a kubectl runs on though nobody waits")

    run(to_its_end())
