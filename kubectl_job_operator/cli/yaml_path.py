"""Paths of fields, as the API server and JSON schema write them, and the lines of a document where they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import yaml

Segment = str | int | Mapping[str, str]
Path = tuple[Segment, ...]

_STEP = r"[A-Za-z_][\w-]*"
_CANDIDATE = re.compile(rf"(?<![\w/.-])\.?{_STEP}(?:\.{_STEP}|\[[^\]]*\])+")
_PARTS = re.compile(rf"\.?({_STEP})|\[([^\]]*)\]")
_ITS_FIELD = re.compile(r'(?:unknown field|missing required field) "([^".]+)"')
_KEY = re.compile(r'(\w+)="?([^",]*)"?')


def paths_in(words: str, roots: Sequence[str]) -> Iterator[Path]:
    """Yield the paths of fields in a message.

    :param words: a line, as ``.spec.template.spec.containers[name="main"].imagee: field not declared in schema``.
    :param roots: the keys that a path can begin with; ``Job.spec`` and ``JobSpec.spec`` begin with their second.
    """
    for candidate in _CANDIDATE.finditer(words):
        path = tuple(_segments(candidate[0]))
        if path[0] not in roots:
            path = path[1:]
        if path and path[0] in roots:
            field = _ITS_FIELD.search(words, candidate.end())
            yield (*path, field[1]) if field else path


def find(document: yaml.Node, path: Path) -> yaml.Node:
    """Follow a path as far as it goes, and return the node there: of a mapping's field its key."""
    found: yaml.Node = document
    value: yaml.Node | None = document
    for segment in path:
        step = _step(value, segment)
        if step is None:
            break
        found, value = step
    return found


def shown(path: Path) -> str:
    """Write a path as people do: ``spec.template.spec.containers[0].image``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _step(node: yaml.Node | None, segment: Segment) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the node to point at, and the one to go on from."""
    if isinstance(node, yaml.MappingNode) and isinstance(segment, str):
        return next(((key, value) for key, value in node.value if key.value == segment), None)
    if isinstance(node, yaml.SequenceNode):
        items = node.value
        if isinstance(segment, int):
            return (items[segment], items[segment]) if segment < len(items) else None
        if isinstance(segment, Mapping):
            return next(((item, item) for item in items if _has(item, segment)), None)
    return None


def _has(item: yaml.Node, wanted: Mapping[str, str]) -> bool:
    """Whether a list's item is the one with these keys; one that the document leaves out has its default."""
    if not isinstance(item, yaml.MappingNode):
        return False
    fields = {key.value: str(value.value) for key, value in item.value}
    return any(key in fields for key in wanted) and all(
        fields.get(key, value) == value for key, value in wanted.items()
    )


def _segments(text: str) -> Iterator[Segment]:
    for part in _PARTS.finditer(text):
        if part[1] is not None:
            yield part[1]
        elif part[2].isdecimal():
            yield int(part[2])
        else:
            keys = dict(_KEY.findall(part[2])) if "=" in part[2] else {}
            yield keys or part[2].strip('"')
