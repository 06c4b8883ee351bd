"""Companions: applied first, told apart from those of others, deleted by label and never by name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from kubectl_job_operator.attempt.identity import selector_of, selector_to_delete
from kubectl_job_operator.attempt.settings import DeletePolicy, Settings
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.errors import JobFailedError, KubectlError, TaskKilledError
from kubectl_job_operator.manifest.yaml_text import load_all
from tests.unit import stage
from tests.unit.attempt.existing import CONFIG, existing
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.life.scenes import once_called
from tests.unit.stage import US, Log

pytestmark = pytest.mark.usefixtures("hasty")

KEPT = CONFIG.replace("{name: config}", '{name: data, annotations: {kubectl-job-operator/keep: "true"}}')
ROLE = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader}\n"


def test_companions_are_applied_before_the_job_in_a_command_of_their_own(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("get -f", "")
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
    files = [call[call.index("-f") + 1].rpartition("/")[2] for call in fake_kubectl.called("apply")]
    assert files == ["companions-of-countdown.yaml", "countdown.yaml"]


def test_all_kinds_are_deleted_by_the_labels_of_this_try_with_version_and_group(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("get -f", "")
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG + ROLE).run()
    (delete,) = fake_kubectl.called("delete")
    assert delete[4] == "job.v1.batch,configmap,role.v1.rbac.authorization.k8s.io"
    assert delete[6] == (
        f"kubectl-job-operator/task-instance={US.digest},kubectl-job-operator/try-number=2,!kubectl-job-operator/keep"
    )


def test_the_try_of_a_run_that_was_deleted_deletes_nothing_of_the_run_that_was_made_again(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    """Both have one name, and tries of the same numbers; only when they began tells them apart."""
    stage.script(fake_kubectl)
    stage.runner(log, identity=replace(US, started="20260101T120000.000000")).run()
    (delete,) = fake_kubectl.called("delete")
    assert delete[6] == (
        f"kubectl-job-operator/task-instance={US.digest},kubectl-job-operator/try-number=2,"
        "kubectl-job-operator/try-started=20260101T120000.000000,!kubectl-job-operator/keep"
    )


def test_a_companion_of_nobody_is_used_as_it_is(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("get -f", existing(None))
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
    assert len(fake_kubectl.called("apply")) == 1
    assert "ConfigMap config exists already and belongs to no task of Airflow: it is used as it is" in log.text
    assert "differs" not in log.text


def test_what_differs_in_a_companion_of_nobody_is_a_warning(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("get -f", existing(None, data={"mode": "slow", "more": "x"}))
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG + "data: {mode: fast}\n").run()
    assert "ConfigMap config is not as the template has it; it differs in data.mode." in log.warnings


@pytest.mark.parametrize("owner", [US, replace(US, try_number=1)])
def test_a_companion_of_this_task_instance_is_applied_again(owner: Any, fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("get -f", existing(owner))
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
    companions, _ = fake_kubectl.called("apply")
    assert f"--field-manager={US.field_manager}" in companions
    # The API server would refuse to change the label of an earlier try, which another command may have set.
    assert len(fake_kubectl.called("label")) == (0 if owner == US else 1)


def test_a_companion_is_applied_by_the_try_that_has_created_it(fake_kubectl: FakeKubectl, log: Log) -> None:
    """Under another name nothing could be taken away from it; and what another one creates meanwhile is refused."""
    creator = replace(US, try_number=1)
    managers = [("kubectl-label", "Update"), ("another", "Apply"), (creator.field_manager, "Apply")]
    there = existing(US)
    there["metadata"]["managedFields"] = [{"manager": name, "operation": what} for name, what in managers]
    fake_kubectl.answers("get -f", there)
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG + ROLE).run()
    applied = [(call[5], call[7].rpartition("/")[2]) for call in fake_kubectl.called("apply")]
    assert applied == [
        (f"--field-manager={creator.field_manager}", "companions-of-countdown.yaml"),
        (f"--field-manager={US.field_manager}", "2-companions-of-countdown.yaml"),
        (f"--field-manager={US.field_manager}", "countdown.yaml"),
    ]


def test_what_is_kept_for_all_runs_is_applied_by_all_of_them(fake_kubectl: FakeKubectl, log: Log) -> None:
    kept = existing(replace(US, run_id="another"))
    kept["metadata"].update(name="data", labels={**kept["metadata"]["labels"], "kubectl-job-operator/keep": "true"})
    fake_kubectl.answers("get -f", kept)
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + KEPT).run()
    companions, _ = fake_kubectl.called("apply")
    # As version 0.1 did, and whichever run or Airflow it is: under another name it may not change what they have set.
    assert "--field-manager=kubectl-job-operator" in companions
    (delete,) = fake_kubectl.called("delete")
    assert delete[4] == "job.v1.batch"


NAMESPACE = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: config}\n"


def test_what_others_may_live_in_is_not_deleted_and_the_log_says_so(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("get -f", "")
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + NAMESPACE).run()
    (delete,) = fake_kubectl.called("delete")
    assert delete[4] == "job.v1.batch"
    assert "Namespace config is not deleted at the end, as others may need it" in log.text


def test_what_others_may_live_in_is_deleted_where_its_own_annotation_asks_for_it(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("get -f", "")
    stage.script(fake_kubectl)
    asked = NAMESPACE.replace("{name: config}", '{name: config, annotations: {kubectl-job-operator/delete: "true"}}')
    stage.runner(log, manifest=stage.MANIFEST + asked).run()
    (delete,) = fake_kubectl.called("delete")
    assert delete[4] == "job.v1.batch,namespace"
    assert "is not deleted at the end" not in log.text


def test_a_companion_that_is_to_be_kept_has_a_label_that_deleting_leaves_out() -> None:
    log = Log()
    runner = stage.runner(log, manifest=stage.MANIFEST + KEPT)
    _, kept = load_all(runner._attempt.manifest.text())
    assert kept["metadata"]["labels"]["kubectl-job-operator/keep"] == "true"


def test_companions_of_a_job_that_never_was_are_deleted(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply", existing(US), times=1)
    fake_kubectl.answers("apply", stderr='The Job "countdown" is invalid: spec: no\n', return_code=1)
    stage.script(fake_kubectl)
    with pytest.raises(KubectlError):
        stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
    assert len(fake_kubectl.called("delete")) == 1


@pytest.mark.parametrize(
    ("policy", "end", "deletes"),
    [
        (DeletePolicy.ALWAYS, "failed", 1),
        (DeletePolicy.IF_FAILED, "failed", 1),
        (DeletePolicy.IF_SUCCEEDED, "failed", 0),
        (DeletePolicy.NEVER, "failed", 0),
        (DeletePolicy.ALWAYS, "complete", 1),
        (DeletePolicy.IF_FAILED, "complete", 0),
        (DeletePolicy.IF_SUCCEEDED, "complete", 1),
        (DeletePolicy.NEVER, "complete", 0),
    ],
)
def test_the_policy_decides(policy: DeletePolicy, end: str, deletes: int, fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl, end=end)
    runner = stage.runner(log, settings=Settings(delete_policy=policy))
    if end == "failed":
        with pytest.raises(JobFailedError):
            runner.run()
    else:
        runner.run()
    assert len(fake_kubectl.called("delete")) == deletes


def test_a_job_that_is_gone_on_with_is_marked_as_this_trys_own(fake_kubectl: FakeKubectl, log: Log) -> None:
    found = stage.job(owner=replace(US, try_number=1))
    fake_kubectl.answers("get job/countdown", found)
    stage.script(fake_kubectl)
    stage.runner(log).run()
    (label,) = fake_kubectl.called("label")
    assert label[4:] == (
        "job.v1.batch",
        "-l",
        f"{selector_of(found)},!kubectl-job-operator/keep",
        "app.kubernetes.io/managed-by=kubectl-job-operator",
        f"kubectl-job-operator/task-instance={US.digest}",
        "kubectl-job-operator/try-number=2",
        "--overwrite",
    )


def test_companions_are_marked_whichever_earlier_try_has_made_them(fake_kubectl: FakeKubectl, log: Log) -> None:
    """One that died while it took over a Job has left its companions with the labels of a try before."""
    fake_kubectl.answers("get job/countdown", stage.job(owner=replace(US, try_number=1)))
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
    (label,) = fake_kubectl.called("label configmap")
    assert f"kubectl-job-operator/task-instance={US.digest},!kubectl-job-operator/keep" in label


def test_companions_that_cannot_be_marked_do_not_stop_the_adoption(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("get job/countdown", stage.job(owner=replace(US, try_number=1)))
    fake_kubectl.answers("label configmap", **stage.FORBIDDEN)
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
    assert "The companions of the Job cannot be marked as this try's own" in log.text
    assert "is Complete after" in log.text


def test_companions_are_marked_when_the_cluster_serves_us_again(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("get job/countdown", stage.job(owner=replace(US, try_number=1)))
    fake_kubectl.answers("label configmap", **stage.REFUSED, times=1)
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
    assert len(fake_kubectl.called("label configmap")) == 2
    assert "cannot be marked" not in log.text


def end_while(held: str, fake_kubectl: FakeKubectl, log: Log) -> None:
    """Run a try that somebody ends while a command of it takes for ever."""
    fake_kubectl.answers(held, after_seconds=NEVER)
    stage.script(fake_kubectl)
    runner = stage.runner(log, manifest=stage.MANIFEST + CONFIG, stop=Stop("Somebody marked the task as failed"))
    with once_called(fake_kubectl, held, runner.kill), pytest.raises(TaskKilledError):
        runner.run()


def test_a_companion_that_is_not_marked_yet_goes_with_the_try_that_is_ended_meanwhile(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    earlier = stage.job(owner=replace(US, try_number=1))
    fake_kubectl.answers("get job/countdown", earlier)
    end_while("label configmap", fake_kubectl, log)
    deleted = [call[6] for call in fake_kubectl.called("delete job.v1.batch,configmap")]
    assert deleted == [selector_to_delete(earlier), US.selector()]


def test_the_companions_of_a_job_that_is_replaced_go_with_the_try_that_is_ended_meanwhile(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    failed = stage.job("failed", replace(US, try_number=1))
    fake_kubectl.answers("get job/countdown", failed)
    end_while("delete job -l", fake_kubectl, log)
    (label,) = fake_kubectl.called("label")
    assert label[4:7] == (
        "configmap",
        "-l",
        f"kubectl-job-operator/task-instance={US.digest},!kubectl-job-operator/keep",
    )
    deleted = fake_kubectl.called("delete job.v1.batch,configmap")[0]
    assert US.selector() in deleted


def test_a_job_of_version_0_1_gets_the_labels_of_today(fake_kubectl: FakeKubectl, log: Log) -> None:
    us = replace(US, installation="blue")
    old = stage.job(owner=replace(US, try_number=1))
    fake_kubectl.answers("get job/countdown", old)
    stage.script(fake_kubectl)
    stage.runner(log, identity=us).run()
    (label,) = fake_kubectl.called("label")
    assert f"{selector_of(old)},!kubectl-job-operator/keep" in label
    assert f"kubectl-job-operator/task-instance={us.digest}" in label


def test_a_short_ttl_counts_from_when_the_task_has_seen_the_end(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("patch", "job.batch/countdown patched\n")
    stage.script(fake_kubectl, end="failed")
    text = stage.MANIFEST.replace("spec:\n", "spec:\n  ttlSecondsAfterFinished: 0\n", 1)
    with pytest.raises(JobFailedError):
        stage.runner(log, manifest=text).run()
    assert "ttlSecondsAfterFinished: 3600" in log.text
    (patch,) = fake_kubectl.called("patch")
    # By now another run's Job may have the name.
    assert json.loads(patch[-1]) == {"metadata": {"uid": stage.UID}, "spec": {"ttlSecondsAfterFinished": 0}}
