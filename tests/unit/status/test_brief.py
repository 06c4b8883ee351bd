"""However little room there is, the one line keeps the word that decides why nothing started."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.status import cause
from kubectl_job_operator.status.outlook import Obstacle, Outlook
from kubectl_job_operator.status.pending_containers import of_containers
from kubectl_job_operator.status.shortening import WIDTH

ROOM = WIDTH - len("Job data-platform/load-orders failed: ")
JOB: dict[str, Any] = {"kind": "Job", "metadata": {"name": "load-orders", "namespace": "data-platform"}}
IMAGE = "registry.example.com/team/orders-loader:2026.11"
PULL = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
WHOSE = '(pod: "load-orders-x7d3c_data-platform(4e495d1b-7dd9-4d53-b43f-a8aa330ac7a3)", container: load)'


def of_waiting(reason: str, message: str) -> str:
    """Return the line for a container that waits."""
    waiting = {"name": "load", "image": IMAGE, "state": {"waiting": {"reason": reason, "message": message}}}
    pod = {"metadata": {"name": "load-orders-x7d3c"}, "status": {"containerStatuses": [waiting]}}
    (obstacle,) = of_containers(JOB, pod, [])
    return cause.of_obstacle(obstacle).fitted(ROOM)


CONFIG, CREATE, RUN = "CreateContainerConfigError", "CreateContainerError", "RunContainerError"


@pytest.mark.parametrize(
    ("reason", "message", "told"),
    [
        (
            CONFIG,
            "couldn't find key database-password in Secret data-platform/credentials",
            "no key database-password in Secret credentials",
        ),
        (CONFIG, "couldn't find key mode in ConfigMap data-platform/settings", "no key mode in ConfigMap settings"),
        (CONFIG, 'secret "orders-database-credentials" not found', "no Secret orders-database-credentials"),
        (CONFIG, 'configmap "orders-database-settings" not found', "no ConfigMap orders-database-settings"),
        (
            CONFIG,
            f"container has runAsNonRoot and image will run as root {WHOSE}",
            "container has runAsNonRoot and image will run as root",
        ),
        (
            CREATE,
            'failed to generate container "9c2b4e" spec: failed to generate spec: failed to mkdir "/x": read-only',
            'failed to mkdir "/x": read-only',
        ),
        (
            RUN,
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
            "runc create failed: unable to start container process: error during container init: "
            'error mounting "/x": not a directory: unknown',
            'error mounting "/x": not a directory',
        ),
        ("ErrImagePull", f"{PULL}{IMAGE}: not found", "cannot pull orders-loader:2026.11: not found"),
        (
            "ImagePullBackOff",
            f'Back-off pulling image "{IMAGE}": ErrImagePull: {PULL}pull access denied, may require authorization: '
            "server message: insufficient_scope: authorization failed",
            "cannot pull orders-loader:2026.11: ... authorization",
        ),
        (
            "ErrImageNeverPull",
            f'Container image "{IMAGE}" is not present with pull policy of Never',
            "ErrImageNeverPull",
        ),
        ("InvalidImageName", f'Failed to apply default image tag "{IMAGE}": invalid format', "InvalidImageName"),
    ],
)
def test_what_a_container_lacks_to_start_is_in_the_line(reason: str, message: str, told: str) -> None:
    line = of_waiting(reason, message)
    assert told in line
    assert len(line) <= ROOM + 30


@pytest.mark.parametrize(
    ("pod", "sentence", "told"),
    [
        (
            "",
            "has no pod, because none can be created: error looking up service account data-platform/orders-loader: "
            'serviceaccount "orders-loader" not found.',
            "no pod can be created: no ServiceAccount orders-loader",
        ),
        (
            "",
            "has no pod, because none can be created: exceeded quota: compute, requested: limits.cpu=2,requests.cpu=2, "
            "used: limits.cpu=1,requests.cpu=1, limited: limits.cpu=2,requests.cpu=2.",
            "no pod can be created: exceeded quota: compute,",
        ),
        (
            "p",
            "waits for a volume that cannot be mounted: MountVolume.SetUp failed for volume "
            '"kube-api-access-of-this-one" : secret "orders-database-credentials" not found.',
            "its pod: no Secret orders-database-credentials",
        ),
        (
            "p",
            "cannot be scheduled: 0/5 nodes are available: 2 node(s) didn't match Pod's node affinity/selector, "
            "3 Insufficient nvidia.com/gpu, 2 node(s) were unschedulable.",
            "its pod has no node: 3 Insufficient nvidia.com/gpu; 2 other reasons",
        ),
    ],
)
def test_what_a_pod_lacks_to_start_is_in_the_line(pod: str, sentence: str, told: str) -> None:
    assert told in cause.of_obstacle(Obstacle("Any", sentence, Outlook.MAY_HEAL, pod=pod)).fitted(ROOM)


def test_where_there_is_room_the_clusters_own_words_stand_there() -> None:
    message = "couldn't find key k in Secret ns/known"
    waiting = {"name": "c", "image": "x", "state": {"waiting": {"reason": CONFIG, "message": message}}}
    (obstacle,) = of_containers(JOB, {"metadata": {"name": "p"}, "status": {"containerStatuses": [waiting]}}, [])
    assert cause.of_obstacle(obstacle).fitted(WIDTH) == f"pod p, container c: {CONFIG}: {message}"
