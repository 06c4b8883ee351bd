"""Who is waited for is told with a name: a node, a finalizer, a pod that is being ended."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from kubectl_job_operator.status.lingering import end_by_others, is_out_of_reach, lingering
from tests.unit import recordings

NOW = datetime.datetime(2026, 11, 20, 20, 0, 0, tzinfo=datetime.timezone.utc)
EARLIER, LATER = "2026-11-20T19:59:00Z", "2026-11-20T20:00:20Z"


def job(**spec: Any) -> dict[str, Any]:
    made = recordings.job("unschedulable")
    made["spec"].update(spec)
    return made


def pod(name: str = "p", *, deleted: str = "", ready: bool = True, **ready_condition: str) -> dict[str, Any]:
    """Make a pod that runs, as far as its node has told."""
    made: dict[str, Any] = {
        "kind": "Pod",
        "metadata": {"name": name, "uid": name, "creationTimestamp": "2026-11-20T19:00:00Z"},
        "spec": {"nodeName": "node-2"},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True", **ready_condition}],
            "containerStatuses": [{"name": "main", "ready": ready, "state": {"running": {}}}],
        },
    }
    if deleted:
        made["metadata"]["deletionTimestamp"] = deleted
    return made


def disrupted(reason: str, **more: Any) -> dict[str, Any]:
    made = pod(**more)
    made["status"]["conditions"].append({"type": "DisruptionTarget", "status": "True", "reason": reason})
    return made


def said(of: dict[str, Any], *pods: dict[str, Any]) -> list[str]:
    return [one.sentence for one in lingering(of, pods, NOW)]


def test_where_all_goes_its_way_nothing_is_told() -> None:
    assert said(job(), pod()) == []
    assert said(job(), pod(deleted=LATER)) == [], "it has its grace period"
    assert said(job(), pod(ready=False, status="False", reason="ContainersNotReady")) == []
    assert said(job(), pod(status="False", reason="ReadinessGatesNotReady")) == [], "its node has said so"


@pytest.mark.parametrize("scenario", ["complete", "failed-exit-code", "backoff-exhausted", "deadline-exceeded"])
def test_of_a_job_that_has_its_verdict_nothing_is_told(scenario: str) -> None:
    assert said(recordings.job(scenario), *recordings.pods(scenario), pod(deleted=EARLIER)) == []


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("EvictionByEvictionAPI", "it was evicted through the API, as by a drain of its node"),
        ("DeletionByTaintManager", "its node got a taint that it does not tolerate, as when the node is lost"),
        ("PreemptionByScheduler", "a pod of higher priority took its place"),
        ("SomethingNew", "it was disrupted (SomethingNew)"),
    ],
)
def test_a_pod_that_the_cluster_ends_is_told_with_the_reason_and_its_node(reason: str, words: str) -> None:
    assert said(job(), disrupted(reason, deleted=LATER)) == [f"Pod p on node node-2 is being ended: {words}."]


def test_a_node_that_is_not_ready_under_a_pod_is_named() -> None:
    (sentence,) = said(job(), pod(status="False"))
    assert sentence.startswith("Pod p ran when it was last heard of, but its node node-2 is NotReady: ")
    assert is_out_of_reach(pod(status="False"), NOW)


def test_a_pod_whose_node_does_not_confirm_its_end_is_named_with_both() -> None:
    (sentence,) = said(job(), disrupted("DeletionByTaintManager", deleted=EARLIER))
    assert sentence == (
        f"Pod p on node node-2 was to be gone at {EARLIER} (its node got a taint that it does not tolerate, as when "
        "the node is lost), but its node does not say that it is: the node may be down or cut off."
    )
    assert is_out_of_reach(pod(deleted=EARLIER), NOW)
    assert not is_out_of_reach(pod(deleted=LATER), NOW)


def test_a_job_that_starts_no_other_pod_before_that_is_told_so() -> None:
    (sentence,) = said(job(podReplacementPolicy="Failed"), pod(deleted=EARLIER))
    assert sentence.endswith("The Job starts no other pod before that (podReplacementPolicy: Failed).")


def test_a_pod_of_which_nobody_knows_anything_is_told() -> None:
    lost = pod()
    lost["status"]["phase"] = "Unknown"
    assert said(job(), lost) == ["Nobody knows how pod p is: its node node-2 cannot be reached."]


def test_a_job_that_is_held_by_a_finalizer_is_told_with_its_name() -> None:
    held = job()
    held["metadata"] |= {"deletionTimestamp": EARLIER, "finalizers": ["example.com/audit", "foregroundDeletion"]}
    (sentence,) = said(held)
    assert sentence == (
        f"The Job is being deleted since {EARLIER}, but is held by finalizer example.com/audit: whoever has put that "
        "on it has yet to take it off."
    )


def test_a_job_that_is_deleted_after_its_pods_tells_which() -> None:
    held = job()
    held["metadata"] |= {"deletionTimestamp": EARLIER, "finalizers": ["foregroundDeletion"]}
    assert said(held, pod()) == ["The Job is being deleted; that waits for pod p on node node-2."]
    assert said(held) == []


@pytest.mark.parametrize(("type_", "what"), [("FailureTarget", "has failed"), ("SuccessCriteriaMet", "has succeeded")])
def test_a_verdict_that_waits_for_a_pod_on_a_lost_node_tells_which(type_: str, what: str) -> None:
    waiting = job()
    waiting["status"] = {"conditions": [{"type": type_, "status": "True", "reason": "BackoffLimitExceeded"}]}
    sentences = said(waiting, pod(deleted=EARLIER), pod("q"))
    assert sentences[0] == (
        f"The Job {what} (BackoffLimitExceeded); its verdict waits for the end of pod p on node node-2 and 1 more."
    )
    assert "was to be gone" in sentences[1]


def test_the_same_thing_has_the_same_key_whenever_it_is_seen() -> None:
    first, second = (lingering(job(), [pod(deleted=EARLIER)], NOW + datetime.timedelta(minutes=m)) for m in (0, 5))
    assert [one.key for one in first] == [one.key for one in second]


def ended(of: dict[str, Any], *, exit_code: int = 1, container_reason: str = "Error", **status: str) -> dict[str, Any]:
    """Let a pod be over."""
    terminated = {"exitCode": exit_code, "reason": container_reason}
    of["status"] |= {"phase": "Failed", "containerStatuses": [{"name": "main", "state": {"terminated": terminated}}]}
    of["status"] |= status
    return of


def test_what_has_ended_a_pod_is_told_with_its_node_where_it_was_not_its_program() -> None:
    assert end_by_others(ended(pod(), exit_code=255, container_reason="Unknown")) == (
        "Pod p on node node-2 has ended: its node was started again while it ran, and knows nothing of its end."
    )
    assert end_by_others(ended(pod(), exit_code=137, container_reason="ContainerStatusUnknown")) == (
        "Pod p on node node-2 has ended: the node lost sight of it."
    )
    assert end_by_others(ended(disrupted("EvictionByEvictionAPI"), exit_code=143)) == (
        "Pod p on node node-2 has ended: it was evicted through the API, as by a drain of its node."
    )
    assert end_by_others(ended(pod(), reason="Evicted", message="The node was low on memory.")) == (
        "Pod p on node node-2 has ended: it was evicted by its node: The node was low on memory."
    )


def test_of_an_end_that_was_the_programs_own_nothing_is_told() -> None:
    assert end_by_others(ended(pod())) == ""
    assert end_by_others(ended(pod(), exit_code=255)) == "", "a program may return that, too"
    assert end_by_others(ended(disrupted("EvictionByEvictionAPI"), exit_code=0, phase="Succeeded")) == ""
    assert end_by_others(disrupted("EvictionByEvictionAPI")) == "", "it has not ended"
