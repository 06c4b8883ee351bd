"""A Job's whole life, and every way in which it can end: nothing runs on unseen, nothing is lost, all is said."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import random
import re
import shlex
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from kubectl_job_operator.attempt.settings import DeletePolicy, Following, KillAction, Settings, Tail
from kubectl_job_operator.errors import (
    AccessError,
    ErrorKind,
    JobFailedError,
    JobInUseError,
    JobStartupError,
    JobVanishedError,
    KubectlError,
    KubectlMissingError,
    RightsMissingError,
    TaskKilledError,
)
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life import obstacles
from kubectl_job_operator.life.runner import JobRunner
from kubectl_job_operator.manifest.labels import TASK_INSTANCE_LABEL
from kubectl_job_operator.manifest.yaml_text import load_all
from tests.log_text import commands_in
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import COMPLETE_WAIT, DELETED_WAIT, FAILED_WAIT, TARGET, US, Log

pytestmark = pytest.mark.usefixtures("hasty")

OTHERS = replace(US, run_id="manual__2026-01-02")
EARLIER = replace(US, try_number=1)
READ_ON = "What to do: read the last log lines above: the program itself ended like that."
ETCD: dict[str, Any] = {"stderr": "Error from server: etcdserver: request timed out\n", "return_code": 1}
INVALID: dict[str, Any] = {
    "stderr": 'The Job "countdown" is invalid: spec.completions: Invalid value: -1: must be greater than 0\n',
    "return_code": 1,
}
SECRET = "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\nstringData:\n  token: very-secret\n"


class Interruption(BaseException):
    """What a signal handler raises, as Airflow's does for a timeout."""


def _verbs(fake_kubectl: FakeKubectl) -> list[str]:
    """Return the subcommands, in order, that are no readings."""
    verbs = [
        next(
            word
            for word in call[1:]
            if word in {"apply", "delete", "wait", "get", "logs", "auth", "version", "config", "label"}
        )
        for call in fake_kubectl.calls
    ]
    return [verb for verb in verbs if verb in ("apply", "delete")]


def _no_child_is_left(fake_kubectl: FakeKubectl) -> bool:
    new = [child for child in psutil.Process().children(recursive=True) if child.pid not in fake_kubectl.strangers]
    return not fake_kubectl.running() and all(child.status() == psutil.STATUS_ZOMBIE for child in new)


@contextlib.contextmanager
def _on_signal(handler: Callable[..., None], number: signal.Signals = signal.SIGUSR1) -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


@contextlib.contextmanager
def _once_called(fake_kubectl: FakeKubectl, words: str, action: Callable[[], object]) -> Iterator[None]:
    """Act from another thread once a command was run."""

    def act() -> None:
        fake_kubectl.wait_for_call(words)
        action()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _signal_main_thread() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)


# --- the usual lives


