"""Companions that are on the cluster already, for the tests of whose they are."""

from __future__ import annotations

import datetime
from typing import Any

CONFIG = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\n"


def existing(owner: Any, *, age_seconds: float = 3600, **fields: Any) -> dict[str, Any]:
    """Return the ConfigMap as it is on the cluster."""
    born = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age_seconds)
    metadata: dict[str, Any] = {"name": "config", "creationTimestamp": born.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if owner:
        metadata |= {"labels": owner.object_labels(), "annotations": owner.annotations()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **fields}


def jobs(*some: dict[str, Any]) -> dict[str, Any]:
    """Return what listing Jobs prints."""
    return {"apiVersion": "v1", "kind": "List", "items": list(some)}
