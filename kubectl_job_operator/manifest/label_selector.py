"""A LabelSelector, as an object has it, in the words that ``kubectl -l`` takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_OF_SETS = {"In": "in", "NotIn": "notin"}


def text(selector: Mapping[str, Any]) -> str:
    """Return the selector for ``kubectl -l``; empty if it picks everything.

    :param selector: with ``matchLabels`` and ``matchExpressions``, each of which may be missing.
    """
    return ",".join(_requirements(selector))


def _requirements(selector: Mapping[str, Any]) -> Iterator[str]:
    for key, value in sorted((selector.get("matchLabels") or {}).items()):
        yield f"{key}={value}"
    for one in selector.get("matchExpressions") or ():
        key, operator = one["key"], one["operator"]
        if operator in _OF_SETS:
            yield f"{key} {_OF_SETS[operator]} ({','.join(one['values'])})"
        else:
            yield key if operator == "Exists" else f"!{key}"
