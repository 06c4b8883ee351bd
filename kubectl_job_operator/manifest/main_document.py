"""Which of a manifest's documents is the one that the task waits for, and where its pods are described."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.labels import MAIN
from kubectl_job_operator.objects import Object

COMPANION_KINDS = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "CustomResourceDefinition",
        "HorizontalPodAutoscaler",
        "Ingress",
        "LimitRange",
        "NetworkPolicy",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "ResourceQuota",
        "Role",
        "RoleBinding",
        "Secret",
        "Service",
        "ServiceAccount",
    }
)
"""What only stands beside the document that the task waits for, unless it is marked."""


def candidates(documents: Sequence[Object]) -> list[Object]:
    """Return the documents that may be the main one: those that are marked, else the Jobs, else the Pods."""
    marked = [document for document in documents if _is_marked(document)]
    jobs = [document for document in documents if kinds.is_job(document)]
    pods = [document for document in documents if kinds.is_pod(document)]
    return marked or jobs or pods


def candidates_of_any_kind(documents: Sequence[Object]) -> list[Object]:
    """Return the documents that may be the main one if its kind is the author's choice."""
    marked = [document for document in documents if _is_marked(document)]
    return marked or [document for document in documents if document["kind"] not in COMPANION_KINDS]


def pod_templates(main: Any) -> list[dict[str, Any]]:
    """Return what in the main document describes pods: what has a ``spec`` with ``containers``, at whatever depth.

    A Pod describes itself.
    """
    if kinds.is_job(main):
        return [main["spec"]["template"]]
    return list(_pod_templates(main))


def _pod_templates(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, list):
        for item in part:
            yield from _pod_templates(item)
    if not isinstance(part, dict):
        return
    spec = part.get("spec")
    if isinstance(spec, dict) and _are_containers(spec.get("containers")):
        yield part
        return
    for item in part.values():
        yield from _pod_templates(item)


def _are_containers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) and "name" in one for one in value)


def _is_marked(document: Object) -> bool:
    annotations = document["metadata"].get("annotations") or {}
    return str(annotations.get(MAIN)).lower() == "true" or kinds.says_when(document)
