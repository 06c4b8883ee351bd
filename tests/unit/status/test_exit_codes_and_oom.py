"""An exit code is told with what it means, and the same number from different causes is told apart."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from kubectl_job_operator.status import exit_codes_and_oom, pod_status
from kubectl_job_operator.status.pod_status import FailedContainer
from tests.unit import recordings


def failed(exit_code: int, reason: str = "Error", message: str = "") -> FailedContainer:
    return FailedContainer("p", "main", exit_code, reason, message)


def pod(**status: Any) -> dict[str, Any]:
    made = recordings.pods("oom-killed")[0]
    made["status"] = {"phase": "Failed", **status}
    return made


UNSTARTED = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: "
)
FAILED = "set in config.json failed: "
MOUNT = 'error mounting "/srv/exec" to rootfs at "/data": mount /srv/exec:/data: no such file or directory'
EXIT_CODES = [
    (1, ""),
    (2, ""),
    (3, ""),
    (42, ""),
    (255, ""),
    (126, "cannot be executed"),
    (127, "was not found"),
    (130, "SIGINT"),
    (134, "SIGABRT"),
    (137, "SIGKILL"),
    (139, "SIGSEGV: it crashed in native code"),
    (143, "SIGTERM: something told it to end"),
    (161, "signal 33"),
]


def test_255_of_a_container_that_its_node_has_lost_is_not_the_programs_own() -> None:
    ending = exit_codes_and_oom.of_container(pod(), failed(255, "Unknown"))
    assert ending.meaning == "its node was started again while it ran, and knows nothing of its end"
    assert "the node" in ending.remedy


@pytest.mark.parametrize(("code", "meaning"), EXIT_CODES)
def test_an_exit_code_means_what_shells_and_kernels_mean_by_it(code: int, meaning: str) -> None:
    ending = exit_codes_and_oom.of_container(pod(), failed(code))
    assert meaning in ending.meaning
    assert bool(ending.meaning) == bool(ending.remedy) == bool(meaning)


def test_137_for_want_of_memory_is_told_from_137_by_a_kill_by_an_eviction_and_by_the_pods_deletion() -> None:
    assert (
        "more memory than its limit of 16Mi" in exit_codes_and_oom.of_container(pod(), failed(137, "OOMKilled")).meaning
    )
    assert "something killed it" in exit_codes_and_oom.of_container(pod(), failed(137)).meaning
    deleted = recordings.pods_last_seen("pod-deleted")[0]
    assert "its pod was deleted" in exit_codes_and_oom.of_container(deleted, failed(137)).meaning
    assert "its pod was deleted" in exit_codes_and_oom.of_container(deleted, failed(143)).meaning
    (evicted,) = recordings.pods("evicted-ephemeral-storage", "1.37")
    assert exit_codes_and_oom.of_container(evicted, failed(137)).meaning == "SIGKILL: its node ended it with its pod"
    assert "lost sight" in exit_codes_and_oom.of_container(pod(), failed(137, "ContainerStatusUnknown")).meaning


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ('exec: "nosuch": executable file not found in $PATH', "its command 'nosuch' is not in the image"),
        ('exec: "/etc/passwd": permission denied', "its command '/etc/passwd' may not be executed"),
        (
            'runc create failed: unable to start container process: exec: "/no": stat /no: no such file or directory',
            "its command '/no' is not in the image",
        ),
        ("exec /x: exec format error", "no program for this kind of CPU"),
        (f'{UNSTARTED}chdir to cwd ("/root") {FAILED}permission denied', "'/root' may not be entered by its user"),
        (f'{UNSTARTED}chdir to cwd ("/no such") {FAILED}no such file or directory: unknown', "'/no such' is not there"),
        (f'{UNSTARTED}chdir to cwd ("/x") {FAILED}not a directory', f'started: chdir to cwd ("/x") {FAILED}not a '),
        (f"{UNSTARTED}error during container init: {MOUNT}", f"it could not be started: {MOUNT}"),
        (f"{UNSTARTED}open /proc/self/attr/keycreate: permission denied: unknown", "started: open /proc/self/attr"),
        ("something else", "it could not be started: something else"),
        ("", "it could not be started"),
    ],
)
def test_a_container_that_could_not_be_started_is_told_with_the_runtimes_reason(message: str, meaning: str) -> None:
    for reason in ("StartError", "ContainerCannotRun"):
        ending = exit_codes_and_oom.of_container(pod(), failed(128, reason, message))
        assert meaning in ending.meaning
        assert ending.remedy


def test_of_a_working_folder_it_is_not_said_that_a_command_is_to_be_mended() -> None:
    for why in ("permission denied", "no such file or directory"):
        message = f'{UNSTARTED}chdir to cwd ("/root") {FAILED}{why}: unknown'
        ending = exit_codes_and_oom.of_container(pod(), failed(128, "StartError", message))
        assert "workingDir of container main" in ending.remedy
        assert "command" not in ending.meaning + ending.remedy


def limited(of_container: dict[str, Any] | None, of_pod: dict[str, Any] | None) -> dict[str, Any]:
    """Return a pod whose container ran out of memory, with other resources than it was recorded with."""
    made = pod()
    made["spec"]["containers"][0]["resources"] = of_container
    made["spec"]["resources"] = of_pod
    return made


@pytest.mark.parametrize(
    ("given", "meaning", "remedy"),
    [
        (
            limited({"limits": {"memory": "16Mi"}}, {"limits": {"memory": "64Mi"}}),
            "it used more memory than its limit of 16Mi",
            "raise resources.limits.memory of container main, or let it use less.",
        ),
        (
            limited({"requests": {"memory": "16Mi"}}, {"limits": {"memory": "64Mi"}}),
            "it was killed, because its pod used more memory than the pod's limit of 64Mi",
            "raise resources.limits.memory of the pod, or let its containers use less.",
        ),
        (
            limited({"limits": {"cpu": "1"}}, None),
            "it was killed, because memory ran out on its node; it has no limit of its own",
            "set resources.requests.memory of container main to what it needs, and a limit, or let it use less.",
        ),
        (
            limited(None, {"limits": {}}),
            "it was killed, because memory ran out on its node; it has no limit of its own",
            "set resources.requests.memory of container main to what it needs, and a limit, or let it use less.",
        ),
    ],
)
def test_want_of_memory_is_told_with_the_limit_that_there_is(given: dict[str, Any], meaning: str, remedy: str) -> None:
    ending = exit_codes_and_oom.of_container(given, failed(137, "OOMKilled"))
    assert (ending.meaning, ending.remedy) == (meaning, remedy)
    given["metadata"]["deletionTimestamp"] = "2026-11-20T19:30:00Z"
    ending = exit_codes_and_oom.of_container(given, dataclasses.replace(failed(137), reason_before="OOMKilled"))
    assert ending.meaning.endswith(f"of the run before it is known that {meaning}")
    assert ending.remedy == remedy


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (
            {"reason": "Evicted", "message": "The node was low on resource: memory."},
            "evicted by its node: The node was",
        ),
        ({"reason": "Preempting", "message": "for x"}, "a pod of higher priority took its place"),
        ({"reason": "DeadlineExceeded"}, "its own activeDeadlineSeconds"),
        ({"reason": "NodeAffinity", "message": "no"}, "its node ended or refused it (NodeAffinity): no"),
        ({"reason": "UnexpectedAdmissionError"}, "(UnexpectedAdmissionError)"),
        ({"conditions": [("PreemptionByScheduler")]}, "a pod of higher priority took its place"),
        ({"conditions": [("EvictionByEvictionAPI")]}, "evicted through the API"),
        ({"conditions": [("DeletionByTaintManager")]}, "taint"),
        ({"conditions": [("TerminationByKubelet")]}, "the node needed its resources"),
        ({"conditions": [("Newer")]}, "it was disrupted (Newer)"),
        ({}, ""),
    ],
)
def test_what_ended_a_pod_from_outside_is_told(status: dict[str, Any], meaning: str) -> None:
    if "conditions" in status:
        (reason,) = status["conditions"]
        status = {"conditions": [{"type": "DisruptionTarget", "status": "True", "reason": reason}]}
    ending = exit_codes_and_oom.of_pod(pod(**status))
    assert meaning in ending.meaning
    assert bool(ending.remedy) == bool(meaning)


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. ", "ephemeral-storage"),
        ('Container main exceeded its local ephemeral storage limit "4Mi". ', "ephemeral-storage"),
        ('Usage of EmptyDir volume "v" exceeds the limit "4Mi". ', "sizeLimit"),
        ("The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ", "resources.requests"),
    ],
)
def test_an_eviction_for_a_limit_is_told_from_one_for_the_nodes_want(message: str, remedy: str) -> None:
    ending = exit_codes_and_oom.of_pod(pod(reason="Evicted", message=message))
    assert ending.meaning == f"it was evicted by its node: {message.removesuffix('. ')}"
    assert remedy in ending.remedy


def test_a_pod_that_the_job_deleted_for_its_restarts_is_told_with_what_ended_the_run_before() -> None:
    deleted = recordings.pods_last_seen("pod-deleted")[0]
    deleted["spec"]["containers"][0]["resources"] = {"limits": {"memory": "16Mi"}}
    ending = exit_codes_and_oom.of_container(deleted, dataclasses.replace(failed(137), reason_before="OOMKilled"))
    assert ending.meaning.startswith("SIGKILL: its pod was deleted; of the run before it is known that it used more")
    assert "resources.limits.memory of container main" in ending.remedy
    (pod,) = recordings.pods("oom-killed")
    (status,) = pod["status"]["containerStatuses"]
    assert [one.reason_before for one in pod_status.failed_containers([pod])] == [""]
    status["lastState"] = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    assert [one.reason_before for one in pod_status.failed_containers([pod])] == ["OOMKilled"]


def test_a_pod_that_the_job_deleted_is_told_from_one_that_somebody_deleted() -> None:
    (deleted,) = recordings.pods_last_seen("pod-deleted")
    assert exit_codes_and_oom.of_pod(deleted).meaning == "somebody deleted it"
    assert exit_codes_and_oom.of_pod(deleted, was_deleted_by_job=True).meaning == "the Job deleted it"
