"""When the end of a main container decides, and when it does not yet."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.attempt.memory import essence
from kubectl_job_operator.manifest.labels import MAIN_CONTAINER, MAIN_CONTAINER_EXIT_CODE
from kubectl_job_operator.status import job_status, main_end, result

RUNS: dict[str, Any] = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}


def ended(exit_code: int, reason: str = "Error") -> dict[str, Any]:
    return {"terminated": {"exitCode": exit_code, "reason": reason, "message": '{"a": 1}'}}


def pod(
    main: dict[str, Any],
    beside: dict[str, Any] = RUNS,
    *,
    policy: str = "Never",
    phase: str = "Running",
    name: str = "p",
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "uid": name, "annotations": {MAIN_CONTAINER: "main"}},
        "spec": {"restartPolicy": policy, "containers": [{"name": "beside"}, {"name": "main"}]},
        "status": {
            "phase": phase,
            "containerStatuses": [{"name": "beside", "state": beside}, {"name": "main", "state": main}],
        },
    }


def job(conditions: tuple[str, ...] = (), **annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "job", "namespace": "here", "annotations": {MAIN_CONTAINER: "main", **annotations}},
        "spec": {"selector": {"matchLabels": {"a": "b"}}},
        "status": {"conditions": [{"type": one, "status": "True", "reason": "Whatever"} for one in conditions]},
    }


def written(code: int, *conditions: str) -> dict[str, Any]:
    return job(conditions, **{MAIN_CONTAINER_EXIT_CODE: str(code)})


BEING_DELETED = pod(ended(0))
BEING_DELETED["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (pod(RUNS, ended(1)), None),
        (pod(ended(0)), 0),
        (pod(ended(3)), 3),
        (pod(ended(0), policy="OnFailure"), 0),
        (pod(ended(3), policy="OnFailure"), None),
        (pod(ended(0), policy="Always"), None),
        (pod(ended(137, "ContainerStatusUnknown")), None),
        (pod({"waiting": {"reason": "CrashLoopBackOff"}}, policy="OnFailure"), None),
        (BEING_DELETED, None),
        (pod(ended(0), ended(1), phase="Failed"), 0),
    ],
    ids=["runs", "well", "badly", "well again", "badly again", "always", "lost", "waits", "deleted", "over"],
)
def test_only_an_end_for_good_decides(one: dict[str, Any], code: int | None) -> None:
    assert main_end.exit_code_of(job(), [one]) == code


def test_without_a_main_container_nothing_decides() -> None:
    plain = {**job(), "metadata": {"name": "job", "annotations": {MAIN_CONTAINER_EXIT_CODE: "0"}}}
    assert main_end.exit_code_of(plain, [pod(ended(0))]) is None
    assert job_status.verdict(plain) is None


def test_a_pod_is_judged_by_its_own_status() -> None:
    assert job_status.verdict(pod(RUNS)) is None
    found = job_status.verdict(pod(ended(0), ended(1), phase="Failed"))
    assert (found and found.is_complete, found and found.reason) == (True, "container main ended with exit code 0")
    failed = job_status.verdict(pod(ended(3)))
    assert (failed and failed.type, failed and failed.reason) == ("Failed", "container main ended with exit code 3")


def test_a_job_is_judged_by_what_is_written_on_it_and_then_by_its_conditions() -> None:
    def verdict(one: dict[str, Any]) -> str | None:
        found = job_status.verdict(one)
        return found.type if found else None

    assert verdict(job()) is None
    assert verdict(job(("Failed",))) == "Failed"
    assert verdict(job(("Complete",))) == "Complete"
    assert verdict(written(0)) == "Complete"
    assert verdict(written(0, "Failed")) == "Complete"
    assert verdict(written(3)) == "Failed"
    assert job_status.progress(written(0)) == "container main ended with exit code 0"


def test_a_job_that_is_remembered_is_still_complete() -> None:
    remembered = job_status.verdict(essence(written(0, "Failed")))
    assert remembered
    assert remembered.is_complete


def test_the_result_is_the_main_containers_alone() -> None:
    one = pod(ended(0), ended(0))
    assert result.slots(written(0), [one, pod(ended(3), name="q")]) == [one]
    assert result.slots(job(), [one]) == []
    handed = result.message_of(one, result.main_containers(written(0), one))
    assert handed
    assert handed.container == "main"


def test_a_failure_is_told_of_the_main_container_alone() -> None:
    (alone,) = main_end.of_main_alone(job(), [pod(ended(3), ended(1))])
    assert [one["name"] for one in alone["status"]["containerStatuses"]] == ["main"]
    whole = pod(RUNS, ended(1))
    assert main_end.of_main_alone(job(), [whole]) == [whole]
