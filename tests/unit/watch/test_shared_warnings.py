"""However many want to know why nothing runs, the warnings are read once."""

from __future__ import annotations

import asyncio

import pytest

from kubectl_job_operator.attempt.outcome import News, Outcome
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.watch import shared_watch
from tests.unit import stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.shared import JOBS_LIST, JOBS_WATCH, eventually, line, quiet, run, uid, uids, wait
from tests.unit.stage import FORBIDDEN, Log

pytestmark = pytest.mark.usefixtures("hasty_watches")


def test_warnings_are_read_once_for_all_who_want_them(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubectl_job_operator.life.obstacles._EVENTS_AFTER_SECONDS", (1.0, 60.0))
    monkeypatch.setattr("kubectl_job_operator.life.deferred_wait._SPREAD_SECONDS", 0.1)
    monkeypatch.setattr("kubectl_job_operator.life.deferred_wait._UNSEEN_SECONDS", 0.5)
    warning = {
        "reason": "FailedCreate",
        "message": 'Error creating: pods "x" is forbidden: exceeded quota: small',
        "type": "Warning",
        "count": 3,
        "lastTimestamp": "2036-01-01T00:00:00Z",
        "involvedObject": {"kind": "Job", "uid": "0b5b6d9e-0000-4000-8000-000000000003"},
    }
    fake_kubectl.answers(JOBS_WATCH, b"".join(map(line, range(20))), then=["end", line(3, "complete"), NEVER])
    fake_kubectl.answers(JOBS_LIST, uids(*range(20)))
    fake_kubectl.answers("get events --field-selector=type=Warning", {"items": [warning]}, after_seconds=0.3)
    quiet(fake_kubectl)
    log = Log()

    async def all_of_them() -> Outcome:
        waiting = [asyncio.create_task(wait(number, log=log if number == 3 else None)) for number in range(20)]
        await eventually(lambda: "exceeded quota" in log.text, "the warning is not told")
        fake_kubectl.open_gate("end")
        return await waiting[3]

    assert run(all_of_them()).news is News.ENDED
    assert len(fake_kubectl.called("get events")) <= 3


def test_events_that_may_not_be_listed_are_asked_for_no_more_and_that_is_said_once(fake_kubectl: FakeKubectl) -> None:
    log = Log()
    fake_kubectl.answers("get events", **FORBIDDEN)
    fake_kubectl.answers(JOBS_WATCH, line(1), then=[NEVER])
    quiet(fake_kubectl)

    async def want_them_again_and_again() -> None:
        shared = shared_watch.shared_watch(Access(), stage.NAMESPACE, log)
        subscription = shared.subscribe(uid(1), "job-1")

        def is_told() -> bool:
            subscription.want_events()
            return "Events may not be listed" in log.text

        await eventually(is_told, "nobody says that events may not be listed")
        asked = len(fake_kubectl.called("get events"))
        subscription.want_events()
        await asyncio.sleep(0.3)
        assert len(fake_kubectl.called("get events")) == asked
        subscription.close()

    run(want_them_again_and_again())
    assert log.text.count("Events may not be listed") == 1
    assert log.warnings == []
