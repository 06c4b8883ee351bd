"""A path to one field of an object, as ``{.status.phase}``: the part of kubectl's JSONPath that leads to one place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

FieldPath = tuple[str | int, ...]

_STEP = re.compile(
    r"""
    \.(?P<name>(?:\\.|[^\s.,\[\]{}()$@*?'"=\\])+)     # .phase, .my-field, .example\.com
    | \[(?P<index>\d+)\]                               # [0]
    | \['(?P<key>(?:\\.|[^'\\])+)'\]                   # ['my field'], ['example\.com/kind']
    """,
    re.VERBOSE,
)


def parse(text: str) -> FieldPath:
    """Read a path in its braces.

    :param text: as ``{.status.phase}`` or ``{.status.steps[0].state}``; a dot in a name stands behind a backslash.
    :return: the names of fields and the places in lists, from the outermost to the innermost.
    :raises ValueError: if it is not such a path: a filter, a wildcard or a slice may lead to several places, and to
        none in an older kubectl.
    """
    steps: list[str | int] = []
    rest = text[1:-1] if text.startswith("{") and text.endswith("}") else ""
    while match := _STEP.match(rest):
        rest = rest[match.end() :]
        name = match["name"] or match["key"]
        steps.append(int(match["index"]) if name is None else name.replace("\\", ""))
    if rest or not steps:
        raise ValueError(
            f"{text!r} is not a path to one field; write it as {{.status.phase}}, {{.status.steps[0].state}} or "
            "{.metadata.labels['example\\.com/kind']}, without filters, wildcards and slices"
        )
    return tuple(steps)


def look_up(thing: Mapping[str, Any], path: FieldPath) -> Any:
    """Return what stands there; ``None`` if nothing does."""
    found: Any = thing
    for step in path:
        if isinstance(step, str):
            found = found.get(step) if isinstance(found, Mapping) else None
        else:
            is_there = isinstance(found, Sequence) and not isinstance(found, str) and step < len(found)
            found = found[step] if is_there else None
    return found