def test_a_job_that_completes_is_looked_for_applied_waited_for_and_deleted(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    stage.script(fake_kubectl)
    assert stage.runner(log).run() == stage.job("complete")
    assert _verbs(fake_kubectl) == ["apply", "delete"]
    position = {word: index for index, call in enumerate(fake_kubectl.calls) for word in call if "--watch" not in call}
    assert position["get"] < position["apply"] < position["wait"] < position["delete"]
    (delete,) = fake_kubectl.called("delete")
    assert delete == ("kubectl", "-n", "here", "delete", "job.v1.batch", "-l", US.selector(), "--wait=false")
    assert _no_child_is_left(fake_kubectl)
    assert folders() == []
    assert log.warnings == []
    assert re.search(r"Job here/countdown is Complete after [\d.]+ s: 1 succeeded\.", log.text)


def test_a_job_that_completes_stays_if_that_is_wanted(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl)
    stage.runner(log, settings=Settings(delete_policy=DeletePolicy.NEVER)).run()
    assert _verbs(fake_kubectl) == ["apply"]


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
    assert _verbs(fake_kubectl) == ["apply"], "a failed Job stays, for a look"
    assert "was left as it is" not in log.text, "it does not run on"
    assert _no_child_is_left(fake_kubectl)
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
    assert _verbs(fake_kubectl) == ["apply", "delete"]
    assert _no_child_is_left(fake_kubectl)


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
    assert _verbs(fake_kubectl) == ["apply", "delete"]


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


# --- what is applied and what is shown


def test_what_is_applied_is_the_manifest_with_the_marks_of_the_task(
    fake_kubectl: FakeKubectl, log: Log, tmp_path: Path
) -> None:
    stage.script(fake_kubectl)
    copies = tmp_path / "copies"
    stage.runner(log, settings=Settings(write_path=str(copies), write_filename="kept.yaml")).run()
    (apply,) = fake_kubectl.called("apply")
    assert Path(apply[apply.index("-f") + 1]).name == "countdown.yaml"
    (document,) = load_all((copies / "kept.yaml").read_text())
    for metadata in (document["metadata"], document["spec"]["template"]["metadata"]):
        assert US.labels().items() <= metadata["labels"].items()
    assert US.annotations().items() <= document["metadata"]["annotations"].items()
    assert document["spec"]["template"]["spec"] == load_all(stage.MANIFEST)[0]["spec"]["template"]["spec"]


def test_every_command_of_a_run_stands_in_the_log_as_it_ran(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl)
    stage.runner(log, access=Access(context="my 'odd' context")).run()
    shown = sorted(commands_in(log.text))
    ran = [shlex.join(call) for call in fake_kubectl.calls]
    # On a slow machine what is stopped at once may be so before the fake has noted that it was called.
    ran += [line for line in shown if ("--for=delete" in line or "--watch" in line) and line not in ran]
    assert shown == sorted(ran)
    for call in fake_kubectl.calls:
        if "version" not in call:
            assert call[1:5] == ("--context", "my 'odd' context", "-n", "here")


def test_what_a_secret_holds_is_in_a_private_file_for_kubectl_but_not_in_the_log_and_not_kept(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply", after_seconds=0.5, **INVALID)
    stage.script(fake_kubectl)
    seen: list[tuple[str, int]] = []

    def look() -> None:
        fake_kubectl.wait_for_call("apply")
        file = folders()[0] / "companions-of-countdown.yaml"
        seen.append((file.read_text(), stat.S_IMODE(file.stat().st_mode)))

    looker = threading.Thread(target=look)
    looker.start()
    with pytest.raises(KubectlError):
        stage.runner(log, manifest=stage.MANIFEST + SECRET).run()
    looker.join()
    ((text, mode),) = seen
    assert "very-secret" in text
    assert mode == 0o600
    assert "very-secret" not in log.text
    assert "token: '***'" in log.text
    assert [path for path in folders()[0].iterdir() if "very-secret" in path.read_text()] == []


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


def test_children_get_kubectls_preferences_switched_off(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl)
    stage.runner(log).run()
    assert {environment.get("KUBERC") for environment in fake_kubectl.environments} == {"off"}


@pytest.mark.parametrize(
    ("manifest", "given", "expected"),
    [
        (stage.MANIFEST.replace("metadata:\n", "metadata:\n  namespace: in-manifest\n", 1), "given", "in-manifest"),
        (stage.MANIFEST, "given", "given"),
        (stage.MANIFEST, None, "in-context"),
    ],
)
def test_the_namespace_is_the_manifests_else_the_given_else_the_contexts(
    fake_kubectl: FakeKubectl, log: Log, manifest: str, given: str | None, expected: str
) -> None:
    fake_kubectl.answers("config view", {"contexts": [{"context": {"namespace": "in-context"}}]})
    stage.script(fake_kubectl)
    stage.runner(log, manifest=manifest, namespace=given).run()
    assert fake_kubectl.called("apply")[0][1:3] == ("-n", expected)
    assert len(fake_kubectl.called("config")) == (1 if given is None else 0)


@pytest.mark.parametrize("end", ["complete", "failed"])
def test_a_kubeconfig_that_is_given_as_text_is_a_private_file_for_kubectl_and_does_not_outlive_the_task(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]], end: str
) -> None:
    stage.script(fake_kubectl, end=end)
    runner = stage.runner(log, access=Access(config_content="token: very-secret"))
    (folder,) = folders()
    file = folder / "kubeconfig"
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("token: very-secret", 0o600)
    with contextlib.suppress(JobFailedError):
        runner.run()
    assert fake_kubectl.called("apply")[0][1:3] == ("--kubeconfig", str(file))
    assert not file.exists()
    assert "very-secret" not in log.text


# --- what is refused before anything is changed


BAD_VERSIONS: dict[str, dict[str, Any]] = {
    "too old": {"stdout": {"clientVersion": {"gitVersion": "v1.27.3"}}},
    "unreadable": {"stdout": "Client Version: v1.32.4"},
    "late and too old": {"stdout": {"clientVersion": {"gitVersion": "v1.27.3"}}, "after_seconds": 0.3},
}


