"""From the nodes of YAML to values: keys are strings, and merges are laid over each other in kubectl's order."""

from __future__ import annotations

import math
from typing import Any

import yaml
from yaml.constructor import ConstructorError

from kubectl_job_operator.manifest import yaml_scalars

# As go-yaml does: of this many values, not more than this part may have come out of an alias.
_MANY_VALUES, _MANY_ALIASES, _LARGEST_PART = 1000, 100, 0.99
_MOST_VALUES = 4_000_000


def value_of(document: yaml.Node) -> Any:
    """Return the value of a document's root.

    :raises yaml.MarkedYAMLError: if it has none, or kubectl would silently drop a part of it.
    """
    reading = Reading()
    value = reading.value(document)
    # What a merge has replaced does no harm.
    if reading.not_finite and not _is_finite(value):
        node = reading.not_finite[0]
        raise _problem(node, f"{node.value} is no number that Kubernetes takes")
    return value


class Reading:
    """Makes the value of one document's nodes.

    :ivar not_finite: what is infinite or no number, which JSON has no word for.
    """

    def __init__(self) -> None:
        self.not_finite: list[yaml.Node] = []
        self._open: set[int] = set()
        self._seen: set[int] = set()
        self._count = 0
        self._from_aliases = 0
        self._alias_depth = 0

    def value(self, node: yaml.Node) -> Any:
        """Return the value of a node."""
        if id(node) in self._open:
            raise _problem(node, "an anchor's value has itself in it")
        is_alias = id(node) in self._seen
        self._count_one(node, is_alias=is_alias)
        self._seen.add(id(node))
        self._open.add(id(node))
        self._alias_depth += is_alias
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node)
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item) for item in node.value]
            return self._scalar(node)
        finally:
            self._alias_depth -= is_alias
            self._open.discard(id(node))

    def _scalar(self, node: yaml.Node) -> yaml_scalars.Scalar:
        value = _scalar(node)
        if not _is_finite(value):
            self.not_finite.append(node)
        return value

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        own: set[str] = set()
        for key_node, value_node in node.value:
            if is_merge(key_node):
                # What stands later wins, be it a merge or a key.
                found.update(self._merged(value_node))
                continue
            key = self._key(key_node)
            if key in own:
                raise _problem(key_node, f"the key {key!r} is given twice")
            own.add(key)
            found[key] = self.value(value_node)
        return found

    def _merged(self, node: yaml.Node) -> dict[str, Any]:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: dict[str, Any] = {}
        for part in reversed(parts):
            if not isinstance(part, yaml.MappingNode):
                raise no_merge(part)
            found.update(self.value(part))
        return found

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise _problem(node, "a key must not be a mapping or a list")
        try:
            return yaml_scalars.key_text(_scalar(node))
        except ValueError as error:
            raise _problem(node, str(error)) from None

    def _count_one(self, node: yaml.Node, *, is_alias: bool) -> None:
        self._count += 1
        self._from_aliases += is_alias or self._alias_depth > 0
        is_much = self._count > _MANY_VALUES and self._from_aliases > _MANY_ALIASES
        if (is_much and self._from_aliases / self._count > _LARGEST_PART) or self._count > _MOST_VALUES:
            raise _problem(node, "the aliases in it make far too many values of it")


def is_merge(node: Any) -> bool:
    """Whether a node is the key of a merge."""
    return isinstance(node, yaml.ScalarNode) and node.tag == yaml_scalars.MERGE


def no_merge(node: yaml.Node) -> ConstructorError:
    """Make the error about what cannot be merged."""
    return _problem(node, "a merge (<<) takes a mapping or a list of mappings")


def joined(text: str, halves: str = "strict") -> str:
    """Join what JSON, as the filter ``tojson``, writes as two escapes: PyYAML takes them for two characters.

    :raises ValueError: if there is a half alone, unless it is to be replaced.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", halves)


def _scalar(node: yaml.Node) -> yaml_scalars.Scalar:
    text = str(node.value)
    try:
        value = text if node.tag == yaml_scalars.STR else yaml_scalars.tagged(node.tag, text)
        return joined(value) if isinstance(value, str) else value
    except UnicodeDecodeError:
        raise _problem(node, "there is half a character in it") from None
    except ValueError as error:
        raise _problem(node, str(error)) from None


def _is_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _problem(node: yaml.Node, problem: str) -> ConstructorError:
    return ConstructorError(None, None, problem, node.start_mark)
