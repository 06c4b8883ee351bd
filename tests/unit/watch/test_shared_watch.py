"""All who wait in a namespace share one kubectl, and none of them misses what becomes of his Job."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import pytest

from kubectl_job_operator.attempt import refusals
from kubectl_job_operator.attempt.outcome import News, Outcome
from kubectl_job_operator.errors import KubectlMissingError
from kubectl_job_operator.kubectl import calls
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life import deferred_silence, deferred_wait
from kubectl_job_operator.life.deferred_wait import Terms
from kubectl_job_operator.watch import event_loop_watch, shared_watch, watched
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.shared import (
    JOBS_LIST,
    JOBS_WATCH,
    PODS_WATCH,
    eventually,
    line,
    pod_line,
    quiet,
    run,
    uids,
    wait,
    watch,
)
from tests.unit.stage import Log

pytestmark = pytest.mark.usefixtures("hasty_watches")

FORBIDDEN: dict[str, Any] = {
    "stderr": 'Error from server (Forbidden): jobs.batch is forbidden: User "u" cannot watch resource "jobs" in API '
    'group "batch" in the namespace "here"\n',
    "return_code": 1,
}


def test_a_hundred_who_wait_share_two_kubectls_and_each_learns_of_his_own_job(fake_kubectl: FakeKubectl) -> None:
    count = 100
    fake_kubectl.answers(
        JOBS_WATCH,
        b"".join(line(number, type_="ADDED") for number in range(count)),
        then=["end", b"".join(line(number, "failed" if number % 2 else "complete") for number in range(count)), NEVER],
    )
    quiet(fake_kubectl)

    async def all_of_them() -> list[Outcome]:
        waiting = [asyncio.create_task(wait(number)) for number in range(count)]
        await eventually(lambda: all(watch().job(f"0b5b6d9e-0000-4000-8000-{n:012}") for n in range(count)), "not seen")
        assert not any(task.done() for task in waiting)
        await eventually(lambda: len(fake_kubectl.called("--watch")) == 2, "the pods are not watched")
        fake_kubectl.open_gate("end")
        return await asyncio.gather(*waiting)

    outcomes = run(all_of_them())
    assert {outcome.news for outcome in outcomes} == {News.ENDED}
    for number, outcome in enumerate(outcomes):
        seen = outcome.seen_job()
        assert seen is not None
        assert seen["metadata"]["name"] == f"job-{number}"
        assert seen["status"]["conditions"][-1]["type"] == ("Failed" if number % 2 else "Complete")
    assert len(fake_kubectl.called("--watch")) == 2


def test_it_ends_soon_after_the_last_has_left_and_starts_again_for_the_next(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(JOBS_WATCH, line(1, "complete"), then=[NEVER])
    quiet(fake_kubectl)

    async def twice() -> None:
        assert (await wait(1)).news is News.ENDED
        await eventually(lambda: not fake_kubectl.running(), "a kubectl runs on though nobody waits")
        assert (await wait(1)).news is News.ENDED

    run(twice())
    assert len(fake_kubectl.called(JOBS_WATCH)) == 2


def test_one_who_comes_soon_after_the_last_has_left_finds_the_same_watch(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_loop_watch, "_LINGER_SECONDS", NEVER)
    fake_kubectl.answers(JOBS_WATCH, line(1, "complete") + line(2, "complete"), then=[NEVER])
    quiet(fake_kubectl)

    async def one_by_one() -> None:
        assert (await wait(1)).news is News.ENDED
        assert (await wait(2)).news is News.ENDED

    run(one_by_one())
    assert len(fake_kubectl.called(JOBS_WATCH)) == 1


def test_a_watch_that_a_fault_has_ended_serves_nobody_any_more_and_who_comes_next_gets_a_new_one(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_loop_watch, "_LINGER_SECONDS", NEVER)
    faults = [RuntimeError("a fault")]

    async def require_version(*_: object) -> None:
        if faults:
            raise faults.pop()

    monkeypatch.setattr(shared_watch, "require_version", require_version)
    fake_kubectl.answers(JOBS_WATCH, line(2, "complete"), then=[NEVER])
    quiet(fake_kubectl)

    async def one_after_the_other() -> None:
        dead = watch()
        outcome = await wait(1)
        assert outcome.news is News.GAVE_UP
        assert "a fault" in outcome.message
        assert (await wait(2)).news is News.ENDED
        late = dead.subscribe("uid", "job-3")
        await asyncio.wait_for(late.news(NEVER), 5.0)
        assert late.failure == "a fault"
        new = watch()
        assert new is not dead
        dead._life.cancel()
        await asyncio.gather(dead._life, return_exceptions=True)
        assert watch() is new, "the end of the old one has taken the new one away"

    run(one_after_the_other())


def test_another_way_in_or_another_namespace_has_a_watch_of_its_own(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(JOBS_WATCH, after_seconds=NEVER)
    quiet(fake_kubectl)

    async def look() -> None:
        first = watch()
        assert watch() is first
        assert watch(access=Access(context="other")) is not first
        assert shared_watch.shared_watch(Access(), "elsewhere", Log()) is not first

    run(look())


def test_a_watch_that_ends_is_started_again_and_nothing_that_came_in_the_gap_is_missed(
    fake_kubectl: FakeKubectl,
) -> None:
    fake_kubectl.answers(JOBS_WATCH, line(1, type_="ADDED") + line(2, type_="ADDED"), times=1)
    # What ended in the gap is told by the next watch's beginning; what was deleted in it, only by a list.
    fake_kubectl.answers(JOBS_WATCH, line(1, "complete", "ADDED"), then=[NEVER])
    fake_kubectl.answers(JOBS_LIST, uids(1))
    quiet(fake_kubectl)

    async def both() -> list[Outcome]:
        return list(await asyncio.gather(wait(1), wait(2)))

    ended, gone = run(both())
    assert ended.news is News.ENDED
    assert gone.news is News.GONE


def test_a_job_that_was_deleted_before_anybody_waited_for_it_is_noticed(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubectl_job_operator.life.deferred_wait._UNSEEN_SECONDS", 0.2)
    fake_kubectl.answers(JOBS_WATCH, line(1), then=[NEVER])
    fake_kubectl.answers(JOBS_LIST, uids(1))
    quiet(fake_kubectl)
    assert run(wait(2)).news is News.GONE


def test_a_job_is_known_by_its_uid_and_not_by_its_name(fake_kubectl: FakeKubectl) -> None:
    other = json.loads(line(2, "complete"))
    other["object"]["metadata"]["name"] = "job-1"
    fake_kubectl.answers(
        JOBS_WATCH, json.dumps(other).encode() + b"\n" + line(1), then=["end", line(1, "failed"), NEVER]
    )
    quiet(fake_kubectl)

    async def look() -> Outcome:
        waiting = asyncio.create_task(wait(1))
        await eventually(lambda: watch().job("0b5b6d9e-0000-4000-8000-000000000001") is not None, "not seen")
        await asyncio.sleep(0.1)
        assert not waiting.done()
        fake_kubectl.open_gate("end")
        return await waiting

    outcome = run(look())
    assert (outcome.seen_job() or {})["status"]["conditions"][-1]["type"] == "Failed"


def test_a_deleted_job_is_gone_but_one_that_ended_before_has_its_verdict(fake_kubectl: FakeKubectl) -> None:
    deleted = line(1) + line(1, type_="DELETED") + line(2, "complete") + line(2, "complete", "DELETED")
    fake_kubectl.answers(JOBS_WATCH, b"", then=["go", deleted, NEVER])
    quiet(fake_kubectl)

    async def both() -> list[Outcome]:
        waiting = [asyncio.create_task(wait(number)) for number in (1, 2)]
        await asyncio.sleep(0.1)
        fake_kubectl.open_gate("go")
        return await asyncio.gather(*waiting)

    gone, ended = run(both())
    assert gone.news is News.GONE
    assert ended.news is News.ENDED


def test_who_may_not_watch_all_jobs_gets_a_watch_of_his_own_and_is_told(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(JOBS_WATCH, **FORBIDDEN)
    fake_kubectl.answers(JOBS_LIST, **FORBIDDEN)
    fake_kubectl.answers("get job/job-1 --watch", line(1), then=["end", line(1, "complete"), NEVER])
    fake_kubectl.answers("get job/job-2 --watch", **stage.NOT_FOUND)
    quiet(fake_kubectl)
    log = Log()

    async def both() -> list[Outcome]:
        first, second = asyncio.create_task(wait(1, log=log)), asyncio.create_task(wait(2))
        await eventually(lambda: "kubectl of its own" in log.text, "nobody was told")
        fake_kubectl.open_gate("end")
        return list(await asyncio.gather(first, second))

    ended, gone = run(both())
    assert ended.news is News.ENDED
    assert gone.news is News.GONE
    assert 'cannot watch resource "jobs"' in log.text
    assert len(fake_kubectl.called("get job/job-1 --watch")) == 1


def test_whatever_ends_the_watch_of_one_job_who_waits_for_it_is_told(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_kubectl.answers(JOBS_WATCH, **FORBIDDEN)
    fake_kubectl.answers(JOBS_LIST, **FORBIDDEN)
    quiet(fake_kubectl)

    def start(*_: Any, **__: Any) -> None:
        raise RuntimeError("can't start new thread")

    async def told() -> Outcome:
        monkeypatch.setattr(watch()._kubectl, "start_watch_of_one", start)
        return await asyncio.wait_for(wait(1), 30)

    outcome = run(told())
    assert outcome.news is News.GAVE_UP
    assert "can't start new thread" in outcome.message


def test_a_server_that_refuses_everybody_for_a_moment_is_believed_only_when_it_goes_on(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "_APART_SECONDS", 60.0)
    fake_kubectl.answers(JOBS_WATCH, times=2, **FORBIDDEN)
    fake_kubectl.answers(JOBS_WATCH, line(1, "complete"), then=[NEVER])
    fake_kubectl.answers(JOBS_LIST, uids(1))
    quiet(fake_kubectl)
    assert run(wait(1)).news is News.ENDED
    assert not fake_kubectl.called("get job/job-1")


def test_where_pods_may_not_be_watched_the_job_is_waited_for_all_the_same(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(PODS_WATCH, **FORBIDDEN)
    fake_kubectl.answers(JOBS_LIST, uids(1))
    fake_kubectl.answers(JOBS_WATCH, line(1), then=["end", line(1, "complete"), NEVER])
    quiet(fake_kubectl)
    log = Log()

    async def look() -> Outcome:
        shared = watch(log)
        waiting = asyncio.create_task(wait(1))
        await eventually(lambda: not shared.knows_pods, "it goes on trying")
        fake_kubectl.open_gate("end")
        return await waiting

    assert run(look()).news is News.ENDED
    assert "nobody can tell early that a Job does not start" in log.text


def test_an_outage_is_borne_for_its_time_and_then_told_with_kubectls_words(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(JOBS_WATCH, **stage.REFUSED)
    fake_kubectl.answers(JOBS_LIST, **stage.REFUSED)
    quiet(fake_kubectl)
    began = time.monotonic()
    outcome = run(wait(1, terms=Terms(outage_tolerance_seconds=1.5)))
    assert outcome.news is News.GAVE_UP
    assert "outage_tolerance_seconds" in outcome.message
    assert "was refused" in outcome.message
    assert time.monotonic() - began >= 1.5


def test_an_outage_is_told_to_each_who_waits_when_it_has_begun_and_when_it_is_over(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deferred_silence, "_TOLD_AFTER_SECONDS", 0.3)
    fake_kubectl.answers(JOBS_WATCH, line(1), then=["cut"], times=1)
    fake_kubectl.answers(JOBS_WATCH, then=["back", line(1), 1.0, line(1, "complete"), NEVER])
    fake_kubectl.answers(JOBS_LIST, after_seconds=NEVER)
    quiet(fake_kubectl)
    log = Log()

    async def look() -> Outcome:
        waiting = asyncio.create_task(wait(1, log=log))
        await eventually(lambda: bool(log.lines), "nobody saw the Job")
        fake_kubectl.open_gate("cut")
        await eventually(lambda: bool(log.warnings), "nobody told of the outage")
        fake_kubectl.open_gate("back")
        return await waiting

    assert run(look()).news is News.ENDED
    begin, end = log.warnings
    assert begin.startswith("The cluster does not serve us now (no answer), since ")
    assert end.startswith("The cluster serves us again after ")


def test_an_outage_that_ends_in_time_is_nothing(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(JOBS_WATCH, line(1), times=1)
    fake_kubectl.answers(JOBS_WATCH, times=5, **stage.REFUSED)
    fake_kubectl.answers(JOBS_WATCH, line(1, "complete"), then=[NEVER])
    fake_kubectl.answers(JOBS_LIST, uids(1))
    quiet(fake_kubectl)
    assert run(wait(1)).news is News.ENDED


def test_a_kubectl_that_does_not_tell_its_version_in_time_is_asked_again(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine with much to do all who wait would give up at once."""
    monkeypatch.setattr(calls, "READ_SECONDS", 1.0)
    fake_kubectl.answers("version --client", after_seconds=NEVER, times=1)
    fake_kubectl.answers(JOBS_WATCH, line(1, "complete"), then=[NEVER])
    quiet(fake_kubectl)
    assert run(wait(1)).news is News.ENDED
    assert len(fake_kubectl.called("version --client")) == 2


