"""Objects of a Kubernetes client become the plain values that YAML has; no client is imported for it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any


def as_plain(value: Any) -> Any:
    """Return mappings, lists and strings for a value that may hold objects of a Kubernetes client, at any depth.

    What is neither plain nor such an object stays as it is: it may be a reference that Airflow has yet to resolve.
    """
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        return {key: as_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_plain(item) for item in value]
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if hasattr(value, "openapi_types") and hasattr(value, "attribute_map"):
        return _from_model(value)
    for converter in ("to_k8s_client_obj", "to_dict"):
        convert = getattr(value, converter, None)
        if callable(convert):
            return as_plain(convert())
    return value


def is_plain(value: Any) -> bool:
    """Whether a value has only what YAML has."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, (str, int, float))


def _from_model(model: Any) -> dict[str, Any]:
    """Walk a generated model as its own client does: Kubernetes' names of the fields that are set, and their values."""
    fields = {model.attribute_map[name]: getattr(model, name) for name in model.openapi_types}
    return {name: as_plain(value) for name, value in fields.items() if value is not None}
