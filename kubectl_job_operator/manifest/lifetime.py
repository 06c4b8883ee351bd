"""How long a companion lives: what one run has made is deleted with its Job, what others may live in is not."""

from __future__ import annotations

from kubectl_job_operator.manifest.labels import DELETE, KEEP
from kubectl_job_operator.objects import Object, annotations_of

SHARED_KINDS = frozenset(
    {
        "APIService",
        "CSIDriver",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "DeviceClass",
        "FlowSchema",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttributesClass",
        "VolumeSnapshotClass",
    }
)
"""What is there for a whole cluster, or holds what others have made; never deleted unless that is asked for."""


def is_kept(companion: Object) -> bool:
    """Whether the companion outlives its Job: its annotations ask for it, or its kind is one that others may need."""
    return _is_true(companion, KEEP) or is_shared(companion)


def is_shared(companion: Object) -> bool:
    """Whether the companion is kept for its kind alone: no annotation asks for its deletion."""
    return companion["kind"] in SHARED_KINDS and not _is_true(companion, DELETE)


def _is_true(thing: Object, annotation: str) -> bool:
    return str(annotations_of(thing).get(annotation)).lower() == "true"
