"""How a Job comes into being: looked for, applied, gone on with or replaced; and what is refused before."""

from __future__ import annotations

import contextlib
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.attempt.memory import Done
from kubectl_job_operator.attempt.settings import Settings
from kubectl_job_operator.errors import (
    AccessError,
    ErrorKind,
    JobFailedError,
    JobInUseError,
    JobVanishedError,
    KubectlError,
    KubectlMissingError,
    RightsMissingError,
    TaskKilledError,
    TaskUnheardError,
)
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.manifest.labels import KEEP, TASK_INSTANCE_LABEL
from kubectl_job_operator.manifest.yaml_text import load_all
from tests.log_text import commands_in
from tests.unit import stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.life.scenes import EARLIER, ETCD, INVALID, OTHERS, SECRET, once_called, outages, verbs
from tests.unit.stage import TARGET, US, Log

pytestmark = pytest.mark.usefixtures("hasty")

BAD_VERSIONS: dict[str, dict[str, Any]] = {
    "too old": {"stdout": {"clientVersion": {"gitVersion": "v1.27.3"}}},
    "unreadable": {"stdout": "Client Version: v1.32.4"},
    "late and too old": {"stdout": {"clientVersion": {"gitVersion": "v1.27.3"}}, "after_seconds": 0.3},
}


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


