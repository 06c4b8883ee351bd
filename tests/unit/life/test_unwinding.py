"""What follows a failure or a kill: nothing runs on unseen, nothing is lost, all is said."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import random
import shlex
import signal
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.attempt.identity import Identity, Round, selector_of, selector_to_delete
from kubectl_job_operator.attempt.settings import DeletePolicy, KillAction, Settings
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.errors import (
    ErrorKind,
    JobInUseError,
    JobStartupError,
    JobVanishedError,
    KubectlError,
    TaskKilledError,
)
from kubectl_job_operator.life import obstacles, unwinding
from kubectl_job_operator.life.runner import JobRunner
from kubectl_job_operator.manifest.labels import KEEP
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.life.scenes import (
    EARLIER,
    ETCD,
    INVALID,
    OTHERS,
    SECRET,
    Interruption,
    no_child_is_left,
    on_signal,
    once_called,
    signal_main_thread,
    verbs,
)
from tests.unit.stage import COMPLETE_WAIT, DELETED_WAIT, FAILED_WAIT, TARGET, US, Log
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("hasty")


def test_a_job_that_cannot_start_is_given_up_early_and_deleted(
    fake_kubectl: FakeKubectl, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obstacles, "HOPELESS_GRACE_SECONDS", 0.5)
    monkeypatch.setattr(obstacles, "_SAID_AFTER_SECONDS", 0.0)
    (pod,) = recordings.pods("invalid-image-name")
    fake_kubectl.answers("get pods --watch", json.dumps({"type": "ADDED", "object": pod}) + "\n", after_seconds=0.1)
    fake_kubectl.answers("get pods", recordings.pod_list("invalid-image-name"))
    stage.script(fake_kubectl, end="never")
    with pytest.raises(JobStartupError, match="InvalidImageName"):
        stage.runner(log, settings=Settings(delete_policy=DeletePolicy.NEVER)).run()
    assert "Nothing runs: pod invalid-image-name-c9bhk, container main cannot start" in log.text
    assert verbs(fake_kubectl) == ["apply", "delete"]
    assert no_child_is_left(fake_kubectl)


def test_the_manifest_is_kept_0600_after_a_failure_and_the_log_tells_where(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    fake_kubectl.answers("apply", **INVALID)
    stage.script(fake_kubectl)
    with pytest.raises(KubectlError) as caught:
        stage.runner(log).run()
    assert caught.value.kind is ErrorKind.INVALID
    (folder,) = folders()
    file = folder / "countdown.yaml"
    assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(file.stat().st_mode)) == (0o700, 0o600)
    assert f"The manifest is kept to run it again by hand: {file}" in log.lines
    assert caught.value.argv[caught.value.argv.index("-f") + 1] == str(file)


def test_killing_a_task_whose_name_was_taken_does_not_delete_the_other_job(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", OTHERS))
    stage.script(fake_kubectl)
    runner = stage.runner(log)
    runner.kill()
    with pytest.raises(TaskKilledError):
        runner.run()
    assert verbs(fake_kubectl) == []


def test_an_outage_that_is_longer_than_tolerated_leaves_the_job_and_says_so(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    for words in (COMPLETE_WAIT, FAILED_WAIT):
        fake_kubectl.answers(words, **stage.REFUSED)
    fake_kubectl.answers(f"get {TARGET}", times=1)
    fake_kubectl.answers(f"get {TARGET}", **stage.REFUSED)
    stage.script(fake_kubectl)
    with pytest.raises(KubectlError) as caught:
        stage.runner(log, settings=Settings(outage_tolerance_seconds=0.2)).run()
    assert caught.value.kind is ErrorKind.UNREACHABLE
    assert verbs(fake_kubectl) == ["apply"]
    assert any("Job here/countdown was left as it is; it may still run" in warning for warning in log.warnings)
    assert len(folders()) == 1
    assert no_child_is_left(fake_kubectl)


@pytest.mark.usefixtures("impatient")
def test_an_ordinary_error_leaves_the_job_and_says_so(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(FAILED_WAIT, **stage.FORBIDDEN)
    stage.script(fake_kubectl, end="never")
    with pytest.raises(KubectlError) as caught:
        stage.runner(log).run()
    assert caught.value.kind is ErrorKind.FORBIDDEN
    assert verbs(fake_kubectl) == ["apply"]
    assert any("was left as it is" in warning for warning in log.warnings)
    assert no_child_is_left(fake_kubectl)


def test_where_apply_was_refused_there_is_no_job_to_speak_of(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("apply", **INVALID)
    stage.script(fake_kubectl)
    with pytest.raises(KubectlError):
        stage.runner(log).run()
    assert log.warnings == []
    assert verbs(fake_kubectl) == ["apply"]


@pytest.mark.parametrize("successor", [None, stage.job(uid="another"), stage.job("complete", uid="another")])
def test_a_job_that_is_deleted_or_replaced_while_it_runs_is_an_outcome_of_its_own(
    fake_kubectl: FakeKubectl, log: Log, successor: dict[str, Any] | None
) -> None:
    fake_kubectl.answers(f"get {TARGET}", times=1)
    fake_kubectl.answers(f"get {TARGET}", successor or "")
    fake_kubectl.answers(DELETED_WAIT)
    stage.script(fake_kubectl, end="never")
    with pytest.raises(JobVanishedError, match="was deleted") as caught:
        stage.runner(log).run()
    left = "What is left to see:\nPod failed-exit-code-28jd2 on node node1"
    assert left in log.lines[-1]
    assert left not in str(caught.value)
    assert verbs(fake_kubectl) == ["apply"], "the other Job of the name is not touched"
    assert "was left as it is" not in log.text
    assert no_child_is_left(fake_kubectl)


def _kill_by_thread(runner: JobRunner) -> Callable[[], object]:
    return runner.kill


def _kill_by_signal(_: JobRunner) -> Callable[[], object]:
    return signal_main_thread


@pytest.mark.parametrize("how", [_kill_by_thread, _kill_by_signal])
@pytest.mark.parametrize("moment", ["apply", COMPLETE_WAIT, DELETED_WAIT])
def test_a_task_that_is_killed_leaves_no_job_and_no_child_behind(
    fake_kubectl: FakeKubectl, log: Log, moment: str, how: Callable[[JobRunner], Callable[[], object]]
) -> None:
    if moment == "apply":
        fake_kubectl.answers("apply", after_seconds=NEVER)
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log)
    with (
        on_signal(lambda *_: runner.kill()),
        once_called(fake_kubectl, moment, how(runner)),
        pytest.raises(TaskKilledError),
    ):
        runner.run()
    (delete,) = fake_kubectl.called("delete")
    assert delete == ("kubectl", "-n", "here", "delete", "job.v1.batch", "-l", US.selector(), "--wait=false")
    assert no_child_is_left(fake_kubectl)
    assert any("The task was told to stop, so Job here/countdown is deleted." in warning for warning in log.warnings)


@pytest.mark.parametrize(
    ("settings", "is_worker_stop", "words"),
    [
        (Settings(keep_on_worker_stop=True), True, "Only the worker was told to stop"),
        (Settings(keep_on_worker_stop=True), False, None),
        (Settings(keep_on_worker_stop=False), True, None),
        (Settings(on_kill=KillAction.KEEP), False, 'by on_kill_action="keep"'),
    ],
)
def test_what_becomes_of_the_job_depends_on_who_wants_the_end(
    settings: Settings, is_worker_stop: bool, words: str | None, fake_kubectl: FakeKubectl, log: Log
) -> None:
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log, settings=settings, is_worker_stop=is_worker_stop)
    with once_called(fake_kubectl, COMPLETE_WAIT, runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert len(fake_kubectl.called("delete")) == (1 if words is None else 0)
    assert any((words or "so Job here/countdown is deleted") in warning for warning in log.warnings)
    assert no_child_is_left(fake_kubectl)


@pytest.mark.parametrize("milliseconds", [0, 4, 30])
def test_a_second_signal_while_cleaning_up_does_not_leave_the_job(
    milliseconds: int, fake_kubectl: FakeKubectl, log: Log
) -> None:
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log)
    is_running = True

    def handler(*_: object) -> None:
        runner.kill()
        if is_running:
            raise Interruption

    def twice() -> None:
        signal_main_thread()
        time.sleep(milliseconds / 1000)
        signal_main_thread()

    def run() -> None:
        nonlocal is_running
        try:
            runner.run()
        finally:
            is_running = False

    with (
        on_signal(handler),
        once_called(fake_kubectl, COMPLETE_WAIT, twice),
        pytest.raises((Interruption, TaskKilledError)),
    ):
        run()
    assert fake_kubectl.called("delete")
    assert no_child_is_left(fake_kubectl)


def test_a_task_that_is_killed_while_it_looks_has_nothing_to_delete(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"get {TARGET}", after_seconds=NEVER)
    stage.script(fake_kubectl)
    runner = stage.runner(log)
    with once_called(fake_kubectl, f"get {TARGET}", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert verbs(fake_kubectl) == []
    assert no_child_is_left(fake_kubectl)


def test_a_task_that_is_killed_before_it_runs_changes_nothing(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"get {TARGET}")
    stage.script(fake_kubectl)
    runner = stage.runner(log)
    runner.kill()
    runner.kill()
    with pytest.raises(TaskKilledError):
        runner.run()
    assert verbs(fake_kubectl) == []


def test_a_task_that_is_killed_during_an_outage_ends_at_once(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("apply", **ETCD)
    fake_kubectl.answers(f"get {TARGET}")
    stage.script(fake_kubectl)
    runner = stage.runner(log)
    with once_called(fake_kubectl, "apply", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert len(fake_kubectl.called("delete")) == 1
    assert no_child_is_left(fake_kubectl)


def test_a_task_that_is_killed_after_it_adopted_a_job_deletes_it(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", EARLIER))
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log)
    with once_called(fake_kubectl, FAILED_WAIT, runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert verbs(fake_kubectl) == ["delete"]


@pytest.mark.parametrize(
    ("there", "settings", "is_worker_stop", "deleted"),
    [
        (stage.job("running", EARLIER), Settings(), False, EARLIER),
        (stage.job("running", EARLIER), Settings(keep_on_worker_stop=True), True, None),
        (stage.job("running", EARLIER), Settings(on_kill=KillAction.KEEP), False, None),
        (stage.job("complete", EARLIER), Settings(), False, None),
        (stage.job("running", replace(US, try_number=3)), Settings(), False, None),
        (stage.job("running", OTHERS), Settings(), False, None),
        (None, Settings(), False, None),
    ],
)
def test_a_task_that_is_killed_before_it_comes_to_an_earlier_trys_job_ends_it_too(
    *,
    there: dict[str, Any] | None,
    settings: Settings,
    is_worker_stop: bool,
    deleted: Identity | None,
    fake_kubectl: FakeKubectl,
    log: Log,
) -> None:
    """Nobody else would: the worker of that try is gone."""
    fake_kubectl.answers("auth can-i --list", after_seconds=NEVER)
    fake_kubectl.answers(f"get {TARGET}", there or "")
    stage.script(fake_kubectl)
    runner = stage.runner(log, settings=settings, is_worker_stop=is_worker_stop)
    with once_called(fake_kubectl, "auth can-i", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    labels = [call[call.index("-l") + 1] for call in fake_kubectl.called("delete")]
    assert labels == ([f"{selector_of(stage.job('running', deleted))},!{KEEP}"] if deleted else [])
    assert no_child_is_left(fake_kubectl)
    assert "stays" not in log.text, "what is kept anyway is not looked for"


_RUN, _LATER_RUN = Round("2026-01-02"), Round("2026-01-03")
_SECOND = replace(US, round=_RUN, started="20260102T000200")


def _secret_of(labels: Identity, round_: Round) -> dict[str, Any]:
    """Return the companion as a cluster has it: whose labels, and of which round by its annotation."""
    own = labels.object_labels()
    annotations = replace(labels, round=round_).annotations()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "keys", "labels": own, "annotations": annotations},
    }


@pytest.mark.parametrize(
    ("labels", "round_", "job", "is_deleted"),
    [
        (replace(_SECOND, try_number=1, started="20260102T000100"), _RUN, None, True),
        (replace(_SECOND, try_number=1, started="20260102T000100"), _RUN, OTHERS, True),
        # Its Job is there and has ended, so it stays with it.
        (replace(_SECOND, try_number=1, started="20260102T000100"), _RUN, _SECOND, False),
        # Its label's answer was lost.
        (_SECOND, _RUN, None, True),
        (replace(_SECOND, try_number=3, started="20260102T000300"), _RUN, None, False),
        # A run that was made again: it has made the companion, or taken it and not yet written its round on it.
        (replace(_SECOND, try_number=1, started="20260102T000100"), _LATER_RUN, None, False),
        (replace(_SECOND, try_number=1, started="20260102T000300"), _RUN, None, False),
        (replace(_SECOND, try_number=1, started=""), _RUN, None, False),
    ],
)
def test_a_task_that_is_killed_before_it_looks_deletes_the_companion_of_an_earlier_try_whose_job_is_gone(
    *,
    labels: Identity,
    round_: Round,
    job: Identity | None,
    is_deleted: bool,
    fake_kubectl: FakeKubectl,
    log: Log,
) -> None:
    """Nobody else would: the worker of that try is gone, and somebody has deleted the Job."""
    secret = _secret_of(labels, round_)
    fake_kubectl.answers("auth can-i --list", after_seconds=NEVER)
    fake_kubectl.answers(f"get {TARGET}", stage.job("complete", job) if job else "")
    fake_kubectl.answers(f"get secret -l kubectl-job-operator/task-instance={US.digest},!{KEEP}", {"items": [secret]})
    stage.script(fake_kubectl)
    runner = stage.runner(log, manifest=stage.MANIFEST + SECRET, identity=_SECOND)
    with once_called(fake_kubectl, "auth can-i", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    deleted = [call[call.index("delete") + 1 :] for call in fake_kubectl.called("delete")]
    selector = selector_to_delete(secret)
    assert deleted == ([("job.v1.batch,secret", "-l", selector, "--wait=false")] if is_deleted else [])
    assert no_child_is_left(fake_kubectl)


def test_a_task_whose_name_was_taken_says_so_where_it_cannot_see_what_an_earlier_try_has_left(
    fake_kubectl: FakeKubectl, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unwinding, "_KILL_SECONDS", 0.1)
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", OTHERS))
    fake_kubectl.answers(f"get secret -l {_SECOND.instance_selector()},!{KEEP}", **ETCD)
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError):
        stage.runner(log, manifest=stage.MANIFEST + SECRET, identity=_SECOND).run()
    (told,) = [one for one in log.warnings if "has left companions cannot be told; if so, they stay." in one]
    assert told.endswith(f"To see them: kubectl -n here get secret -l {_SECOND.instance_selector()}")


@pytest.mark.parametrize("is_left", [True, False])
def test_a_task_whose_name_was_taken_deletes_the_companion_of_an_earlier_try_whose_job_is_gone(
    *, is_left: bool, fake_kubectl: FakeKubectl, log: Log
) -> None:
    secret = _secret_of(replace(_SECOND, try_number=1, started="20260102T000100"), _RUN)
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", OTHERS))
    fake_kubectl.answers("get secret -l", {"items": [secret] if is_left else []})
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError):
        stage.runner(log, manifest=stage.MANIFEST + SECRET, identity=_SECOND).run()
    deleted = [call[call.index("delete") + 1 :] for call in fake_kubectl.called("delete")]
    assert deleted == ([("job.v1.batch,secret", "-l", selector_to_delete(secret), "--wait=false")] if is_left else [])
    assert ("Left by an earlier try, whose Job is gone: Secret keys." in log.warnings) is is_left
    assert no_child_is_left(fake_kubectl)


def test_a_task_whose_name_was_taken_and_that_has_no_companions_looks_for_none(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", OTHERS))
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError):
        stage.runner(log).run()
    assert len(fake_kubectl.called(f"get {TARGET}")) == 1


def test_a_task_that_is_killed_before_it_looks_and_may_not_list_companions_still_ends_an_earlier_trys_job(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("auth can-i --list", after_seconds=NEVER)
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", EARLIER))
    fake_kubectl.answers("get secret -l", **stage.FORBIDDEN)
    stage.script(fake_kubectl)
    runner = stage.runner(log, manifest=stage.MANIFEST + SECRET)
    with once_called(fake_kubectl, "auth can-i", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert len(fake_kubectl.called("delete")) == 1
    assert no_child_is_left(fake_kubectl)


@pytest.mark.parametrize(
    ("state", "maker", "policy", "stop", "is_deleted"),
    [
        ("complete", 1, DeletePolicy.ALWAYS, Stop("Somebody", is_unwanted=True), True),
        ("complete", 1, DeletePolicy.IF_SUCCEEDED, Stop("Somebody", is_unwanted=True), True),
        ("complete", 1, DeletePolicy.IF_FAILED, Stop("Somebody", is_unwanted=True), False),
        ("failed", 1, DeletePolicy.IF_FAILED, Stop("Somebody", is_unwanted=True), True),
        ("complete", 3, DeletePolicy.ALWAYS, Stop("Somebody", is_unwanted=True), False),
        ("complete", 1, DeletePolicy.ALWAYS, Stop("The worker", is_worker_only=True), False),
        ("complete", 1, DeletePolicy.ALWAYS, Stop("The time", is_timeout=True), False),
    ],
)
def test_a_task_that_is_ended_before_it_looks_deletes_an_earlier_trys_ended_job_as_the_policy_says(
    *, state: str, maker: int, policy: DeletePolicy, stop: Stop, is_deleted: bool, fake_kubectl: FakeKubectl, log: Log
) -> None:
    """Nobody else would: the policy is for the try that sees the end, and there is to be none."""
    us = replace(US, round=Round("2026-01-01"), started="20260101T000002")
    found = stage.job(state, replace(us, try_number=maker, started=f"20260101T00000{maker}"))
    fake_kubectl.answers("auth can-i --list", after_seconds=NEVER)
    fake_kubectl.answers(f"get {TARGET}", found)
    fake_kubectl.answers("get secret -l", {"items": []})
    stage.script(fake_kubectl)
    settings = Settings(delete_policy=policy)
    runner = stage.runner(log, manifest=stage.MANIFEST + SECRET, identity=us, stop=stop, settings=settings)
    with once_called(fake_kubectl, "auth can-i", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    deleted = [call[call.index("-l") + 1] for call in fake_kubectl.called("delete")]
    assert deleted == ([selector_to_delete(found)] if is_deleted else [])


@pytest.mark.parametrize("companions", ["", SECRET])
def test_a_task_that_is_killed_while_it_replaces_a_job_deletes_it_and_the_companions_that_it_has_taken_over(
    companions: str, fake_kubectl: FakeKubectl, log: Log
) -> None:
    """The Job is there still, has not ended, and has the labels of the try that made it."""
    before = replace(US, round=Round("2026-01-01"))
    made_again = replace(US, round=Round("2026-01-02"), started="20260102T000000")
    fake_kubectl.answers("delete", after_seconds=NEVER, times=1)
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", before))
    stage.script(fake_kubectl)
    runner = stage.runner(log, manifest=stage.MANIFEST + companions, identity=made_again)
    with once_called(fake_kubectl, "delete", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    first, *last = fake_kubectl.called("delete")
    assert "--cascade=foreground" in first
    # A Job that gets its new labels between the two is picked by the second.
    both = [selector_to_delete(stage.job("running", before)), made_again.selector()]
    assert [call[call.index("-l") + 1] for call in last] == both
    told = next(warning for warning in log.warnings if "is deleted." in warning)
    assert [shlex.split(command)[6] for command in told.splitlines()[1:]] == both


@pytest.mark.parametrize(
    ("state", "maker", "is_unwanted", "deleted"),
    [
        ("running", 1, False, ["earlier", "own"]),
        ("complete", 1, True, ["earlier", "own"]),
        ("complete", 1, False, []),
        ("complete", 3, True, ["own"]),
    ],
)
def test_a_task_that_is_killed_before_an_adopted_job_has_its_labels_deletes_what_nobody_wants(
    *, state: str, maker: int, is_unwanted: bool, deleted: list[str], fake_kubectl: FakeKubectl, log: Log
) -> None:
    """Not the work of a later try, and not what is done, if a later try may take it."""
    us = replace(US, round=Round("2026-01-01"), started="20260101T000002")
    found = stage.job(state, replace(us, try_number=maker, started=f"20260101T00000{maker}"))
    selectors = {"earlier": selector_to_delete(found), "own": us.selector()}
    fake_kubectl.answers(f"get {TARGET}", found)
    fake_kubectl.answers("label", after_seconds=NEVER)
    fake_kubectl.answers(f"get job.v1.batch -l {selectors['earlier']}", {"kind": "List", "items": [found]})
    stage.script(fake_kubectl)
    runner = stage.runner(log, identity=us, stop=Stop("Somebody", is_unwanted=is_unwanted))
    with once_called(fake_kubectl, "label", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    labels = [call[call.index("-l") + 1] for call in fake_kubectl.called("delete")]
    assert labels == [selectors[whose] for whose in deleted]


@pytest.mark.parametrize("answer", [stage.REFUSED, {"after_seconds": NEVER}])
def test_where_the_cluster_does_not_tell_whether_an_earlier_try_left_its_job_a_killed_task_soon_says_so(
    answer: dict[str, Any], fake_kubectl: FakeKubectl, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unwinding, "_LOOK_SECONDS", 0.3)
    fake_kubectl.answers("auth can-i --list", after_seconds=NEVER)
    fake_kubectl.answers(f"get {TARGET}", **answer)
    runner = stage.runner(log)
    with once_called(fake_kubectl, "auth can-i", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    (told,) = [one for one in log.warnings if "Whether Job here/countdown of an earlier try runs cannot be told" in one]
    assert f"To see it, and whose it is: kubectl -n here describe {TARGET}" in told


def test_a_kill_that_comes_while_the_completed_job_is_deleted_is_no_success(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("delete", after_seconds=NEVER, times=1)
    stage.script(fake_kubectl)
    runner = stage.runner(log)
    with once_called(fake_kubectl, "delete", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert len(fake_kubectl.called("delete")) == 2
    assert no_child_is_left(fake_kubectl)


def test_that_the_job_of_a_killed_task_cannot_be_deleted_is_said_with_the_command(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("delete", **stage.FORBIDDEN)
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log)
    with once_called(fake_kubectl, COMPLETE_WAIT, runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert any("To delete it: kubectl -n here delete" in warning for warning in log.warnings)


def _raise(*_: object) -> None:
    raise Interruption


@pytest.mark.parametrize("moment", ["apply", COMPLETE_WAIT, DELETED_WAIT])
def test_an_exception_out_of_a_signal_handler_leaves_no_job_and_no_child_behind(
    fake_kubectl: FakeKubectl, log: Log, moment: str
) -> None:
    if moment == "apply":
        fake_kubectl.answers("apply", after_seconds=NEVER)
    stage.script(fake_kubectl, end="never")
    with (
        on_signal(_raise),
        once_called(fake_kubectl, moment, signal_main_thread),
        pytest.raises(Interruption),
    ):
        stage.runner(log).run()
    assert len(fake_kubectl.called("delete")) == 1
    assert no_child_is_left(fake_kubectl)


def test_who_is_interrupted_while_it_cleans_up_for_the_second_time_ends_and_leaves_no_secret(
    fake_kubectl: FakeKubectl, folders: Callable[[], list[Path]], log: Log
) -> None:
    fake_kubectl.answers("get -f")
    fake_kubectl.answers("delete", after_seconds=NEVER)
    stage.script(fake_kubectl, end="never")

    def three_times() -> None:
        signal_main_thread()
        for number in (1, 2):
            until(lambda: len(fake_kubectl.called("delete")) == number, "it did not delete")  # noqa: B023
            signal_main_thread()

    with on_signal(_raise), once_called(fake_kubectl, COMPLETE_WAIT, three_times), pytest.raises(Interruption):
        stage.runner(log, manifest=stage.MANIFEST + SECRET).run()
    assert [file for folder in folders() for file in folder.iterdir()] == []
    assert no_child_is_left(fake_kubectl)


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Collect no garbage meanwhile: Hypothesis listens to that, and Python drops an exception raised in a listener."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
def test_an_exception_at_any_moment_leaves_no_job_and_no_child_behind(
    fake_kubectl: FakeKubectl,
    folders: Callable[[], list[Path]],  # noqa: ARG001 - the folders are made there
) -> None:
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS)
    fake_kubectl.answers(f"get {TARGET}")
    stage.script(fake_kubectl, end="never")
    seed = random.randrange(1_000_000)
    luck = random.Random(seed)
    interrupted = applied = 0
    longest = 0.4
    for _ in range(10):
        before, log = len(fake_kubectl.calls), Log()
        runner = stage.runner(log)
        with on_signal(_raise, signal.SIGALRM):
            with contextlib.suppress(Interruption):
                try:
                    signal.setitimer(signal.ITIMER_REAL, luck.uniform(0.001, longest))
                    runner.run()
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                raise AssertionError("it was to be interrupted")
            interrupted += 1
        verbs = [word for call in fake_kubectl.calls[before:] for word in call if word in ("apply", "delete")]
        assert verbs in ([], ["apply", "delete"], ["delete"]), f"the seed was {seed}\n{log.text}"
        applied += "apply" in verbs
        if not applied:
            longest *= 1.4  # a busy machine takes longer to come there
        assert no_child_is_left(fake_kubectl), f"the seed was {seed}"
    assert interrupted == 10
    assert applied > 0, "or the interesting part was never reached"


def test_ctrl_c_deletes_the_job(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl, end="never")

    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with (
        on_signal(signal.default_int_handler, signal.SIGINT),
        once_called(fake_kubectl, FAILED_WAIT, interrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        stage.runner(log).run()
    assert len(fake_kubectl.called("delete")) == 1
