"""A Job whose main container has ended is over, whatever else runs in its pod."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from kubectl_job_operator.attempt.settings import DeletePolicy, Settings
from kubectl_job_operator.errors import JobFailedError, RightsMissingError
from kubectl_job_operator.manifest import main_container
from kubectl_job_operator.manifest.labels import MAIN_CONTAINER_EXIT_CODE
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.life.scenes import no_child_is_left
from tests.unit.stage import MANIFEST, TARGET, Log

pytestmark = pytest.mark.usefixtures("hasty")

DECIDES = main_container.annotation("main")
JOB = MANIFEST.replace("  name: countdown", f"  name: countdown\n  annotations: {json.dumps(DECIDES)}", 1)
WITHOUT_PATCH_PODS = "jobs.batch   []   []   [*]\npods   []   []   [get list watch]\npods/log   []   []   [get]\n"


def the_job(state: str = "running", **annotations: str) -> dict[str, Any]:
    made = stage.job(state)
    made["metadata"]["annotations"] |= DECIDES | annotations
    return made


def the_pod(exit_code: int, beside: dict[str, Any] | None = None) -> dict[str, Any]:
    (pod,) = copy.deepcopy(recordings.pods("complete"))
    (main,) = pod["status"]["containerStatuses"]
    main["state"]["terminated"]["exitCode"] = exit_code
    pod["status"]["containerStatuses"].insert(
        0, {"name": "beside", "restartCount": 0, "state": beside or {"running": {}}}
    )
    pod["status"]["phase"] = "Running"
    return pod


def script(fake_kubectl: FakeKubectl, exit_code: int, beside: dict[str, Any] | None = None) -> str:
    """Script a Job whose main container ends, and whose own conditions do not come; return its pod's name."""
    pod = the_pod(exit_code, beside)
    event = json.dumps({"type": "ADDED", "object": pod}) + "\n"
    fake_kubectl.answers("get pods --watch", event, then=[NEVER])
    fake_kubectl.answers("get pods", {"kind": "List", "items": [pod]})
    fake_kubectl.answers(f"get {TARGET}", "", times=1)
    fake_kubectl.answers("apply --server-side", the_job())
    fake_kubectl.answers(f"get {TARGET}", the_job(**{MAIN_CONTAINER_EXIT_CODE: str(exit_code)}))
    fake_kubectl.answers("annotate")
    stage.script(fake_kubectl, end="never")
    return str(pod["metadata"]["name"])


def run(log: Log, policy: DeletePolicy = DeletePolicy.IF_SUCCEEDED) -> None:
    stage.runner(log, manifest=JOB, settings=Settings(delete_policy=policy)).run()


def annotations_written(fake_kubectl: FakeKubectl) -> list[str]:
    return [word for call in fake_kubectl.called("annotate") for word in call if MAIN_CONTAINER_EXIT_CODE in word]


def test_its_exit_code_is_written_on_the_job_which_is_then_complete_and_deleted(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    script(fake_kubectl, 0)
    run(log)
    assert annotations_written(fake_kubectl) == [f"{MAIN_CONTAINER_EXIT_CODE}=0"]
    assert "is Complete after" in log.text
    assert fake_kubectl.called("delete job.v1.batch")
    assert fake_kubectl.called("patch") == []
    assert no_child_is_left(fake_kubectl)


def test_what_still_runs_of_a_job_that_is_kept_is_ended(fake_kubectl: FakeKubectl, log: Log) -> None:
    pod = script(fake_kubectl, 0)
    fake_kubectl.answers("patch")
    run(log, DeletePolicy.NEVER)
    (patch,) = fake_kubectl.called("patch")
    assert patch[-5:-1] == ("patch", f"pod/{pod}", "--type=merge", "-p")
    change = json.loads(patch[-1])
    assert change["metadata"]["uid"]
    assert change["spec"] == {"activeDeadlineSeconds": 1}


def test_that_the_rest_cannot_be_ended_is_told_with_the_command(fake_kubectl: FakeKubectl, log: Log) -> None:
    pod = script(fake_kubectl, 0)
    fake_kubectl.answers("patch", **stage.FORBIDDEN)
    run(log, DeletePolicy.NEVER)
    assert f"To end it: kubectl -n here patch pod/{pod}" in log.warnings[-1]


def test_another_exit_code_fails_the_task_and_no_other_containers_does(fake_kubectl: FakeKubectl, log: Log) -> None:
    script(fake_kubectl, 3, beside={"terminated": {"exitCode": 7, "reason": "Error"}})
    fake_kubectl.answers("patch")
    with pytest.raises(JobFailedError) as caught:
        run(log)
    assert caught.value.exit_codes == (3,)
    assert "failed: container main of pod " in str(caught.value)
    assert annotations_written(fake_kubectl) == [f"{MAIN_CONTAINER_EXIT_CODE}=3"]


def test_a_job_that_failed_by_another_container_is_complete_if_its_main_container_is(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("get pods --watch", after_seconds=NEVER)
    failed = the_job("failed")
    fake_kubectl.answers("wait --for=condition=failed", failed)
    script(fake_kubectl, 0)
    run(log)
    assert annotations_written(fake_kubectl) == [f"{MAIN_CONTAINER_EXIT_CODE}=0"]
    assert "is Complete after" in log.text


def test_without_an_exit_code_of_it_a_failed_job_is_failed(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError):
        run(log)
    assert fake_kubectl.called("annotate") == []


def test_the_right_to_end_pods_is_asked_for_only_where_a_job_may_be_kept(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("auth can-i --list", WITHOUT_PATCH_PODS)
    script(fake_kubectl, 0)
    with pytest.raises(RightsMissingError) as caught:
        run(log)
    assert caught.value.missing == ("patch pods",)
    run(log, DeletePolicy.ALWAYS)
    assert fake_kubectl.called("delete job.v1.batch")


def test_the_triggerer_is_not_asked_to_wait_for_a_container(fake_kubectl: FakeKubectl, log: Log) -> None:
    script(fake_kubectl, 0)
    assert stage.runner(log, manifest=JOB).start() is None
    assert "so the worker waits for container main itself" in log.text