def test_what_a_secret_holds_is_in_a_private_file_for_kubectl_but_not_in_the_log_and_not_kept(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply", after_seconds=0.5, **INVALID)
    stage.script(fake_kubectl)
    seen: list[tuple[str, int]] = []

    def look() -> None:
        fake_kubectl.wait_for_call("apply")
        (file,) = (file for folder in folders() for file in folder.glob("companions-of-countdown.yaml"))
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
    (file,) = (file for folder in folders() for file in folder.glob("kubeconfig"))
    assert file.parent.parent.name == "memory", "it never reaches a disk"
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("token: very-secret", 0o600)
    with contextlib.suppress(JobFailedError):
        runner.run()
    assert fake_kubectl.called("apply")[0][1:3] == ("--kubeconfig", str(file))
    assert not file.exists()
    assert "very-secret" not in log.text


@pytest.mark.parametrize("bad", BAD_VERSIONS)
def test_with_a_kubectl_that_cannot_be_trusted_nothing_is_changed(
    fake_kubectl: FakeKubectl, log: Log, bad: str
) -> None:
    fake_kubectl.answers("version", **BAD_VERSIONS[bad])
    stage.script(fake_kubectl)
    with pytest.raises(KubectlMissingError):
        stage.runner(log).run()
    assert verbs(fake_kubectl) == []
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


@pytest.mark.parametrize("number", [1, 2])
def test_a_worker_without_a_way_into_the_cluster_is_not_the_end_where_an_earlier_trys_job_may_run(
    number: int, fake_kubectl: FakeKubectl, log: Log
) -> None:
    assert fake_kubectl.program.exists()
    runner = stage.runner(log, access=Access("/no/such/config"), identity=replace(US, try_number=number))
    with pytest.raises(AccessError) as caught:
        runner.run()
    assert caught.value.may_run_on is (number == 2)
    assert ("Whether Job countdown of an earlier try runs cannot be told from here." in log.text) is (number == 2)


def test_a_job_that_cannot_be_taken_over_is_left_to_a_retry_whatever_it_is_that_forbids_it(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", EARLIER))
    denied = 'Error from server (Forbidden): admission webhook "a" denied the request: no\n'
    fake_kubectl.answers("label", stderr=denied, return_code=1)
    stage.script(fake_kubectl)
    with pytest.raises(KubectlError) as caught:
        stage.runner(log).run()
    assert caught.value.kind.needs_author
    assert caught.value.may_run_on
    assert "was left as it is; it may still run, and a retry goes on with it." in log.text
    assert not fake_kubectl.called("delete")


@pytest.mark.parametrize("cut", ["label job.v1.batch", "label secret"])
def test_a_job_that_a_later_try_has_taken_over_meanwhile_is_not_taken_from_it(
    fake_kubectl: FakeKubectl, log: Log, cut: str
) -> None:
    """Airflow takes a try for dead whose connection was silent, and it hears of that only here."""
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", EARLIER), times=1)
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", replace(US, try_number=3)))
    fake_kubectl.answers(cut, **ETCD, times=1)
    fake_kubectl.answers("get secret -l", {"items": []})
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError, match="try 3 of this task has taken it over from try 2"):
        stage.runner(log, manifest=stage.MANIFEST + SECRET).run()
    assert len(fake_kubectl.called(cut)) == 1
    assert verbs(fake_kubectl) == []
    assert "may still run" not in log.text


def test_a_job_that_is_gone_when_it_is_taken_over_again_has_vanished(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", EARLIER), times=1)
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", OTHERS, uid="another"))
    fake_kubectl.answers("label", **ETCD, times=1)
    fake_kubectl.answers(stage.DELETED_WAIT)
    stage.script(fake_kubectl, end="never")
    with pytest.raises(JobVanishedError):
        stage.runner(log).run()
    assert len(fake_kubectl.called("label")) == 2


def test_missing_rights_are_refused_before_anything_is_changed(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS.replace("[*]", "[get list watch]"))
    stage.script(fake_kubectl)
    with pytest.raises(RightsMissingError) as caught:
        stage.runner(log).run()
    assert set(caught.value.missing) == {f"{verb} jobs.batch" for verb in ("create", "patch", "delete")}
    assert verbs(fake_kubectl) == []


@pytest.mark.parametrize("state", ["running", "complete"])
def test_a_job_of_an_earlier_try_is_gone_on_with_and_not_applied_again(
    fake_kubectl: FakeKubectl, log: Log, state: str
) -> None:
    fake_kubectl.answers(f"get {TARGET}", stage.job(state, EARLIER))
    stage.script(fake_kubectl)
    assert stage.runner(log).run()["metadata"]["uid"] == stage.UID
    assert verbs(fake_kubectl) == ["delete"]
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
    assert verbs(fake_kubectl) == ["delete", "apply", "delete"]
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
    with once_called(fake_kubectl, "delete", died.kill), pytest.raises(TaskKilledError):
        died.run()
    job = stage.runner(log, memory=notebook).run()
    assert job["metadata"]["uid"] == stage.UID
    assert len(fake_kubectl.called("apply")) == 1
    assert "was Complete in an earlier try, and is gone: it is not run again." in log.text


@pytest.mark.parametrize("state", ["complete", "running"])
def test_a_job_that_was_complete_is_not_run_again_though_another_one_has_its_name(
    state: str, fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers(f"get {TARGET}", stage.job(state, OTHERS))
    stage.script(fake_kubectl)
    memory = stage.Notebook(stage.job("complete", EARLIER))
    stage.runner(log, memory=memory).run()
    (deleted,) = fake_kubectl.called("delete")
    assert US.selector() in deleted, "the other one is not touched"
    assert not fake_kubectl.called("apply")
    assert "is gone: it is not run again." in log.text


def test_a_job_that_became_complete_while_an_apply_was_cut_is_not_run_again(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    """Airflow takes the try for dead whose Job it was, and that one has not heard of it."""
    fake_kubectl.answers(f"get {TARGET}", times=2)
    fake_kubectl.answers("apply", **ETCD)
    stage.script(fake_kubectl)

    class Later(stage.Notebook):
        def recall(self) -> Done | None:
            return super().recall() if fake_kubectl.called("apply") else None

    stage.runner(log, memory=Later(stage.job("complete", EARLIER))).run()
    assert len(fake_kubectl.called("apply")) == 1
    assert "is gone: it is not run again." in log.text


def test_a_job_that_nobody_hears_is_complete_stays_for_the_next_try(fake_kubectl: FakeKubectl, log: Log) -> None:
    class Unheard(stage.Notebook):
        def note(self, done: Done) -> None:  # noqa: ARG002 - as the real one
            raise TaskUnheardError("the supervisor is gone")

    stage.script(fake_kubectl)
    with pytest.raises(TaskUnheardError, match="the supervisor is gone"):
        stage.runner(log, memory=Unheard()).run()
    assert verbs(fake_kubectl) == ["apply"]


def test_the_companions_that_a_worker_left_which_died_while_it_deleted_them_are_deleted_by_the_next_try(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers(f"get {TARGET}")
    stage.script(fake_kubectl)
    memory = stage.Notebook(stage.job("complete", EARLIER))
    stage.runner(log, manifest=stage.MANIFEST + SECRET, memory=memory).run()
    (marked,) = fake_kubectl.called("label")
    (deleted,) = fake_kubectl.called("delete")
    assert marked[4] == "secret"
    assert f"{US.instance_selector()},!{KEEP}" in marked
    assert US.selector() in deleted


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


@pytest.mark.parametrize("owner", [EARLIER, OTHERS, None])
def test_what_replaces_a_job_is_applied_only_when_no_pod_of_the_task_runs_any_more(
    fake_kubectl: FakeKubectl, log: Log, owner: Any
) -> None:
    """Who deletes the old Job too lets it go at once, before its pods; and ours may run on under another's Job."""
    fake_kubectl.answers(f"get {TARGET}", stage.job("failed", owner))
    stage.script(fake_kubectl)
    stage.runner(log, identity=replace(US, try_number=1) if owner is not EARLIER else US).run()
    (waited,) = [call for call in fake_kubectl.called("wait") if "pods" in call]
    order = [fake_kubectl.calls.index(call) for call in (fake_kubectl.called("delete")[0], waited)]
    assert sorted(order) == order
    assert order[-1] < fake_kubectl.calls.index(fake_kubectl.called("apply")[0])
    assert waited[waited.index("-l") + 1] == f"{TASK_INSTANCE_LABEL}={US.digest}"


def test_while_a_pod_of_an_earlier_try_stays_nothing_is_applied(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(stage.PODS_WAIT, **stage.TIMED_OUT)
    stage.script(fake_kubectl)
    with pytest.raises(KubectlError) as caught:
        stage.runner(log).run()
    assert caught.value.kind is ErrorKind.CONDITION_TIMED_OUT
    assert verbs(fake_kubectl) == []


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
    assert verbs(fake_kubectl) == []
    assert not fake_kubectl.called("wait")


def test_a_refused_first_look_is_waited_out(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("auth can-i", **stage.REFUSED, times=1)
    fake_kubectl.answers(f"get {TARGET}", stage.job(owner=EARLIER))
    stage.script(fake_kubectl)
    assert stage.runner(log).run() == stage.job("complete")
    assert outages(log) == (1, 1)


def test_after_an_ambiguous_failure_of_apply_the_job_that_came_to_be_is_found(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("apply", **ETCD, times=1)
    stage.script(fake_kubectl)
    stage.runner(log).run()
    assert verbs(fake_kubectl) == ["apply", "delete"]
    assert len(fake_kubectl.called(f"get {TARGET}")) == 2


def test_after_an_ambiguous_failure_of_apply_a_later_try_may_have_the_job(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"get {TARGET}", times=1)
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", replace(US, try_number=3)))
    fake_kubectl.answers("apply", **ETCD)
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError, match="try 3 of this task has taken it over from try 2"):
        stage.runner(log).run()
    assert verbs(fake_kubectl) == ["apply"]


def test_after_an_ambiguous_failure_of_apply_somebody_else_may_have_the_name_and_what_was_made_for_the_job_goes(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers(f"get {TARGET}", times=1)
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", OTHERS))
    fake_kubectl.answers("get -f")
    fake_kubectl.answers("apply", stage.job(), times=1)
    fake_kubectl.answers("apply", **ETCD)
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError):
        stage.runner(log, manifest=stage.MANIFEST + SECRET).run()
    assert verbs(fake_kubectl) == ["apply", "apply", "delete"]
    assert "may still run" not in log.text


def test_after_an_ambiguous_failure_of_apply_a_job_that_has_failed_meanwhile_is_not_run_again(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers(f"get {TARGET}", times=1)
    fake_kubectl.answers(f"get {TARGET}", stage.job("failed"))
    fake_kubectl.answers("apply", **ETCD, times=1)
    stage.script(fake_kubectl)
    with pytest.raises(JobFailedError):
        stage.runner(log).run()
    assert verbs(fake_kubectl) == ["apply"]


def test_after_an_ambiguous_failure_of_apply_a_job_that_is_gone_may_have_left_pods(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    """The first try too, which else has no pods to wait for, applies only when none runs."""
    fake_kubectl.answers("apply", **ETCD, times=1)
    fake_kubectl.answers(f"get {TARGET}", times=2)
    stage.script(fake_kubectl)
    stage.runner(log, identity=EARLIER).run()
    known = {"apply", "pods", "delete"}
    assert [verb for call in fake_kubectl.calls for verb in call if verb in known and "--watch" not in call] == [
        "apply",
        "pods",
        "apply",
        "delete",
    ]


def test_after_an_ambiguous_failure_of_apply_that_created_nothing_it_is_applied_again(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("apply", **ETCD, times=1)
    fake_kubectl.answers(f"get {TARGET}", times=2)
    stage.script(fake_kubectl)
    stage.runner(log).run()
    assert verbs(fake_kubectl) == ["apply", "apply", "delete"]
    order = [verb for call in fake_kubectl.calls for verb in call if verb in ("get", "apply") and "--watch" not in call]
    assert order == ["get", "apply", "get", "apply"]
