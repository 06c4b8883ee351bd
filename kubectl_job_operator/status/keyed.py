"""The line by which containers of LamaAni's operator hand over values: an object, of which each key is a value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

MARKER = "::kube_api:xcom="


class KeyedResult(dict[str, Any]):
    """A result of which each key is also to be had alone."""


def merged(texts: Sequence[bytes]) -> bytes:
    """Return the JSON of all keys, of which the later lines' count; the first text that is no object as it is."""
    found: dict[str, Any] = {}
    for text in texts:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if not isinstance(value, dict):
            return text
        found.update(value)
    return json.dumps(found).encode()


def keys_of(result: Any) -> dict[str, Any]:
    """Return the values that are to be had alone; of several pods all, of which the later ones' count."""
    found: dict[str, Any] = {}
    for one in result if isinstance(result, list) else [result]:
        if isinstance(one, KeyedResult):
            found.update(one)
    return found


def plain(result: Any) -> Any:
    """Return a result as Airflow can keep it."""
    if isinstance(result, list):
        return [plain(one) for one in result]
    return dict(result) if isinstance(result, KeyedResult) else result
