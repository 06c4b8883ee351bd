"""A name that is made unique leaves room for what a controller appends to it."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.manifest.name_room import longest_name


def thing(api: str, kind: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "a"}, "spec": spec}


INDEXED: dict[str, Any] = {"completionMode": "Indexed", "completions": 1000}


@pytest.mark.parametrize(
    ("made", "longest"),
    [
        (thing("batch/v1", "Job"), 63),
        (thing("batch/v1", "Job", completions=1000), 63),
        (thing("batch/v1", "Job", **INDEXED), 63 - len("-999")),
        (thing("batch/v1", "Job", completionMode="Indexed", completions=10), 63 - len("-9")),
        (thing("v1", "Pod"), 63),
        (thing("example.com/v1", "Widget"), 63),
        (thing("ray.io/v1", "RayJob"), 47),
        (thing("sparkoperator.k8s.io/v1beta2", "SparkApplication"), 52),
        (
            thing(
                "jobset.x-k8s.io/v1alpha2",
                "JobSet",
                replicatedJobs=[
                    {"name": "driver", "template": {"spec": {}}},
                    {"name": "workers", "replicas": 12, "template": {"spec": {"parallelism": 101}}},
                ],
            ),
            63 - len("-workers-11-100"),
        ),
        (
            thing("batch.volcano.sh/v1alpha1", "Job", tasks=[{"name": "task", "replicas": 101}, {"replicas": 1}]),
            63 - len("-default-0"),
        ),
        (
            thing("kubeflow.org/v1", "PyTorchJob", pytorchReplicaSpecs={"Master": {}, "Worker": {"replicas": 11}}),
            63 - len("-worker-10"),
        ),
        (thing("batch.volcano.sh/v1alpha1", "Job", tasks="none"), 63),
        ({"apiVersion": "batch/v1", "kind": "Job", "spec": None}, 63),
    ],
)
def test_room_is_left_for_what_a_controller_appends(made: dict[str, Any], longest: int) -> None:
    assert longest_name(made) == longest


def test_the_readable_front_of_a_name_is_kept_and_the_suffix_is_whole() -> None:
    identity = Identity(dag_id="d", task_id="t", run_id="r", map_index=-1, try_number=1)
    long = "load-the-orders-of-all-shops-of-the-northern-half-of-the-country-at-night"
    whole = identity.unique_name(long)
    short = identity.unique_name(long, 47)
    assert (len(whole), len(short)) == (63, 47)
    assert whole[-9:] == short[-9:] == identity.unique_name("a")[-9:]
    assert long.startswith(short[:-9])
    assert identity.unique_name(long, 3) == f"l{whole[-9:]}"
