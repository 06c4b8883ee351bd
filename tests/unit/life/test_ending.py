"""What follows a verdict: the last lines, why it failed, what is deleted."""

from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_job_operator.attempt.settings import DeletePolicy, Following, Settings, Tail
from kubectl_job_operator.errors import (
    JobFailedError,
)
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.life.scenes import no_child_is_left, verbs
from tests.unit.stage import COMPLETE_WAIT, FAILED_WAIT, Log

pytestmark = pytest.mark.usefixtures("hasty")

READ_ON = "What to do: read the last log lines above: the program itself ended like that."


def test_a_job_that_completes_stays_if_that_is_wanted(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl)
    stage.runner(log, settings=Settings(delete_policy=DeletePolicy.NEVER)).run()
    assert verbs(fake_kubectl) == ["apply"]


def test_a_job_that_fails_is_an_error_with_the_reason_and_what_its_pods_say(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    fake_kubectl.answers("logs failed-exit-code-28jd2 -c main", "dying\n")
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError) as caught:
        stage.runner(log).run()
    assert (caught.value.namespace, caught.value.name) == ("here", "countdown")
    assert caught.value.reason == "BackoffLimitExceeded"
    reason = "Job here/countdown failed: container main ended with exit code 3: dying"
    assert str(caught.value).splitlines() == [reason, READ_ON], "nothing that is said twice"
    assert log.lines[-2] == reason
    assert log.lines[-1].startswith("Pod failed-exit-code-28jd2 on node node1, container main: exit code 3")
    assert log.lines[-1].endswith(f"\n{READ_ON}"), "who reads the end of the log knows the cause"
    assert log.text.count(READ_ON) == log.text.count(" on node node1, container main") == 1
    assert "    dying" in log.lines[-1]
    assert "is Failed after" in log.text
    assert "its pod failed, and its backoffLimit of 0 allows no other (BackoffLimitExceeded)." in log.text
    assert caught.value.exit_codes == (3,)
    assert verbs(fake_kubectl) == ["apply"], "a failed Job stays, for a look"
    assert "was left as it is" not in log.text, "it does not run on"
    assert no_child_is_left(fake_kubectl)
    (folder,) = folders()
    assert str(folder / "countdown.yaml") in log.text


def test_that_the_pods_cannot_be_read_does_not_hide_the_failure(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("get pods", **stage.FORBIDDEN)
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError, match="BackoffLimitExceeded"):
        stage.runner(log).run()
    assert any(warning.startswith("The Job's pods cannot be listed.") for warning in log.warnings)


def test_the_job_is_deleted_although_the_cluster_was_away_at_its_end(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("delete", **stage.REFUSED, times=1)
    stage.script(fake_kubectl)
    stage.runner(log).run()
    assert len(fake_kubectl.called("delete")) == 2
    assert "The cluster serves us again" in log.text


def test_a_pod_that_was_deleted_before_the_verdict_still_tells_its_exit_code(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    (gone,) = recordings.pods_last_seen("on-failure-restarts")
    seen = [json.dumps({"type": kind, "object": gone}) for kind in ("ADDED", "DELETED")]
    fake_kubectl.answers("get pods --watch", "\n".join([*seen, ""]), times=1)
    fake_kubectl.answers("get pods --watch", after_seconds=NEVER)
    fake_kubectl.answers("get pods", recordings.pod_list("on-failure-restarts"))
    fake_kubectl.answers(FAILED_WAIT, stage.job("failed"), after_seconds=1.0)
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError, match="of pod on-failure-restarts-k55x6 ended with exit code 1") as caught:
        stage.runner(log).run()
    assert caught.value.exit_codes == (1,)
    assert "it was restarted 1 time\n  its log cannot be read" in caught.value.report
    assert fake_kubectl.called("logs") == [], "it is gone"


def test_the_last_lines_of_a_pod_that_is_gone_are_those_that_were_shown(fake_kubectl: FakeKubectl, log: Log) -> None:
    (gone,) = recordings.pods_last_seen("on-failure-restarts")
    added, deleted = (f"{json.dumps({'type': kind, 'object': gone})}\n".encode() for kind in ("ADDED", "DELETED"))
    fake_kubectl.answers("get pods --watch", added, then=(1.0, deleted, NEVER))
    fake_kubectl.answers("get pods", recordings.pod_list("on-failure-restarts"))
    fake_kubectl.answers("logs", b"2026-11-20T19:25:01.000000000Z no route to host\n")
    fake_kubectl.answers(FAILED_WAIT, stage.job("failed"), after_seconds=2.0)
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError) as caught:
        stage.runner(log, settings=Settings(following=Following(is_on=True))).run()
    assert "no route to host" in str(caught.value)
    assert "its log cannot be read" not in str(caught.value)


