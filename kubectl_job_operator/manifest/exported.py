"""What only a cluster writes into an object: it is in YAML from ``kubectl get -o yaml``, and no new object takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.documents import Document

# Of these each alone makes the API server refuse the object.
_REFUSED = ("uid", "resourceVersion", "managedFields")
# The others only come with them.
_BESIDE = ("creationTimestamp", "generation", "selfLink", "ownerReferences")
_CONTROLLERS_LABELS = (
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
)
_OF_ONE_OBJECT = frozenset({"batch.kubernetes.io/controller-uid", "controller-uid"})


def fields_of_the_cluster(document: Document) -> list[str]:
    """Return the fields of an exported object that are to be removed, by their paths; none if it was not exported."""
    metadata = document["metadata"]
    refused = [f"metadata.{key}" for key in _REFUSED if metadata.get(key)]
    if kinds.is_job(document):
        refused += _of_controller(document)
    if not refused:
        return []
    beside = [f"metadata.{key}" for key in _BESIDE if metadata.get(key)]
    return [*refused, *beside, *(["status"] if document.get("status") else [])]


def _of_controller(job: Document) -> Iterator[str]:
    """Name what the Job controller has added, by which a Job finds its own pods."""
    spec = _mapping(job.get("spec"))
    if spec.get("manualSelector"):
        return
    if _OF_ONE_OBJECT & _mapping(_mapping(spec.get("selector")).get("matchLabels")).keys():
        yield "spec.selector"
    pods = _mapping(_mapping(spec.get("template")).get("metadata"))
    for path, metadata in (("metadata", job["metadata"]), ("spec.template.metadata", pods)):
        labels = _mapping(metadata.get("labels"))
        if _OF_ONE_OBJECT & labels.keys():
            yield from (f"{path}.labels[{label}]" for label in _CONTROLLERS_LABELS if label in labels)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