@pytest.mark.parametrize("bad", BAD_VERSIONS)
def test_with_a_kubectl_that_cannot_be_trusted_nothing_is_changed(
    fake_kubectl: FakeKubectl, log: Log, bad: str
) -> None:
    fake_kubectl.answers("version", **BAD_VERSIONS[bad])
    stage.script(fake_kubectl)
    with pytest.raises(KubectlMissingError):
        stage.runner(log).run()
    assert _verbs(fake_kubectl) == []
    assert not fake_kubectl.called("wait")


@pytest.mark.usefixtures("no_kubectl")
def test_without_kubectl_nothing_is_run_and_nothing_is_none(log: Log) -> None:
    with pytest.raises(KubectlMissingError, match="There is no kubectl"):
        stage.runner(log).run()
    assert "None" not in log.text
    assert not commands_in(log.text)


def test_a_kubeconfig_that_does_not_exist_is_refused_and_leaves_nothing(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    with pytest.raises(AccessError, match="does not exist"):
        stage.runner(log, access=Access("/no/such/config")).run()
    assert fake_kubectl.calls == []
    assert folders() == []


def test_missing_rights_are_refused_before_anything_is_changed(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS.replace("[*]", "[get list watch]"))
    stage.script(fake_kubectl)
    with pytest.raises(RightsMissingError) as caught:
        stage.runner(log).run()
    assert set(caught.value.missing) == {f"{verb} jobs.batch" for verb in ("create", "patch", "delete")}
    assert _verbs(fake_kubectl) == []


# --- what has the name already


@pytest.mark.parametrize("state", ["running", "complete"])
def test_a_job_of_an_earlier_try_is_gone_on_with_and_not_applied_again(
    fake_kubectl: FakeKubectl, log: Log, state: str
) -> None:
    fake_kubectl.answers(f"get {TARGET}", stage.job(state, EARLIER))
    stage.script(fake_kubectl)
    assert stage.runner(log).run()["metadata"]["uid"] == stage.UID
    assert _verbs(fake_kubectl) == ["delete"]
    assert "Going on with it." in log.text


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (stage.job("failed", EARLIER), "this task's own from try 1, and it failed"),
        (stage.job("complete", OTHERS), "task task of DAG dag, run manual__2026-01-02 and has ended"),
        (stage.job("failed", None), "no task of Airflow and has ended"),
    ],
)
def test_a_job_that_is_over_is_replaced_and_that_is_said(
    fake_kubectl: FakeKubectl, log: Log, found: dict[str, Any], why: str
) -> None:
    fake_kubectl.answers(f"get {TARGET}", found, times=1)
    stage.script(fake_kubectl)
    stage.runner(log).run()
    assert _verbs(fake_kubectl) == ["delete", "apply", "delete"]
    replacing = fake_kubectl.called("delete")[0]
    assert "--cascade=foreground" in replacing
    assert "--wait=false" not in replacing
    assert any(why in warning and "It is replaced." in warning for warning in log.warnings)


def test_a_job_that_was_complete_is_not_run_again_though_its_worker_died_after_deleting_it(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    notebook = stage.Notebook()
    fake_kubectl.answers("delete", after_seconds=NEVER, times=1)
    fake_kubectl.answers(f"get {TARGET}", times=2)
    stage.script(fake_kubectl)
    died = stage.runner(log, identity=EARLIER, memory=notebook)
    with _once_called(fake_kubectl, "delete", died.kill), pytest.raises(TaskKilledError):
        died.run()
    job = stage.runner(log, memory=notebook).run()
    assert job["metadata"]["uid"] == stage.UID
    assert len(fake_kubectl.called("apply")) == 1
    assert "was Complete in an earlier try, and is gone: it is not run again." in log.text


def test_a_job_that_failed_is_not_noted_as_complete(fake_kubectl: FakeKubectl, log: Log) -> None:
    notebook = stage.Notebook()
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError):
        stage.runner(log, memory=notebook).run()
    assert notebook.noted is None