def test_that_the_events_cannot_be_read_hides_nothing_else(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("get events", **stage.FORBIDDEN)
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError, match="container main of pod failed-exit-code-28jd2 ended with"):
        stage.runner(log).run()
    assert any(warning.startswith("The events of the namespace cannot be listed.") for warning in log.warnings)


@pytest.mark.parametrize("end", ["complete", "failed"])
def test_the_ends_of_the_logs_are_shown_if_that_is_wanted(fake_kubectl: FakeKubectl, log: Log, end: str) -> None:
    fake_kubectl.answers("logs --tail=7", "[pod/countdown-x/main] hello\n")
    stage.script(fake_kubectl, end=end)
    settings = Settings(tail=Tail(is_on=True, line_count=7))
    with contextlib.suppress(JobFailedError):
        stage.runner(log, settings=settings).run()
    assert "----- pod countdown-x, container main: the last 1 line -----\nhello\n" in log.text


def test_logs_that_cannot_be_read_do_not_touch_the_verdict(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("logs", **stage.FORBIDDEN)
    stage.script(fake_kubectl)
    stage.runner(log, settings=Settings(tail=Tail(is_on=True))).run()
    assert any(warning.startswith("The logs cannot be read.") for warning in log.warnings)
    assert verbs(fake_kubectl) == ["apply", "delete"]


def test_no_log_is_read_unless_that_is_wanted(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl)
    stage.runner(log).run()
    assert not fake_kubectl.called("logs")


def test_a_failure_to_delete_is_only_a_warning_with_the_command(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("delete", **stage.FORBIDDEN)
    stage.script(fake_kubectl)
    assert stage.runner(log).run() == stage.job("complete")
    refused, warning = log.warnings
    assert refused.startswith("The cluster refuses us (forbidden).")
    assert warning.startswith("The Job could not be deleted.\n")
    command = warning.partition("\nTo delete it: ")[2]
    assert tuple(shlex.split(command)) == fake_kubectl.called("delete")[0]


def test_the_ends_of_the_logs_are_shown_again_and_again_while_the_job_runs_if_that_is_wanted(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    for number in range(2):
        fake_kubectl.answers("logs --tail=7", f"[pod/countdown-x/main] look {number}\n", times=1)
    fake_kubectl.answers("logs --tail=7", "[pod/countdown-x/main] last look\n")
    fake_kubectl.answers(COMPLETE_WAIT, stage.job("complete"), after_seconds=2.5)
    stage.script(fake_kubectl)
    stage.runner(log, settings=Settings(tail=Tail(is_on=True, line_count=7, every_seconds=1))).run()
    shown = [log.text.index(f"\n{words}\n") for words in ("look 0", "look 1", "last look")]
    assert shown == sorted(shown)
    assert shown[1] < log.text.index("is Complete after") < shown[2]


def test_of_the_events_of_a_namespace_only_those_of_the_job_are_counted(fake_kubectl: FakeKubectl, log: Log) -> None:
    listed = recordings.event_list("failed-exit-code")
    own = [one for one in listed["items"] if one["involvedObject"]["kind"] == "Pod"]
    others = [{**one, "involvedObject": {"kind": "Pod", "name": "another", "uid": "another"}} for one in own]
    fake_kubectl.answers("get events", {**listed, "items": [*own, *others]})
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError):
        stage.runner(log).run()
    assert f"::group::Looked into it: 1 pod, {len(own)} events" in log.lines
