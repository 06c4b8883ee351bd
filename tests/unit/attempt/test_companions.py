"""Companions that others have made: those of a run that needs them are refused, what one has left is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_job_operator.attempt.identity import Round
from kubectl_job_operator.errors import JobInUseError
from kubectl_job_operator.manifest.labels import ROUND
from tests.unit import stage
from tests.unit.attempt.existing import CONFIG, existing, jobs
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import US, Log

pytestmark = pytest.mark.usefixtures("hasty")

IN_USE = "kubectl-job-operator/task-instance="
OTHERS = [
    replace(US, run_id="another"),
    replace(US, map_index=1),
    replace(US, task_id="other"),
    replace(US, dag_id="d"),
]


@pytest.mark.parametrize("owner", OTHERS)
def test_a_companion_of_a_run_whose_job_has_not_ended_is_refused(
    owner: Any, fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("get -f", existing(owner))
    fake_kubectl.answers(f"get job -l {IN_USE}{owner.digest}", jobs(stage.job(owner=owner)))
    fake_kubectl.answers("get configmap -l")
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError) as raised:
        stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
    assert f"ConfigMap config in here belongs to task {owner.task_id} of DAG {owner.dag_id}, run {owner.run_id}" in str(
        raised.value
    )
    assert "whose Job countdown has not ended; Job countdown was not created" in str(raised.value)
    assert "unique_name=True" in str(raised.value)
    assert fake_kubectl.called("apply") == []
    assert fake_kubectl.called("delete") == []


def test_a_companion_whose_job_is_still_to_come_is_refused(fake_kubectl: FakeKubectl, log: Log) -> None:
    owner = OTHERS[0]
    fake_kubectl.answers("get -f", existing(owner, age_seconds=5))
    fake_kubectl.answers(f"get job -l {IN_USE}{owner.digest}", jobs())
    fake_kubectl.answers("get configmap -l")
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError, match="whose Job is still to come"):
        stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
    assert fake_kubectl.called("apply") == []


@pytest.mark.parametrize("its_jobs", [[], [stage.job("complete", owner=OTHERS[0])], [stage.job("failed")]])
def test_what_a_run_has_left_whose_job_has_ended_is_replaced(
    its_jobs: list[dict[str, Any]], fake_kubectl: FakeKubectl, log: Log
) -> None:
    owner = OTHERS[0]
    fake_kubectl.answers("get -f", existing(owner))
    fake_kubectl.answers(f"get job -l {IN_USE}{owner.digest}", jobs(*its_jobs))
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
    delete, _ = fake_kubectl.called("delete")
    assert delete[3:7] == (
        "delete",
        "configmap",
        "-l",
        f"kubectl-job-operator/task-instance={owner.digest},kubectl-job-operator/try-number=2,"
        "!kubectl-job-operator/try-started",
    )
    assert "--field-selector=metadata.name=config" in delete
    assert "ConfigMap config was left by task task of DAG dag, run another, whose Job has ended." in log.warnings
    assert len(fake_kubectl.called("apply")) == 2


def test_a_claim_that_a_run_has_left_is_taken_over_with_its_data(fake_kubectl: FakeKubectl, log: Log) -> None:
    owner = OTHERS[0]
    claim = {**existing(owner), "kind": "PersistentVolumeClaim"}
    claim["spec"] = {"resources": {"requests": {"storage": "1Gi"}}}
    fake_kubectl.answers("get -f", claim)
    fake_kubectl.answers(f"get job -l {IN_USE}{owner.digest}", jobs())
    fake_kubectl.answers("annotate", "persistentvolumeclaim/config annotated\n")
    stage.script(fake_kubectl)
    text = CONFIG.replace("ConfigMap", "PersistentVolumeClaim") + "spec: {resources: {requests: {storage: 2Gi}}}\n"
    stage.runner(log, manifest=stage.MANIFEST + text).run()
    (label,), (annotate,) = fake_kubectl.called("label"), fake_kubectl.called("annotate")
    assert f"kubectl-job-operator/task-instance={US.digest}" in label
    assert f"kubectl-job-operator/run-id={US.run_id}" in annotate
    # The other claims that this run has left are not ours to take.
    assert "--field-selector=metadata.name=config" in label
    assert "--field-selector=metadata.name=config" in annotate
    assert [one for one in fake_kubectl.called("delete") if "--cascade=foreground" in one] == []
    assert len(fake_kubectl.called("apply")) == 1, "what the other run has set, the API server would not let us change"
    assert "PersistentVolumeClaim config is not as the template has it; it differs in spec.resources" in str(
        log.warnings
    )


def test_a_claim_of_an_earlier_try_that_is_being_deleted_is_waited_for_and_made_anew(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    """A killed try deletes in the background, and a claim stays until no pod uses it any more."""
    claim = {**existing(replace(US, try_number=1)), "kind": "PersistentVolumeClaim"}
    claim["metadata"]["deletionTimestamp"] = "2026-01-01T07:00:00Z"
    fake_kubectl.answers("get -f", claim)
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG.replace("ConfigMap", "PersistentVolumeClaim")).run()
    waiting, _ = fake_kubectl.called("delete")
    assert "--field-selector=metadata.name=config" in waiting
    assert "--wait=false" not in waiting
    assert fake_kubectl.called("label") == []
    assert len(fake_kubectl.called("apply")) == 2


def test_a_young_companion_of_a_run_whose_job_this_try_has_just_replaced_is_replaced_too(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    owner = OTHERS[0]
    fake_kubectl.answers(f"get {stage.TARGET}", stage.job("failed", owner=owner), times=1)
    fake_kubectl.answers("get -f", existing(owner, age_seconds=5))
    fake_kubectl.answers(f"get job -l {IN_USE}{owner.digest}", jobs())
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
    assert "ConfigMap config was left by task task of DAG dag, run another, whose Job has ended." in log.warnings
    assert len(fake_kubectl.called("apply")) == 2


def test_of_two_jobs_of_a_run_one_that_was_replaced_does_not_give_the_companions_of_the_other_away(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    owner = OTHERS[0]
    fake_kubectl.answers(f"get {stage.TARGET}", stage.job("failed", owner=owner), times=1)
    fake_kubectl.answers("get -f", existing(owner))
    fake_kubectl.answers(f"get job -l {IN_USE}{owner.digest}", jobs(stage.job(owner=owner)))
    fake_kubectl.answers("get configmap -l")
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError, match="whose Job countdown has not ended"):
        stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()


def test_a_companion_from_before_a_clear_gets_the_annotations_of_today_before_it_is_applied(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    """After a take-over its annotations are those of another command, and the API server would let none change."""
    now = replace(US, try_number=3, round=Round("2026", 1, 5))
    fake_kubectl.answers("get -f", existing(replace(US, round=Round("2026", 0, 3))))
    fake_kubectl.answers("annotate", "configmap/config annotated\n")
    stage.script(fake_kubectl)
    stage.runner(log, manifest=stage.MANIFEST + CONFIG, identity=now).run()
    (annotate,) = fake_kubectl.called("annotate")
    assert f"{ROUND}={now.round}" in annotate


@pytest.mark.parametrize("round_", [US.round, Round("2026", 1, 5)])
def test_a_companion_of_a_later_try_is_refused_and_not_touched(
    round_: Round | None, fake_kubectl: FakeKubectl, log: Log
) -> None:
    """Airflow takes this one for dead; it may be of a run that was made again, which has the same numbers."""
    us = replace(US, started="20260101T120000.000000")
    fake_kubectl.answers("get -f", existing(replace(us, started="20260101T120100.000000", round=round_)))
    fake_kubectl.answers("get configmap -l", jobs())
    stage.script(fake_kubectl)
    with pytest.raises(
        JobInUseError, match="ConfigMap config in here belongs to try 2 of this task, which began later"
    ):
        stage.runner(log, manifest=stage.MANIFEST + CONFIG, identity=us).run()
    assert not any(fake_kubectl.called(verb) for verb in ("apply", "label", "annotate", "delete"))


def test_who_comes_second_with_a_companion_looks_again_and_says_whose_it_is(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    owner = OTHERS[0]
    fake_kubectl.answers("get -f", "", times=1)
    fake_kubectl.answers("get -f", existing(owner, age_seconds=0))
    fake_kubectl.answers("apply", **stage.CONFLICT, times=1)
    fake_kubectl.answers(f"get job -l {IN_USE}{owner.digest}", jobs())
    stage.script(fake_kubectl)
    with pytest.raises(JobInUseError, match="run another, whose Job is still to come"):
        stage.runner(log, manifest=stage.MANIFEST + CONFIG).run()
