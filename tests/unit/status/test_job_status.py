"""The meaning of Jobs and pods, over what Kubernetes 1.20, 1.36 and 1.37 really answered."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator import objects
from kubectl_job_operator.status import job_status, pod_status
from kubectl_job_operator.status.job_status import Verdict
from kubectl_job_operator.status.pod_status import ContainerState, FailedContainer
from kubectl_job_operator.watch.watched import short_job
from tests.unit import recordings

BACKOFF = Verdict("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
COMPLETE = Verdict("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
POLICY_MESSAGE = (
    "Container main for pod fixtures/pod-failure-policy-8c59d failed with exit code 42 matching FailJob rule at index 0"
)

PODS_POLICY_MESSAGE = (
    "Container main for pod fixtures-pod-failure-policy-fail-job/pod-failure-policy-fail-job-8cmxm failed with exit "
    "code 42 matching FailJob rule at index 0"
)
TODAY: dict[str, Verdict | None] = {
    **dict.fromkeys(
        (
            "drained",
            "pod-failure-policy-ignore",
            "pod-replacement-policy-failed",
            "quota-makes-room",
            "restart-all-containers",
            "restart-rule",
            "sidecar-complete",
            "sidecar-crashes",
            "sidecar-result",
            "suspended-resumed-twice",
        ),
        COMPLETE,
    ),
    **dict.fromkeys(
        (
            "evicted-by-api",
            "evicted-ephemeral-storage",
            "limit-range-default",
            "oom-killed-in-place",
            "pod-failure-policy-count",
            "preempted",
            "restart-rule-fails",
            "sidecar-main-fails",
        ),
        BACKOFF,
    ),
    **dict.fromkeys(
        ("limit-range-max", "managed-by-nobody", "pod-security", "quota-wants-limits", "validating-policy-pod")
    ),
    "failed-indexes": Verdict("Failed", "FailedIndexes", "Job has failed indexes"),
    "managed-by": Verdict("Complete", "DoneElsewhere"),
    "max-failed-indexes": Verdict(
        "Failed", "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"
    ),
    "pod-failure-policy-fail-job": Verdict("Failed", "PodFailurePolicy", PODS_POLICY_MESSAGE),
    "sidecar-never-ready": Verdict("Failed", "DeadlineExceeded", "Job was active longer than specified deadline"),
    "success-policy": Verdict("Complete", "SuccessPolicy", "Matched rules at index 0"),
}

VERDICTS: dict[tuple[str, str], Verdict | None] = {
    ("1.36", "complete"): COMPLETE,
    ("1.36", "parallel-indexed"): COMPLETE,
    ("1.36", "two-containers-init-sidecar"): COMPLETE,
    ("1.36", "failed-exit-code"): BACKOFF,
    ("1.36", "command-missing"): BACKOFF,
    ("1.36", "oom-killed"): BACKOFF,
    ("1.36", "backoff-exhausted"): BACKOFF,
    ("1.36", "on-failure-restarts"): BACKOFF,
    ("1.36", "pod-deleted"): BACKOFF,
    ("1.36", "deadline-exceeded"): Verdict(
        "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
    ),
    ("1.36", "pod-failure-policy"): Verdict("Failed", "PodFailurePolicy", POLICY_MESSAGE),
    ("1.36", "backoff-limit-per-index"): Verdict("Failed", "FailedIndexes", "Job has failed indexes"),
    ("1.36", "image-pull"): None,
    ("1.36", "image-never-pull"): None,
    ("1.36", "invalid-image-name"): None,
    ("1.36", "config-missing"): None,
    ("1.36", "volume-unbound"): None,
    ("1.36", "unschedulable"): None,
    ("1.36", "quota"): None,
    ("1.36", "suspended"): None,
    **{("1.37", scenario): verdict for scenario, verdict in TODAY.items()},
    ("1.20", "complete"): Verdict("Complete"),
    ("1.20", "failed"): BACKOFF,
}

PROGRESS = {
    "complete": "1 succeeded",
    "parallel-indexed": "4 succeeded",
    "backoff-exhausted": "3 failed",
    "backoff-limit-per-index": "1 succeeded, 1 failed",
    "image-pull": "1 active",
    "quota": "no pod yet",
}


def _conditions(scenario: str, version: str) -> list[tuple[str, str]]:
    found = recordings.job(scenario, version).get("status", {}).get("conditions", [])
    return [(condition["type"], condition["status"]) for condition in found]


def _recorded_scenarios() -> set[tuple[str, str]]:
    files = recordings.FIXTURES.glob("kubernetes-*/*/job.json")
    return {(file.parts[-3].removeprefix("kubernetes-"), file.parts[-2]) for file in files}


def test_every_recording_is_in_the_table() -> None:
    assert _recorded_scenarios() == VERDICTS.keys()


@pytest.mark.parametrize(("version", "scenario"), VERDICTS)
def test_the_verdict_of_a_recorded_job(version: str, scenario: str) -> None:
    assert job_status.verdict(recordings.job(scenario, version)) == VERDICTS[version, scenario]


def test_the_recordings_have_first_conditions_that_are_no_verdict() -> None:
    assert _conditions("complete", "1.36") == [("SuccessCriteriaMet", "True"), ("Complete", "True")]
    assert _conditions("failed-exit-code", "1.36") == [("FailureTarget", "True"), ("Failed", "True")]
    assert _conditions("suspended", "1.36") == [("Suspended", "True")]
    assert _conditions("complete", "1.20") == [("Complete", "True")]


@pytest.mark.parametrize("early", ["SuccessCriteriaMet", "FailureTarget", "Suspended", "SomethingNew"])
def test_a_condition_that_comes_before_the_verdict_is_none(early: str) -> None:
    assert job_status.verdict({"status": {"conditions": [{"type": early, "status": "True"}]}}) is None


@pytest.mark.parametrize("value", ["False", "Unknown", None])
@pytest.mark.parametrize("scenario", ["complete", "failed-exit-code"])
def test_a_condition_counts_only_when_it_is_true(scenario: str, value: str | None) -> None:
    job = recordings.job(scenario)
    for condition in job["status"]["conditions"]:
        condition["status"] = value
    assert job_status.verdict(job) is None


@pytest.mark.parametrize("scenario", ["complete", "failed-exit-code"])
def test_the_order_of_the_conditions_does_not_matter(scenario: str) -> None:
    job = recordings.job(scenario)
    suspended_once = {"type": "Suspended", "status": "False", "reason": "JobResumed"}
    job["status"]["conditions"] = [suspended_once, *reversed(job["status"]["conditions"])]
    assert job_status.verdict(job) == VERDICTS["1.36", scenario]


@pytest.mark.parametrize("job", [{}, {"status": None}, {"status": {}}, {"status": {"conditions": None}}])
def test_a_job_without_conditions_has_no_verdict(job: dict[str, Any]) -> None:
    assert job_status.verdict(job) is None


def test_pod_counts_and_completion_times_are_no_verdict() -> None:
    job = recordings.job("complete")
    del job["status"]["conditions"]
    assert job["status"]["succeeded"] == 1
    assert job_status.verdict(job) is None


def test_only_complete_is_complete() -> None:
    assert COMPLETE.is_complete
    assert not BACKOFF.is_complete


@pytest.mark.parametrize("scenario", PROGRESS)
def test_progress_counts_the_pods(scenario: str) -> None:
    assert job_status.progress(recordings.job(scenario)) == PROGRESS[scenario]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"uncountedTerminatedPods": {"succeeded": ["a", "b"]}, "succeeded": 1}, "3 succeeded"),
        ({"uncountedTerminatedPods": {"failed": ["a"]}, "active": 2}, "2 active, 1 failed"),
        ({"terminating": 2}, "2 terminating"),
        ({"uncountedTerminatedPods": {}, "ready": 0}, "no pod yet"),
    ],
)
def test_a_pod_that_has_just_ended_counts(status: dict[str, Any], expected: str) -> None:
    job = recordings.job("complete")
    assert job_status.progress({**job, "status": status}) == expected
    assert job_status.progress(short_job({**job, "status": status})) == expected


def test_the_uid_is_the_jobs() -> None:
    assert objects.uid(recordings.job("complete")) == recordings.job("complete")["metadata"]["uid"]
    assert objects.uid(recordings.job("complete")) != objects.uid(recordings.job("complete", "1.20"))


@pytest.mark.parametrize(("version", "scenario"), VERDICTS)
def test_the_selector_of_a_job_picks_its_pods(version: str, scenario: str) -> None:
    wanted = dict(pair.split("=") for pair in job_status.pod_selector(recordings.job(scenario, version)).split(","))
    assert wanted
    for pod in recordings.pods(scenario, version):
        assert wanted.items() <= pod["metadata"]["labels"].items()


START_ERROR = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    'unable to start container process: exec: "/no/such": stat /no/such: no such file or directory'
)

FAILED: dict[tuple[str, str], list[FailedContainer]] = {
    ("1.36", "failed-exit-code"): [FailedContainer("failed-exit-code-28jd2", "main", 3, "Error", "")],
    ("1.36", "oom-killed"): [FailedContainer("oom-killed-sr6n2", "main", 137, "OOMKilled", "")],
    ("1.36", "command-missing"): [FailedContainer("command-missing-xn96h", "main", 128, "StartError", START_ERROR)],
    ("1.36", "pod-failure-policy"): [FailedContainer("pod-failure-policy-8c59d", "main", 42, "Error", "")],
    ("1.36", "backoff-limit-per-index"): [FailedContainer("backoff-limit-per-index-1-jhhpq", "main", 1, "Error", "")],
    ("1.36", "complete"): [],
    ("1.36", "parallel-indexed"): [],
    ("1.36", "image-pull"): [],
    ("1.36", "unschedulable"): [],
    ("1.36", "deadline-exceeded"): [],
    ("1.20", "complete"): [],
}


@pytest.mark.parametrize(("version", "scenario"), FAILED)
def test_containers_that_ended_badly_are_found(version: str, scenario: str) -> None:
    assert pod_status.failed_containers(recordings.pods(scenario, version)) == FAILED[version, scenario]


def test_on_kubernetes_1_20_too() -> None:
    (failed,) = pod_status.failed_containers(recordings.pods("failed", "1.20"))
    assert failed.pod.startswith("failed-")
    assert (failed.container, failed.exit_code, failed.reason) == ("main", 3, "Error")


def test_failed_containers_come_in_the_order_of_their_pods_creation() -> None:
    pods = recordings.pods("backoff-exhausted")
    by_creation = sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
    assert len({pod["metadata"]["creationTimestamp"] for pod in pods}) == 3
    expected = [pod["metadata"]["name"] for pod in by_creation]
    assert [failed.pod for failed in pod_status.failed_containers(by_creation)] == expected
    assert [failed.pod for failed in pod_status.failed_containers(by_creation[::-1])] == expected


def _pod(**statuses: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"}, "status": statuses}


def _ended(name: str, exit_code: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "state": {"terminated": {"exitCode": exit_code, "reason": "Error", **more}}}


def test_init_containers_come_before_containers() -> None:
    pod = _pod(containerStatuses=[_ended("main", 1)], initContainerStatuses=[_ended("prepare", 2, message="no disk")])
    assert pod_status.failed_containers([pod]) == [
        FailedContainer("p", "prepare", 2, "Error", "no disk"),
        FailedContainer("p", "main", 1, "Error", ""),
    ]


def test_a_recorded_sidecar_that_had_to_be_killed_is_found_only_where_its_pod_failed_for_no_other_reason() -> None:
    pods = recordings.pods("two-containers-init-sidecar")
    assert pod_status.failed_containers(pods) == [], "the pod has succeeded"
    pods[0]["status"]["phase"] = "Failed"
    assert [(one.container, one.exit_code) for one in pod_status.failed_containers(pods)] == [("side", 137)]
    pods[0]["status"]["containerStatuses"][0]["state"] = {"terminated": {"exitCode": 3}}
    assert [(one.container, one.exit_code) for one in pod_status.failed_containers(pods)] == [("a", 3)]


def test_a_pod_runs_if_more_than_a_sidecar_of_it_does() -> None:
    (pod,) = recordings.pods("two-containers-init-sidecar")
    pod["status"]["phase"] = "Running"
    pod["status"]["initContainerStatuses"][1].update(name="side", state={"running": {}})
    assert not pod_status.is_running(pod)
    pod["status"]["containerStatuses"][0]["state"] = {"running": {}}
    assert pod_status.is_running(pod)


def test_a_container_that_waits_for_its_restart_failed_before() -> None:
    waiting = {"name": "main", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    crashed = {**waiting, "lastState": {"terminated": {"exitCode": 7, "reason": "Error"}}}
    assert [one.exit_code for one in pod_status.failed_containers([_pod(containerStatuses=[crashed])])] == [7]
    assert pod_status.failed_containers([_pod(containerStatuses=[waiting])]) == []


@pytest.mark.parametrize("pod", [_pod(), _pod(containerStatuses=None), {"metadata": {"name": "p"}}])
def test_a_pod_without_statuses_has_no_failed_container(pod: dict[str, Any]) -> None:
    assert pod_status.failed_containers([pod]) == []


def _last_states(scenario: str) -> dict[str, ContainerState]:
    """Return what the containers of a scenario's only pod were doing at last."""
    (pod,) = recordings.pods(scenario)
    return {state.name: state for state in pod_status.container_states(pod)}


