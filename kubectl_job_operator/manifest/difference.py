"""What a document asks for and an object that exists does not have."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from kubectl_job_operator.objects import Object

_MOST_NAMED = 5


def difference(document: Object, existing: Object) -> str:
    """Name the fields in which an existing object is not as the document has it; empty if there are none.

    Metadata does not count, and neither does what the document does not set. Values are not told: they may be secret.
    """
    paths = list(_differing(_comparable(document), existing, ""))
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return ", ".join(paths[:_MOST_NAMED]) + more


def _comparable(document: Object) -> dict[str, Any]:
    """Write what a Secret has as plain text as the API server keeps it."""
    wanted = {key: value for key, value in document.items() if key not in ("metadata", "status", "stringData")}
    plain = document.get("stringData") or {}
    if plain:
        coded = {key: base64.b64encode(str(value).encode()).decode() for key, value in plain.items()}
        wanted["data"] = {**(wanted.get("data") or {}), **coded}
    return wanted


def _differing(wanted: Any, found: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            yield from _differing(value, found.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _differing(one, other, f"{path}[{index}]")
    elif wanted != found and wanted not in (None, {}, []):
        yield path
