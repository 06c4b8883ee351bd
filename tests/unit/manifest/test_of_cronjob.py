"""What a task leaves out of the Job that a CronJob would start."""

from __future__ import annotations

from typing import Any

from kubectl_job_operator.manifest.of_cronjob import freed

# As kubectl create job --from=cronjob/nightly --dry-run=client -o yaml prints it, of kubectl 1.32.
PRINTED: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
        "creationTimestamp": None,
        "name": "nightly",
        "namespace": "here",
        "ownerReferences": [
            {"apiVersion": "batch/v1", "controller": True, "kind": "CronJob", "name": "nightly", "uid": "1"}
        ],
    },
    "spec": {
        "template": {
            "metadata": {"creationTimestamp": None},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b"}]},
        }
    },
    "status": {},
}


def test_the_cronjob_no_longer_owns_it_and_all_that_was_described_is_there() -> None:
    job = freed(PRINTED)
    assert job["metadata"] == {
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
        "name": "nightly",
        "namespace": "here",
    }
    assert job["spec"] == {"template": {**PRINTED["spec"]["template"], "metadata": {}}}
    assert "status" not in job


def test_what_was_given_is_left_alone() -> None:
    freed(PRINTED)
    assert "ownerReferences" in PRINTED["metadata"]
    assert "status" in PRINTED