@pytest.mark.usefixtures("no_kubectl")
def test_without_kubectl_there_is_no_watch_and_everybody_is_told_what_to_do() -> None:
    with pytest.raises(KubectlMissingError, match="There is no kubectl on the PATH"):
        run(wait(1))


def test_a_job_that_cannot_start_is_told_with_the_reason_and_the_pods_of_others_do_not_matter(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubectl_job_operator.life.obstacles.HOPELESS_GRACE_SECONDS", 3.0)
    fake_kubectl.answers(JOBS_WATCH, line(1) + line(2), then=["end", line(2, "complete"), NEVER])
    fake_kubectl.answers(PODS_WATCH, pod_line(1, "config-missing"), then=[NEVER])
    quiet(fake_kubectl)
    log = Log()

    async def both() -> list[Outcome]:
        stuck, other = asyncio.create_task(wait(1, log=log)), asyncio.create_task(wait(2))
        told = await stuck
        assert not other.done()
        fake_kubectl.open_gate("end")
        return [told, await other]

    stuck, other = run(both())
    assert stuck.news is News.STUCK
    assert "It cannot start." in stuck.message
    assert 'configmap "absent" not found' in stuck.message
    assert other.news is News.ENDED
    assert "Nothing runs: " in log.text


def test_a_job_whose_pods_a_new_triggerer_has_not_seen_yet_is_not_taken_for_one_that_has_started(
    fake_kubectl: FakeKubectl,
) -> None:
    """Its status counts a pod that waits as active too, so that alone it would let the startup_timeout_seconds pass."""
    fake_kubectl.answers(JOBS_WATCH, line(1, type_="ADDED"), then=[NEVER])
    fake_kubectl.answers(PODS_WATCH, then=[1.0, pod_line(1, "unschedulable"), NEVER])
    quiet(fake_kubectl)
    outcome = run(wait(1, began=time.time() - 2 * Terms().patience.startup_timeout_seconds))
    assert outcome.news is News.STUCK
    assert "No container has started within" in outcome.message


def test_nor_is_one_whose_pods_a_silent_watch_does_not_name_for_long(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a list tells that it has none here: they may be in another cluster, and at work."""
    monkeypatch.setattr(deferred_wait, "_UNSEEN_SECONDS", 0.1)
    fake_kubectl.answers(JOBS_WATCH, line(1, type_="ADDED"), then=[NEVER])
    fake_kubectl.answers(PODS_WATCH, then=["a list", 0.5, pod_line(1, "unschedulable"), NEVER])
    fake_kubectl.answers(JOBS_LIST, uids(1))
    fake_kubectl.answers(
        "get pods jsonpath={.items[*].metadata.uid}", recordings.pods("unschedulable")[0]["metadata"]["uid"]
    )
    quiet(fake_kubectl)

    async def stuck() -> Outcome:
        waiting = asyncio.create_task(wait(1, began=time.time() - 2 * Terms().patience.startup_timeout_seconds))
        await eventually(lambda: bool(fake_kubectl.called("get pods jsonpath={.items[*].metadata.uid}")), "no list")
        fake_kubectl.open_gate("a list")
        return await waiting

    assert run(stuck()).news is News.STUCK


@pytest.mark.alone
def test_the_loop_is_never_busy_for_long_while_a_thousand_jobs_come_in(fake_kubectl: FakeKubectl) -> None:
    count = 1000
    everything = b"".join(line(number) for number in range(count))
    fake_kubectl.answers(JOBS_WATCH, everything, then=["end", line(7, "complete"), NEVER])
    quiet(fake_kubectl)
    naps: list[float] = []
    idle_naps: list[float] = []

    async def nap(late: list[float]) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.005)
            late.append(time.monotonic() - began - 0.005)

    async def look() -> Outcome:
        idle = asyncio.create_task(nap(idle_naps))
        await asyncio.sleep(1.0)
        idle.cancel()
        napping = asyncio.create_task(nap(naps))
        waiting = asyncio.create_task(wait(7))
        await eventually(lambda: watch().job(f"0b5b6d9e-0000-4000-8000-{count - 1:012}") is not None, "not seen")
        napping.cancel()
        fake_kubectl.open_gate("end")
        return await waiting

    assert run(look()).news is News.ENDED
    # Parsed in the loop, these 5 MB would keep it busy for a tenth of a second at a time.
    assert max(naps) < 0.1 + 2 * max(idle_naps), "apart from what the machine is late by itself"


def test_lines_are_read_outside_of_the_loops_thread(fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[str] = set()

    def read(text: bytes) -> watched.Seen | None:
        threads.add(threading.current_thread().name)
        return watched.read_job(text)

    monkeypatch.setattr(shared_watch, "read_job", read)
    fake_kubectl.answers(JOBS_WATCH, line(1, "complete"), then=[NEVER])
    quiet(fake_kubectl)
    assert run(wait(1)).news is News.ENDED
    assert threads == {"waits for kubectl"}


def test_when_the_loop_is_closed_no_kubectl_outlives_it(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(JOBS_WATCH, line(1), then=[NEVER])
    quiet(fake_kubectl)

    async def leave() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(wait(1), 1.0)

    run(leave())
    assert not fake_kubectl.running()
    assert not shared_watch._watches
