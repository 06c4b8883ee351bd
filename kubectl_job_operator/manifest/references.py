"""Where one object refers to another by its name, so that a name can be changed everywhere at once.

The fields are those of Kubernetes' own kinds (API reference of 1.37: core/v1, apps/v1, batch/v1, rbac/v1,
networking/v1, autoscaling/v2). A name inside a command or a ConfigMap's text is text, and is not followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# {field: {"name": NAME}}, alone or in a list.
_BY_OBJECT = {
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
# {field: NAME}.
_BY_NAME = {
    "claimName": "PersistentVolumeClaim",
    "secretName": "Secret",
    "serviceAccount": "ServiceAccount",
    "serviceAccountName": "ServiceAccount",
    "serviceName": "Service",
    "subdomain": "Service",
}
# What holds an author's own keys, or text.
_OPAQUE = frozenset({"annotations", "data", "labels", "matchLabels", "stringData", "binaryData"})

Renamed = Mapping[tuple[str, str], str]


def follow(document: Mapping[str, Any], renamed: Renamed) -> None:
    """Change, in place, what a document says of objects that have other names now.

    :param renamed: by kind and old name the new one.
    """
    for key, value in document.items():
        if key not in ("metadata", *_OPAQUE):
            _follow(value, key, renamed)


def _follow(value: Any, field: str, renamed: Renamed) -> None:
    if isinstance(value, list):
        for item in value:
            _follow(item, field, renamed)
    elif isinstance(value, dict):
        kind = _BY_OBJECT.get(field) or value.get("kind")
        _rename(value, "name", kind, renamed)
        for key, item in value.items():
            if key in _BY_NAME:
                _rename(value, key, _BY_NAME[key], renamed)
            elif key not in _OPAQUE:
                _follow(item, key, renamed)


def _rename(holder: dict[str, Any], key: str, kind: Any, renamed: Renamed) -> None:
    name = holder.get(key)
    if isinstance(kind, str) and isinstance(name, str):
        holder[key] = renamed.get((kind, name), name)