def test_the_containers_of_a_recorded_pod_have_states_init_containers_first() -> None:
    states = _last_states("two-containers-init-sidecar")
    assert [(name, state.is_init) for name, state in states.items()] == [
        ("init", True),
        ("side", True),
        ("a", False),
        ("b", False),
    ]
    assert all(state.is_over and not state.is_running and not state.can_restart for state in states.values())
    assert not any(state.has_previous for state in states.values())


def test_the_life_of_a_recorded_container_that_is_restarted_once() -> None:
    lives = []
    for event in recordings.pod_events("on-failure-restarts"):
        (state,) = pod_status.container_states(event["object"])
        lives.append((state.instance, state.is_running, state.is_over, state.has_previous, state.can_restart))
    assert [life for index, life in enumerate(lives) if index == 0 or life != lives[index - 1]] == [
        (0, False, False, False, True),
        (0, True, False, False, True),
        (0, False, True, False, True),
        (1, True, False, True, True),
        (1, False, True, True, True),
        (1, False, True, True, False),
    ]


def _container_pod(policy: str, state: dict[str, Any], *, phase: str = "Running", **more: Any) -> dict[str, Any]:
    """Make a pod with one container.

    :param more: of the container's spec; ``kind`` is ``initContainers`` for an init container.
    """
    kind = more.pop("kind", "containers")
    one = {"name": "main", "restartCount": 2, "lastState": {"terminated": {"exitCode": 1}}, "state": state}
    return {
        "spec": {"restartPolicy": policy, kind: [{"name": "main", **more}]},
        "status": {"phase": phase, f"{kind[:-1]}Statuses": [one]},
    }


