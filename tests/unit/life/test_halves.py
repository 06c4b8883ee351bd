"""A run in two processes does what a run in one does: the same verdict, the same reasons, each line once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.attempt.outcome import News, Outcome
from kubectl_job_operator.attempt.settings import DeletePolicy, Following, KillAction, Settings, Tail
from kubectl_job_operator.errors import (
    DeferralError,
    JobFailedError,
    JobStartupError,
    JobVanishedError,
    TaskKilledError,
    TaskTimeoutError,
)
from kubectl_job_operator.life.ending import Ending
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.watch.watched import short_job
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import TARGET, US, Log, Notebook

pytestmark = pytest.mark.usefixtures("hasty")

STAMP = "2026-01-01T00:00:0{}.000000000Z line-{}\n"
SHOWN = [f"2026-01-01T00:00:0{second}Z line-{second}" for second in range(3)]
"""Read long after they were written, so each has the time of that."""


def container_lines(log: Log) -> list[str]:
    """Return the lines of the log that a container wrote."""
    return [line for line in log.text.splitlines() if line.startswith("2026-01-01T")]


def first_half(fake_kubectl: FakeKubectl, log: Log) -> Handover:
    """Run a first half against a cluster without the Job."""
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS)
    fake_kubectl.answers(f"get {TARGET}", "", times=1)
    fake_kubectl.answers(stage.PODS_WAIT)
    fake_kubectl.answers("apply --server-side", stage.job())
    handover = stage.runner(log).start()
    assert handover is not None
    # As the database would give it to another process.
    return Handover.from_text(handover.to_text())


def aftermath(fake_kubectl: FakeKubectl, state: str = "complete") -> None:
    """Script what the second half meets."""
    fake_kubectl.answers(f"get {TARGET}", stage.job(state))
    scenario = "complete" if state == "complete" else "failed-exit-code"
    events = b"".join(
        json.dumps({"type": "ADDED", "object": pod}).encode() + b"\n" for pod in recordings.pods(scenario)
    )
    fake_kubectl.answers("get pods --watch", events, then=[NEVER])
    fake_kubectl.answers("get pods", recordings.pod_list(scenario))
    fake_kubectl.answers("get events", recordings.event_list(scenario))
    fake_kubectl.answers("logs --timestamps", "".join(STAMP.format(n, n) for n in range(3)), is_log=True)
    fake_kubectl.answers("logs", "the last line\n")
    fake_kubectl.answers("delete", "deleted\n")


def second_half(
    handover: Handover, log: Log, news: News = News.ENDED, message: str = "", **arguments: Any
) -> Handover | None:
    arguments.setdefault("settings", Settings(following=Following(is_on=True)))
    return stage.runner(log, **arguments).go_on(handover, Outcome(news, message))


def test_the_first_half_ends_when_the_job_is_there_and_leaves_nothing_behind(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    handover = first_half(fake_kubectl, log)
    assert (handover.namespace, handover.name, handover.uid) == (stage.NAMESPACE, stage.NAME, stage.UID)
    assert not fake_kubectl.called("wait job/countdown")
    assert not fake_kubectl.called("--watch")
    assert not fake_kubectl.running()
    assert folders() == []


def test_what_is_handed_over_holds_no_manifest(fake_kubectl: FakeKubectl, log: Log) -> None:
    text = first_half(fake_kubectl, log).to_text()
    assert "busybox" not in text
    assert len(text) < 4000


def test_the_second_half_shows_the_logs_says_the_verdict_and_cleans_up(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    handover = first_half(fake_kubectl, log)
    aftermath(fake_kubectl)
    memory = Notebook()
    assert second_half(handover, log, memory=memory) is None
    assert container_lines(log) == SHOWN
    assert "is Complete after" in log.text
    assert len(fake_kubectl.called("delete")) == 1
    assert memory.noted is not None
    assert folders() == []


def test_a_kill_that_comes_too_late_deletes_nothing_that_the_policy_keeps(
    fake_kubectl: FakeKubectl, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    handover = first_half(fake_kubectl, log)
    aftermath(fake_kubectl)
    runner = stage.runner(log, settings=Settings(delete_policy=DeletePolicy.NEVER))
    conclude = Ending.conclude

    def conclude_and_be_killed(self: Ending, job: dict[str, Any], seconds: float) -> None:
        conclude(self, job, seconds)
        runner.kill()

    monkeypatch.setattr(Ending, "conclude", conclude_and_be_killed)
    with pytest.raises(TaskKilledError):
        runner.go_on(handover, Outcome(News.ENDED))
    assert not fake_kubectl.called("delete")


def test_a_failed_job_has_its_account_and_the_replay_has_the_commands_of_both_halves(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    handover = first_half(fake_kubectl, log)
    aftermath(fake_kubectl, "failed")
    with pytest.raises(JobFailedError, match="exit code"):
        second_half(handover, log)
    replay = log.text.partition("::group::Replay")[2]
    assert len(folders()) == 1
    assert f"apply --server-side --field-manager={US.field_manager} -f {folders()[0]}/countdown.yaml" in replay
    assert (folders()[0] / "countdown.yaml").exists()


def test_a_job_that_is_over_before_the_task_is_deferred_needs_no_second_half(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS)
    fake_kubectl.answers("label", "labeled\n")
    aftermath(fake_kubectl)
    assert stage.runner(log).start() is None
    assert "is Complete" in log.text
    assert not fake_kubectl.called("apply")


def test_a_job_that_the_next_try_adopts_is_handed_over_too(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS)
    fake_kubectl.answers("label", "labeled\n")
    fake_kubectl.answers(f"get {TARGET}", stage.job(owner=replace(stage.US, try_number=1)))
    handover = stage.runner(log).start()
    assert handover is not None
    assert handover.uid == stage.UID
    assert "Going on with it." in log.text
    assert not fake_kubectl.called("apply")


def test_logs_are_shown_in_between_and_the_task_is_deferred_again(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    handover = first_half(fake_kubectl, log)
    pod = recordings.pods("complete")[0]
    running = {**pod, "status": {**pod["status"], "phase": "Running"}}
    for one in running["status"]["containerStatuses"]:
        one["state"] = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    fake_kubectl.answers(f"get {TARGET}", stage.job(), times=2)
    fake_kubectl.answers("get pods", {"kind": "List", "items": [running]}, times=2)
    fake_kubectl.answers("logs --timestamps", STAMP.format(0, 0) + "2026-01-01T00:00:01.000000000Z li", times=1)
    fake_kubectl.answers("logs --timestamps", STAMP.format(0, 0) + STAMP.format(1, 1), times=1)
    second = second_half(handover, log, News.LOGS)
    assert second is not None
    third = second_half(Handover.from_text(second.to_text()), log, News.LOGS)
    assert third is not None
    assert not fake_kubectl.called("logs --follow")
    assert folders() == []
    aftermath(fake_kubectl)
    assert second_half(Handover.from_text(third.to_text()), log) is None
    assert container_lines(log) == SHOWN


def test_of_many_containers_only_as_many_are_shown_in_between_as_may_be_handed_over(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    handover = first_half(fake_kubectl, log)
    pods = []
    for number in range(5):
        pod = recordings.pods("complete")[0]
        pod["metadata"].update(uid=f"pod-{number}", name=f"countdown-{number}")
        pods.append(pod)
    everything = {"kind": "List", "items": pods}
    fake_kubectl.answers(f"get {TARGET}", stage.job(), times=1)
    fake_kubectl.answers("get pods", everything, times=1)
    settings = Settings(following=Following(is_on=True, max_streams=2))
    fake_kubectl.answers("logs --timestamps", STAMP.format(0, 0))
    second = second_half(handover, log, News.LOGS, settings=settings)
    assert second is not None
    assert len(second.positions) == 2
    assert log.text.count("line-0") == 2
    fake_kubectl.answers(f"get {TARGET}", stage.job("complete"))
    added = b"".join(json.dumps({"type": "ADDED", "object": pod}).encode() + b"\n" for pod in pods)
    fake_kubectl.answers("get pods --watch", added, then=[NEVER])
    fake_kubectl.answers("get pods", everything)
    fake_kubectl.answers("delete")
    assert second_half(second, log, settings=settings) is None
    assert log.text.count("line-0") == 5


def running_pod() -> dict[str, Any]:
    """Return a recorded pod as it was while its containers ran."""
    pod = recordings.pods("complete")[0]
    for one in pod["status"]["containerStatuses"]:
        one["state"] = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    pod["status"]["phase"] = "Running"
    return pod


def test_a_pod_that_is_gone_before_its_log_was_shown_to_the_end_is_told(fake_kubectl: FakeKubectl, log: Log) -> None:
    handover = first_half(fake_kubectl, log)
    pod = running_pod()
    fake_kubectl.answers(f"get {TARGET}", stage.job())
    fake_kubectl.answers("get pods", {"kind": "List", "items": [pod]}, times=1)
    fake_kubectl.answers("get pods", {"kind": "List", "items": []})
    fake_kubectl.answers("logs --timestamps", STAMP.format(0, 0))
    second = second_half(handover, log, News.LOGS)
    assert second is not None
    second_half(second, log, News.LOGS)
    assert "is gone: its lines after 2026-01-01T00:00:00.000000000Z may be missing" in "\n".join(log.warnings)


def test_tails_are_shown_in_between_where_they_are_asked_for_instead(fake_kubectl: FakeKubectl, log: Log) -> None:
    handover = first_half(fake_kubectl, log)
    fake_kubectl.answers(f"get {TARGET}", stage.job())
    fake_kubectl.answers("logs --tail=7", "[pod/countdown-x/main] so far\n")
    assert second_half(handover, log, News.LOGS, settings=Settings(tail=Tail(is_on=True, line_count=7))) is not None
    assert "so far" in log.text


def test_a_job_that_does_not_start_fails_with_what_the_triggerer_has_seen_and_is_deleted(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    handover = first_half(fake_kubectl, log)
    fake_kubectl.answers(f"get {TARGET}", stage.job())
    fake_kubectl.answers("get pods", recordings.pod_list("unschedulable"))
    fake_kubectl.answers("get job.v1.batch -l", {"kind": "List", "items": [stage.job()]})
    fake_kubectl.answers("delete --raw", stage.DELETED_AS_SEEN)
    with pytest.raises(JobStartupError, match="it cannot start"):
        second_half(handover, log, News.STUCK, "Job here/countdown: it cannot start.")
    assert len(fake_kubectl.called("delete")) == 1


def test_a_job_that_starts_in_the_last_moment_is_waited_for_again(fake_kubectl: FakeKubectl, log: Log) -> None:
    handover = first_half(fake_kubectl, log)
    pod = running_pod()
    fake_kubectl.answers(f"get {TARGET}", stage.job())
    fake_kubectl.answers("get pods", {"kind": "List", "items": [pod]})
    assert second_half(handover, log, News.STUCK, "no") is not None
    assert not fake_kubectl.called("delete")


@pytest.mark.parametrize(("action", "deletes"), [(KillAction.DELETE, 1), (KillAction.KEEP, 0)])
def test_when_the_tasks_time_is_over_the_logs_are_shown_and_the_job_is_deleted_unless_it_is_to_be_kept(
    action: KillAction, deletes: int, fake_kubectl: FakeKubectl, log: Log
) -> None:
    handover = first_half(fake_kubectl, log)
    pod = recordings.pods("complete")[0]
    fake_kubectl.answers(f"get {TARGET}", stage.job())
    fake_kubectl.answers("get pods", {"kind": "List", "items": [pod]})
    fake_kubectl.answers("logs --timestamps", STAMP.format(0, 0))
    fake_kubectl.answers("get job.v1.batch -l", {"kind": "List", "items": [stage.job()]})
    fake_kubectl.answers("delete --raw", stage.DELETED_AS_SEEN)
    settings = Settings(following=Following(is_on=True), on_kill=action)
    with pytest.raises(TaskTimeoutError, match="execution_timeout"):
        second_half(handover, log, News.TIME_OVER, settings=settings)
    assert "line-0" in log.text
    assert len(fake_kubectl.called("delete")) == deletes


def test_when_the_triggerer_has_given_up_the_job_is_left_for_the_next_try(fake_kubectl: FakeKubectl, log: Log) -> None:
    handover = first_half(fake_kubectl, log)
    fake_kubectl.answers(f"get {TARGET}", stage.job())
    fake_kubectl.answers("get pods", {"kind": "List", "items": []})
    with pytest.raises(DeferralError, match="no kubectl there"):
        second_half(handover, log, News.GAVE_UP, "no kubectl there")
    assert not fake_kubectl.called("delete")
    assert "a retry goes on with it" in log.text


@pytest.mark.parametrize("news", [News.GAVE_UP, News.STUCK, News.TIME_OVER, News.GONE])
def test_a_job_that_has_ended_meanwhile_has_its_verdict_whatever_the_triggerer_says(
    news: News, fake_kubectl: FakeKubectl, log: Log
) -> None:
    handover = first_half(fake_kubectl, log)
    aftermath(fake_kubectl)
    assert second_half(handover, log, news, "no") is None
    assert "is Complete" in log.text


@pytest.mark.parametrize("found", ["", stage.job(uid="another")])
def test_a_job_that_is_gone_is_no_success_and_what_was_made_with_it_is_deleted(
    found: Any, fake_kubectl: FakeKubectl, log: Log
) -> None:
    """By this try's labels, which what has taken the name does not have."""
    handover = replace(first_half(fake_kubectl, log), kinds="job.v1.batch,configmap")
    fake_kubectl.answers(f"get {TARGET}", found)
    fake_kubectl.answers("get events", {"items": []})
    fake_kubectl.answers("get pods", {"kind": "List", "items": []})
    fake_kubectl.answers("delete")
    with pytest.raises(JobVanishedError, match="was deleted"):
        second_half(handover, log, News.GONE)
    (delete,) = fake_kubectl.called("delete")
    assert "job.v1.batch,configmap" in delete
    assert delete[delete.index("-l") + 1] == handover.selector


def test_a_job_whose_end_the_triggerer_has_seen_counts_though_it_is_gone_now(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    handover = first_half(fake_kubectl, log)
    fake_kubectl.answers(f"get {TARGET}", "")
    fake_kubectl.answers("get pods --watch", then=[NEVER])
    fake_kubectl.answers("get pods", {"kind": "List", "items": []})
    fake_kubectl.answers("delete")
    seen = json.dumps(short_job(stage.job("complete")))
    settings = Settings(following=Following(is_on=True, drain_seconds=0.2), delete_policy=DeletePolicy.NEVER)
    assert stage.runner(log, settings=settings).go_on(handover, Outcome(News.ENDED, "", seen)) is None
    assert "is Complete" in log.text


def test_a_template_that_gives_another_name_now_does_not_lose_the_job(fake_kubectl: FakeKubectl, log: Log) -> None:
    handover = first_half(fake_kubectl, log)
    aftermath(fake_kubectl)
    assert second_half(handover, log, manifest=stage.MANIFEST.replace("name: countdown", "name: other")) is None
    assert f"Job here/{stage.NAME} is Complete" in log.text
