"""Amounts of memory, CPU and the like, which Kubernetes' schemas take for any text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_job_operator.cli import yaml_path

_QUANTITY = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")
# Where they stand: the last two keys above them, or with the last one their own.
_MAPPINGS_OF_AMOUNTS = frozenset(
    {("resources", "limits"), ("resources", "requests"), ("spec", "capacity"), ("spec", "hard"), ("spec", "overhead")}
)
_AMOUNTS = frozenset({("emptyDir", "sizeLimit")})


def wrong(document: Mapping[str, Any]) -> Iterator[tuple[yaml_path.Path, str]]:
    """Yield the fields that should have an amount and do not, each with what is wrong."""
    for path, value in _amounts(document, ()):
        if isinstance(value, (dict, list, bool)) or value is None or not _QUANTITY.fullmatch(str(value)):
            shown = yaml_path.shown(path)
            yield path, f"{shown}: {value!r} is no quantity, as 500m, 2 or 12Gi"


def _amounts(part: Any, path: yaml_path.Path) -> Iterator[tuple[yaml_path.Path, Any]]:
    if isinstance(part, list):
        for number, item in enumerate(part):
            yield from _amounts(item, (*path, number))
    if not isinstance(part, Mapping):
        return
    for key, value in part.items():
        here = (*path, key)
        if here[-2:] in _AMOUNTS:
            yield here, value
        elif here[-2:] in _MAPPINGS_OF_AMOUNTS and isinstance(value, Mapping):
            yield from (((*here, name), amount) for name, amount in value.items())
        else:
            yield from _amounts(value, here)