def test_a_later_try_applies_only_when_no_pod_of_an_earlier_one_runs_any_more(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    stage.script(fake_kubectl)
    stage.runner(log).run()
    (waited,) = [call for call in fake_kubectl.called("wait") if "pods" in call]
    assert fake_kubectl.calls.index(waited) < fake_kubectl.calls.index(fake_kubectl.called("apply")[0])
    assert waited[waited.index("-l") + 1] == f"{TASK_INSTANCE_LABEL}={US.digest}"


def test_while_a_pod_of_an_earlier_try_stays_nothing_is_applied(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(stage.PODS_WAIT, **stage.TIMED_OUT)
    stage.script(fake_kubectl)
    with pytest.raises(KubectlError) as caught:
        stage.runner(log).run()
    assert caught.value.kind is ErrorKind.CONDITION_TIMED_OUT
    assert _verbs(fake_kubectl) == []


def test_the_first_try_has_no_earlier_pods_to_wait_for(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl)
    stage.runner(log, identity=EARLIER).run()
    assert not [call for call in fake_kubectl.called("wait") if "pods" in call]


@pytest.mark.parametrize("owner", [OTHERS, None])
def test_a_running_job_of_somebody_else_is_refused_and_not_touched(
    fake_kubectl: FakeKubectl, log: Log, owner: Any
) -> None:
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", owner))
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError, match=r"has not ended\. It was not touched"):
        stage.runner(log).run()
    assert _verbs(fake_kubectl) == []
    assert not fake_kubectl.called("wait")


def test_killing_a_task_whose_name_was_taken_does_not_delete_the_other_job(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", OTHERS))
    stage.script(fake_kubectl)
    runner = stage.runner(log)
    runner.kill()
    with pytest.raises(TaskKilledError):
        runner.run()
    assert _verbs(fake_kubectl) == []


# --- outages


def test_a_refused_connection_is_waited_out_at_every_step(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("apply", **stage.REFUSED, times=2)
    fake_kubectl.answers(f"get {TARGET}", times=2)
    fake_kubectl.answers(COMPLETE_WAIT, **stage.REFUSED, times=1)
    stage.script(fake_kubectl)
    assert stage.runner(log).run() == stage.job("complete")
    assert _outages(log) == (1, 1)


def test_a_refused_first_look_is_waited_out(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("auth can-i", **stage.REFUSED, times=1)
    fake_kubectl.answers(f"get {TARGET}", stage.job(owner=EARLIER))
    stage.script(fake_kubectl)
    assert stage.runner(log).run() == stage.job("complete")
    assert _outages(log) == (1, 1)


def _outages(log: Log) -> tuple[int, int]:
    """Count the lines that say that an outage has begun, and that it is over."""
    begins = [line for line in log.warnings if line.startswith("The cluster does not serve us now (unreachable)")]
    ends = [line for line in log.warnings if line.startswith("The cluster serves us again")]
    return len(begins), len(ends)


def test_after_an_ambiguous_failure_of_apply_the_job_that_came_to_be_is_found(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("apply", **ETCD, times=1)
    stage.script(fake_kubectl)
    stage.runner(log).run()
    assert _verbs(fake_kubectl) == ["apply", "delete"]
    assert len(fake_kubectl.called(f"get {TARGET}")) == 2


def test_after_an_ambiguous_failure_of_apply_a_later_try_may_have_the_job(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"get {TARGET}", times=1)
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", replace(US, try_number=3)))
    fake_kubectl.answers("apply", **ETCD)
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError, match="try 3 of this task has taken it over from try 2"):
        stage.runner(log).run()
    assert _verbs(fake_kubectl) == ["apply"]


def test_after_an_ambiguous_failure_of_apply_that_created_nothing_it_is_applied_again(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("apply", **ETCD, times=1)
    fake_kubectl.answers(f"get {TARGET}", times=2)
    stage.script(fake_kubectl)
    stage.runner(log).run()
    assert _verbs(fake_kubectl) == ["apply", "apply", "delete"]
    order = [verb for call in fake_kubectl.calls for verb in call if verb in ("get", "apply") and "--watch" not in call]
    assert order == ["get", "apply", "get", "apply"]


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
    assert _verbs(fake_kubectl) == ["apply"]
    assert any("Job here/countdown was left as it is; it may still run" in warning for warning in log.warnings)
    assert len(folders()) == 1
    assert _no_child_is_left(fake_kubectl)


def test_an_ordinary_error_leaves_the_job_and_says_so(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(FAILED_WAIT, **stage.FORBIDDEN)
    stage.script(fake_kubectl, end="never")
    with pytest.raises(KubectlError) as caught:
        stage.runner(log).run()
    assert caught.value.kind is ErrorKind.FORBIDDEN
    assert _verbs(fake_kubectl) == ["apply"]
    assert any("was left as it is" in warning for warning in log.warnings)
    assert _no_child_is_left(fake_kubectl)


def test_where_apply_was_refused_there_is_no_job_to_speak_of(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("apply", **INVALID)
    stage.script(fake_kubectl)
    with pytest.raises(KubectlError):
        stage.runner(log).run()
    assert log.warnings == []
    assert _verbs(fake_kubectl) == ["apply"]


# --- vanishing


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
    assert _verbs(fake_kubectl) == ["apply"], "the other Job of the name is not touched"
    assert "was left as it is" not in log.text
    assert _no_child_is_left(fake_kubectl)


# --- killing


def _kill_by_thread(runner: JobRunner) -> Callable[[], object]:
    return runner.kill


def _kill_by_signal(_: JobRunner) -> Callable[[], object]:
    return _signal_main_thread


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
        _on_signal(lambda *_: runner.kill()),
        _once_called(fake_kubectl, moment, how(runner)),
        pytest.raises(TaskKilledError),
    ):
        runner.run()
    (delete,) = fake_kubectl.called("delete")
    assert delete == ("kubectl", "-n", "here", "delete", "job.v1.batch", "-l", US.selector(), "--wait=false")
    assert _no_child_is_left(fake_kubectl)
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
    with _once_called(fake_kubectl, COMPLETE_WAIT, runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert len(fake_kubectl.called("delete")) == (1 if words is None else 0)
    assert any((words or "so Job here/countdown is deleted") in warning for warning in log.warnings)
    assert _no_child_is_left(fake_kubectl)


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
        _signal_main_thread()
        time.sleep(milliseconds / 1000)
        _signal_main_thread()

    def run() -> None:
        nonlocal is_running
        try:
            runner.run()
        finally:
            is_running = False

    with (
        _on_signal(handler),
        _once_called(fake_kubectl, COMPLETE_WAIT, twice),
        pytest.raises((Interruption, TaskKilledError)),
    ):
        run()
    assert fake_kubectl.called("delete")
    assert _no_child_is_left(fake_kubectl)


def test_a_task_that_is_killed_while_it_looks_has_nothing_to_delete(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"get {TARGET}", after_seconds=NEVER)
    stage.script(fake_kubectl)
    runner = stage.runner(log)
    with _once_called(fake_kubectl, f"get {TARGET}", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert _verbs(fake_kubectl) == []
    assert _no_child_is_left(fake_kubectl)


def test_a_task_that_is_killed_before_it_runs_changes_nothing(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl)
    runner = stage.runner(log)
    runner.kill()
    runner.kill()
    with pytest.raises(TaskKilledError):
        runner.run()
    assert _verbs(fake_kubectl) == []


def test_a_task_that_is_killed_during_an_outage_ends_at_once(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("apply", **ETCD)
    fake_kubectl.answers(f"get {TARGET}")
    stage.script(fake_kubectl)
    runner = stage.runner(log)
    with _once_called(fake_kubectl, "apply", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert len(fake_kubectl.called("delete")) == 1
    assert _no_child_is_left(fake_kubectl)


def test_a_task_that_is_killed_after_it_adopted_a_job_deletes_it(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", EARLIER))
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log)
    with _once_called(fake_kubectl, FAILED_WAIT, runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert _verbs(fake_kubectl) == ["delete"]


def test_a_kill_that_comes_while_the_completed_job_is_deleted_is_no_success(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("delete", after_seconds=NEVER, times=1)
    stage.script(fake_kubectl)
    runner = stage.runner(log)
    with _once_called(fake_kubectl, "delete", runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert len(fake_kubectl.called("delete")) == 2
    assert _no_child_is_left(fake_kubectl)


def test_that_the_job_of_a_killed_task_cannot_be_deleted_is_said_with_the_command(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("delete", **stage.FORBIDDEN)
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log)
    with _once_called(fake_kubectl, COMPLETE_WAIT, runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert any("To delete it: kubectl -n here delete" in warning for warning in log.warnings)


# --- exceptions out of signal handlers


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
        _on_signal(_raise),
        _once_called(fake_kubectl, moment, _signal_main_thread),
        pytest.raises(Interruption),
    ):
        stage.runner(log).run()
    assert len(fake_kubectl.called("delete")) == 1
    assert _no_child_is_left(fake_kubectl)


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
        with _on_signal(_raise, signal.SIGALRM):
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
        assert _no_child_is_left(fake_kubectl), f"the seed was {seed}"
    assert interrupted == 10
    assert applied > 0, "or the interesting part was never reached"


def test_ctrl_c_deletes_the_job(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl, end="never")

    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with (
        _on_signal(signal.default_int_handler, signal.SIGINT),
        _once_called(fake_kubectl, FAILED_WAIT, interrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        stage.runner(log).run()
    assert len(fake_kubectl.called("delete")) == 1
