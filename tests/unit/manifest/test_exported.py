"""YAML that was exported from a cluster is refused with the fields to remove, before anything is created."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest.exported import fields_of_the_cluster
from kubectl_job_operator.manifest.manifest import Manifest
from tests.unit import recordings

LABELS = [
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
]


def _exported(version: str) -> dict[str, Any]:
    job = recordings.job("complete", version)
    job["metadata"].pop("managedFields", None)  # kubectl leaves them out too
    return job


def _without(job: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """Do what the error asks for."""
    job = copy.deepcopy(job)
    for path in paths:
        steps, _, label = path.partition("[")
        place: Any = job
        *way, last = steps.split(".")
        for step in way:
            place = place[step]
        if label:
            del place[last][label.rstrip("]")]
        else:
            del place[last]
    return job


@pytest.mark.parametrize("version", ["1.20", "1.36"])
def test_of_an_exported_job_all_that_is_to_be_removed_is_named_and_without_it_the_job_can_be_run(version: str) -> None:
    job = _exported(version)
    fields = fields_of_the_cluster(job)
    assert fields[:2] == ["metadata.uid", "metadata.resourceVersion"]
    assert {"spec.selector", "metadata.creationTimestamp", "status"} <= set(fields)
    with pytest.raises(ManifestError) as caught:
        Manifest.of([job], "job.yaml")
    assert all(field in str(caught.value) for field in fields)
    assert "What to do: remove them; what kubectl get -o yaml prints is no manifest yet" in str(caught.value)
    cleaned = _without(job, fields)
    assert Manifest.of([cleaned], "job.yaml").name == job["metadata"]["name"]
    assert "controller-uid" not in str(cleaned)


def test_the_labels_of_the_job_controller_are_named_one_by_one() -> None:
    fields = fields_of_the_cluster(_exported("1.36"))
    assert [f"spec.template.metadata.labels[{label}]" for label in LABELS] == [
        field for field in fields if field.startswith("spec.template.")
    ]


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
def test_a_companion_that_was_exported_is_refused_too(field: str) -> None:
    companion = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", field: "123"}, "data": {"k": "v"}}
    assert fields_of_the_cluster(companion) == [f"metadata.{field}"]


def test_what_kubectl_create_dry_run_prints_is_taken_as_it_is() -> None:
    job: dict[str, Any] = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "a", "creationTimestamp": None, "uid": None, "resourceVersion": ""},
        "spec": {
            "template": {
                "metadata": {"creationTimestamp": None, "labels": {"job-name": "a"}},
                "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]},
            }
        },
        "status": {},
    }
    assert fields_of_the_cluster(job) == []
    assert Manifest.of([job], "job.yaml").name == "a"


def test_a_selector_of_the_authors_own_is_his() -> None:
    job = _exported("1.36")
    for key in ("uid", "resourceVersion", "creationTimestamp", "generation"):
        job["metadata"].pop(key, None)
    job["metadata"]["labels"] = {}
    job["spec"]["manualSelector"] = True
    assert fields_of_the_cluster(job) == []
