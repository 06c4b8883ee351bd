"""With its groups folded, a log is the program's, and only a little of it is ours."""

from __future__ import annotations

import copy
import json
import shlex
from typing import Any

from kubectl_job_operator.attempt.settings import Following, Settings
from tests.log_text import commands_in, titles, visible_lines
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import COMPLETE_WAIT, Log

PODS, LINES = 100, 10


def pods(phase: str) -> str:
    """Return what a watch prints of all pods."""
    events = []
    for number in range(PODS):
        pod: dict[str, Any] = copy.deepcopy(recordings.pods("complete")[0])
        pod["metadata"] |= {"name": f"many-{number}", "uid": f"uid-{number}"}
        pod["status"]["phase"] = phase
        if phase == "Running":
            for one in pod["status"]["containerStatuses"]:
                one["state"] = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
        events.append(json.dumps({"type": "MODIFIED", "object": pod}))
    return "\n".join(events) + "\n"


def test_of_a_hundred_pods_with_ten_lines_each_less_than_15_percent_is_ours(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    stamps = [f"2026-01-01T00:00:{second:02}.000000000Z" for second in range(LINES)]
    said = "".join(f"{stamp} said {number}\n" for number, stamp in enumerate(stamps))
    done = stage.job("complete")
    done["status"]["succeeded"] = PODS
    fake_kubectl.answers("get pods --watch", pods("Running"), then=[2.0, pods("Succeeded").encode(), NEVER])
    fake_kubectl.answers("logs --follow", said)
    fake_kubectl.answers("logs --timestamps", said)
    fake_kubectl.answers(COMPLETE_WAIT, done, after_seconds=6.0)
    stage.script(fake_kubectl)
    stage.runner(log, settings=Settings(following=Following(is_on=True, max_streams=20))).run()
    visible = visible_lines(log.lines)
    programs = [line for line in visible if "/main] said " in line]
    assert len(programs) == PODS * LINES
    assert len(visible) - len(programs) < 0.15 * len(visible)
    assert len(fake_kubectl.called("logs --follow")) > 1
    assert sum(" logs " in line for line in visible) == 1
    assert {shlex.join(call) for call in fake_kubectl.calls} <= set(commands_in(log.text)), "each is in the log"
    assert titles(log.lines)[-1] == "Cleaned up: Job here/countdown is deleted"