FAILED_STATE, DONE_STATE = {"terminated": {"exitCode": 1}}, {"terminated": {"exitCode": 0}}


@pytest.mark.parametrize(
    ("can_restart", "pod"),
    [
        (False, _container_pod("Never", FAILED_STATE)),
        (True, _container_pod("OnFailure", FAILED_STATE)),
        (False, _container_pod("OnFailure", FAILED_STATE, phase="Failed")),
        # A sidecar restarts however it ended, also in a pod that never restarts.
        (True, _container_pod("Never", DONE_STATE, kind="initContainers", restartPolicy="Always")),
        (False, _container_pod("Never", DONE_STATE, kind="initContainers", restartPolicy="Always", phase="Succeeded")),
        # Since 1.34 a container may have a policy, and rules, of its own.
        (True, _container_pod("Never", FAILED_STATE, restartPolicy="OnFailure")),
        (False, _container_pod("OnFailure", FAILED_STATE, restartPolicy="Never")),
        (
            True,
            _container_pod("Never", FAILED_STATE, restartPolicy="Never", restartPolicyRules=[{"action": "Restart"}]),
        ),
    ],
)
def test_whether_a_container_can_restart_goes_by_its_own_policy_or_the_pods(
    can_restart: bool, pod: dict[str, Any]
) -> None:
    (state,) = pod_status.container_states(pod)
    assert (state.is_over, state.is_running, state.instance, state.has_previous) == (True, False, 2, True)
    assert state.can_restart == can_restart


