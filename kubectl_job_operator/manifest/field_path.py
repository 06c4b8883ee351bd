"""A path to one field of an object, as ``{.status.phase}``: the part of kubectl's JSONPath that leads to one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

FieldPath = tuple[str, ...]

_STEP = re.compile(
    r"""
    \.(?P<name>(?:\\.|[^\s.,\[\]{}()$@*?'"=\\])+)     # .phase, .my-field, .example\.com
    | \['(?P<key>(?:\\.|[^'\\])+)'\]                   # ['my field'], ['example\.com/kind']
    """,
    re.VERBOSE,
)


def parse(text: str) -> FieldPath:
    """Read a path in its braces.

    :param text: as ``{.status.phase}``; a dot in a name stands behind a backslash.
    :return: the names of fields, from the outermost to the innermost.
    :raises ValueError: if it is not such a path. A filter or a wildcard may lead to several places, an older kubectl
        does not know filters here, and any kubectl fails on a place in a list that is not that long yet.
    """
    steps: list[str] = []
    rest = text[1:-1] if text.startswith("{") and text.endswith("}") else ""
    while match := _STEP.match(rest):
        rest = rest[match.end() :]
        steps.append((match["name"] or match["key"]).replace("\\", ""))
    if rest or not steps:
        raise ValueError(
            f"{text!r} is not a path to one field, without lists, filters and wildcards; write it as "
            "{.status.phase} or {.metadata.labels['example\\.com/kind']}, and of a condition give only its type"
        )
    return tuple(steps)


def look_up(thing: Mapping[str, Any], path: FieldPath) -> Any:
    """Return what stands there; ``None`` if nothing does."""
    found: Any = thing
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
