"""Where one object refers to another by its name, so that a name can be changed everywhere at once.

The fields are those of Kubernetes' own kinds (API reference of 1.37: core/v1, apps/v1, batch/v1, rbac/v1,
networking/v1, autoscaling/v2, resource/v1), the labels by which a Job's pods are selected, and the ``resourceNames`` in
a Role's rules. A name inside a command or a ConfigMap's text is text, and is not followed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

# {field: {"name": NAME}}, alone or in a list.
_BY_OBJECT = {
    "claimRef": "PersistentVolumeClaim",
    "configMap": "ConfigMap",
    "configMapKeyRef": "ConfigMap",
    "configMapRef": "ConfigMap",
    "imagePullSecrets": "Secret",
    "nodePublishSecretRef": "Secret",
    "secret": "Secret",
    "secretKeyRef": "Secret",
    "secretRef": "Secret",
    "secrets": "Secret",
    "service": "Service",
}
# Which the Job's controller gives its pods.
_BY_LABEL = {"batch.kubernetes.io/job-name": "Job", "job-name": "Job"}
# {field: NAME}; a selector may have the labels themselves.
_BY_NAME = {
    "claimName": "PersistentVolumeClaim",
    "ingressClassName": "IngressClass",
    "priorityClassName": "PriorityClass",
    "resourceClaimName": "ResourceClaim",
    "resourceClaimTemplateName": "ResourceClaimTemplate",
    "runtimeClassName": "RuntimeClass",
    "secretName": "Secret",
    "serviceAccount": "ServiceAccount",
    "serviceAccountName": "ServiceAccount",
    "serviceName": "Service",
    "storageClassName": "StorageClass",
    "subdomain": "Service",
    "volumeName": "PersistentVolume",
    **_BY_LABEL,
}
_LABELS = frozenset({"labels", "matchLabels"})
# What holds an author's own keys, or text.
_OPAQUE = frozenset({"annotations", "data", "stringData", "binaryData"})
_ANY = "*"

Renamed = Mapping[tuple[str, str], str]


def follow(document: Mapping[str, Any], renamed: Renamed) -> None:
    """Change, in place, what a document says of objects that have other names now.

    :param renamed: by kind and old name the new one.
    """
    for key, value in document.items():
        if key not in ("metadata", *_LABELS, *_OPAQUE):
            _follow(value, key, renamed)


def _follow(value: Any, field: str, renamed: Renamed) -> None:
    if isinstance(value, list):
        for item in value:
            _follow(item, field, renamed)
    elif isinstance(value, dict):
        kind = _BY_OBJECT.get(field) or value.get("kind")
        _rename(value, "name", kind, renamed)
        if isinstance(value.get("key"), str) and value["key"] in _BY_LABEL:
            _rename_all(value, "values", [_BY_LABEL[value["key"]]], renamed)
        _rename_all(value, "resourceNames", _kinds_of(value.get("resources"), renamed), renamed)
        for key, item in value.items():
            if key in _BY_NAME:
                _rename(value, key, _BY_NAME[key], renamed)
            elif key in _LABELS:
                for label in _BY_LABEL if isinstance(item, dict) else ():
                    _rename(item, label, _BY_LABEL[label], renamed)
            elif key not in _OPAQUE:
                _follow(item, key, renamed)


def _rename(holder: dict[str, Any], key: str, kind: Any, renamed: Renamed) -> None:
    name = holder.get(key)
    if isinstance(kind, str) and isinstance(name, str):
        holder[key] = renamed.get((kind, name), name)


def _rename_all(holder: dict[str, Any], key: str, kinds: Sequence[str], renamed: Renamed) -> None:
    """Change a list of names, each of which may be that of an object of several kinds."""
    names = holder.get(key)
    if any(kinds) and _are_texts(names):
        holder[key] = list(dict.fromkeys(renamed.get((kind, name), name) for name in names for kind in kinds))


def _kinds_of(resources: Any, renamed: Renamed) -> list[str]:
    """Return the kinds of resources, as ``ConfigMap`` for ``configmaps``; an empty one where nothing has a new name."""
    by_resource = {_resource(kind): kind for kind, _ in renamed}
    found: list[str] = []
    for resource in resources if _are_texts(resources) else ():
        name = resource.partition("/")[0]
        found += [*by_resource.values(), ""] if name == _ANY else [by_resource.get(name, "")]
    return found


def _resource(kind: str) -> str:
    """Name the resource of a kind as Kubernetes guesses it: ``networkpolicies`` for ``NetworkPolicy``."""
    name = kind.lower()
    if name.endswith("y"):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith("s") else f"{name}s"


def _are_texts(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