def test_of_a_container_that_waits_for_its_restart_the_last_run_is_the_one_that_has_just_ended() -> None:
    (state,) = pod_status.container_states(_container_pod("OnFailure", {"waiting": {"reason": "CrashLoopBackOff"}}))
    assert (state.is_over, state.is_running, state.instance, state.has_previous) == (True, False, 2, False)


def test_a_container_that_runs_or_has_not_begun_is_not_over() -> None:
    (running,) = pod_status.container_states(_container_pod("OnFailure", {"running": {}}))
    assert (running.is_running, running.is_over, running.has_previous) == (True, False, True)
    pod = _container_pod("OnFailure", {"waiting": {"reason": "ContainerCreating"}})
    del pod["status"]["containerStatuses"][0]["lastState"]
    (waiting,) = pod_status.container_states(pod)
    assert (waiting.is_running, waiting.is_over, waiting.has_previous) == (False, False, False)


@pytest.mark.parametrize("statuses", [{}, {"containerStatuses": None}])
def test_a_pod_without_statuses_has_no_container_states(statuses: dict[str, Any]) -> None:
    assert pod_status.container_states({"spec": {"restartPolicy": "Never"}, "status": statuses}) == []


@pytest.mark.parametrize(
    ("phase", "has_ended"),
    [("Succeeded", True), ("Failed", True), ("Running", False), ("Pending", False), ("Unknown", False), (None, False)],
)
def test_a_pod_has_ended_by_its_phase(phase: str | None, has_ended: bool) -> None:
    assert pod_status.has_ended(_pod(phase=phase)) == has_ended


