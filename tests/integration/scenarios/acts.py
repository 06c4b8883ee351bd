"""What somebody does to a Job and its pods while they run."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.namespace import Namespace
from tests.waiting import until


def running_pod(namespace: Namespace) -> str:
    """Wait until a container of a pod runs, and return the pod's name."""
    found: list[str] = []

    def is_there() -> bool:
        found[:] = [
            one["metadata"]["name"]
            for one in namespace.objects("pods")
            if _runs(one) and "deletionTimestamp" not in one["metadata"]
        ]
        return bool(found)

    until(is_there, "no pod runs")
    return found[0]


def until_logged(namespace: Namespace, pod: str, words: str) -> None:
    """Wait until a pod has written something."""
    until(lambda: words in namespace.kubectl("logs", pod, "--all-containers"), f"{pod} did not write {words!r}")


def let_the_next_end(namespace: Namespace) -> None:
    """Let the pods of ``texts.for_two_pods`` that are still to come end by themselves."""
    namespace.kubectl("create", "configmap", "again", "--from-literal=word=yes")


def begun_pod(namespace: Namespace) -> str:
    """Wait until a pod has begun with its work, let only the next one end by itself, and return the pod's name."""
    pod = running_pod(namespace)
    until_logged(namespace, pod, "begins")
    let_the_next_end(namespace)
    return pod


def until_job_is_there(namespace: Namespace) -> dict[str, Any]:
    """Wait until the Job is there, and return it."""
    until(lambda: namespace.objects("jobs") != [], "there is no Job")
    return namespace.objects("jobs")[0]


def until_job_says(namespace: Namespace, event: str) -> None:
    """Wait until the Job's controller has noted something."""
    until(lambda: event in [one["reason"] for one in namespace.objects("events")], f"there is no event {event}")


def suspend(namespace: Namespace, *, is_suspended: bool) -> None:
    """Suspend or resume the Job, as a queueing system does."""
    name = until_job_is_there(namespace)["metadata"]["name"]
    patch = json.dumps({"spec": {"suspend": is_suspended}})
    namespace.kubectl("patch", "job", name, "--type=merge", "-p", patch)


def evict(namespace: Namespace, pod: str) -> None:
    """Evict a pod through the API, as a drain does."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace.name}}
    path = f"/api/v1/namespaces/{namespace.name}/pods/{pod}/eviction"
    namespace.kubectl("create", "--raw", path, "-f", "-", given=json.dumps(body))


def _runs(pod: dict[str, Any]) -> bool:
    statuses = pod["status"].get("containerStatuses") or ()
    return any("running" in one["state"] for one in statuses)