def test_the_job_counts_the_pods_that_have_ended() -> None:
    counts = {"complete": 1, "parallel-indexed": 4, "backoff-exhausted": 3, "backoff-limit-per-index": 2, "quota": 0}
    assert {scenario: job_status.ended_pod_count(recordings.job(scenario)) for scenario in counts} == counts
    assert job_status.ended_pod_count({}) == 0


@pytest.mark.parametrize(("is_deleted", "count", "restarts"), [(False, 1, 0), (False, 3, 2), (True, 1, 1)])
def test_a_container_that_its_node_lost_sight_of_was_not_started_again_by_that(
    is_deleted: bool, count: int, restarts: int
) -> None:
    (pod,) = recordings.pods("evicted-ephemeral-storage", "1.37")
    (status,) = pod["status"]["containerStatuses"]
    words = "The container could not be located when the pod was terminated"
    status["state"] = {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": words}}
    status["restartCount"] = count
    if is_deleted:
        pod["metadata"]["deletionTimestamp"] = "2026-11-26T09:46:00Z"
    (state,) = pod_status.container_states(pod)
    assert (state.instance, state.is_over, state.is_lost) == (restarts, True, True)
    (failed,) = pod_status.failed_containers([pod])
    assert failed.restarts == restarts
    assert pod_status.has_lost(pod, "main")
    assert not pod_status.has_lost(recordings.pods("evicted-ephemeral-storage", "1.37")[0], "main")
    # Before the kubelet says that the pod has ended, the container waits, as if it were to start again.
    status["lastState"], status["state"] = status["state"], {"waiting": {"reason": "ContainerCreating"}}
    assert pod_status.container_states(pod) == [state]
    assert pod_status.has_lost(pod, "main")
    # Where it did start again, that run is another one.
    status["state"] = {"running": {}}
    (state,) = pod_status.container_states(pod)
    assert (state.instance, state.is_running, state.is_lost) == (count, True, False)
