"""YAML read and written the way kubectl does it.

A manifest that is read here, changed and written again must mean the same to kubectl as the text that was rendered; the
tests compare both with a real kubectl. Two things are other on purpose: where kubectl reads a text and silently drops a
part of it (a key that is given twice, what follows ``...``) it is refused, and the pairs of escapes that the filter
``tojson`` makes of one character are read as that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.resolver import BaseResolver

from kubectl_job_operator.manifest import yaml_scalars
from kubectl_job_operator.manifest.yaml_nodes import is_merge, joined, no_merge, value_of
from kubectl_job_operator.manifest.yaml_scanner import KubectlScanner

_SEPARATOR = "---"
_BOM = "\ufeff"


class _KubectlResolver(BaseResolver):
    """Takes scalars without quotes for what kubectl takes them for."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode:
            return yaml_scalars.tag_of(value) if implicit[0] else yaml_scalars.STR
        resolver: Any = super()
        return resolver.resolve(kind, value, implicit)


class _KubectlLoader(KubectlScanner, Parser, Composer, _KubectlResolver):
    """Makes nodes of a text."""

    def __init__(self, text: str) -> None:
        KubectlScanner.__init__(self, text)
        Parser.__init__(self)
        Composer.__init__(self)
        _KubectlResolver.__init__(self)

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = _next_event(self)
        if isinstance(event, yaml.ScalarEvent) and event.tag == "!":
            event.tag, event.implicit = None, (False, True)
        if not isinstance(event, yaml.AliasEvent):
            # The same name may be given to something else.
            self.anchors.pop(event.anchor, None)
        node: Any = super().compose_node(parent, index)
        if isinstance(event, yaml.AliasEvent) and is_merge(index) and not isinstance(node, yaml.MappingNode):
            # A list of mappings must stand there itself.
            raise no_merge(node)
        return node


def _next_event(loader: Any) -> Any:
    return loader.peek_event()


class _KubectlDumper(_KubectlResolver, yaml.SafeDumper):
    """Quotes every string that kubectl would read as something else, and writes scripts as blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the name is PyYAML's
        return True


def _represent_str(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # PyYAML breaks lines at these and does not escape them, unless in double quotes.
    style = '"' if any(mark in text for mark in "\x85\u2028\u2029") else "|" if "\n" in text else None
    return dumper.represent_scalar(yaml_scalars.STR, text, style=style)


def _represent_int(dumper: yaml.SafeDumper, value: int) -> yaml.ScalarNode:
    return dumper.represent_int(value) if yaml_scalars.fits(value) else dumper.represent_float(float(value))


_KubectlDumper.add_representer(str, _represent_str)
_KubectlDumper.add_representer(int, _represent_int)


def load_all(text: str) -> list[Any]:
    """Read every document.

    :raises yaml.YAMLError: if it is not YAML.
    """
    if text.removeprefix(_BOM).lstrip().startswith("{"):
        try:
            return _json_documents(text.removeprefix(_BOM))
        except (ValueError, RecursionError):
            pass  # It may be YAML, and where it is not, that tells the place.
    try:
        return [value_of(node) for node in _nodes(text)]
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None


def compose_all(text: str) -> list[yaml.Node]:
    """Read every document as nodes, which know their lines; empty documents are left out.

    :raises yaml.YAMLError: if it is not YAML.
    """
    return [node for node in _nodes(text) if node.tag != "tag:yaml.org,2002:null"]


def dump_all(documents: Iterable[Any]) -> str:
    """Write documents, in the order of their keys, with ``---`` between them."""
    return "---\n".join(
        yaml.dump(document, Dumper=_KubectlDumper, sort_keys=False, allow_unicode=True, width=10_000)
        for document in documents
    )


def _nodes(text: str) -> Iterator[yaml.Node]:
    """Yield the root of every document."""
    loader = _KubectlLoader(_cut(text))
    is_first = True
    while loader.check_node():
        start: yaml.Mark = _next_event(loader).start_mark
        if not is_first and loader.buffer[start.index - 1] != "\n":
            raise _problem("kubectl would drop what stands from here on", start)
        is_first = False
        node: Any = loader.get_node()
        yield node


def _cut(text: str) -> str:
    """Return a text where only ``---`` is left of the lines at which kubectl cuts it, before it looks at the YAML.

    As there, the last line ends as all others do.

    :raises yaml.MarkedYAMLError: if something stands behind it.
    """
    lines = text.removeprefix(_BOM).replace("\r\n", "\n").split("\n")
    is_begun = False
    for number, line in enumerate(lines):
        if not line.startswith(_SEPARATOR):
            is_begun = True
            continue
        rest = line[len(_SEPARATOR) :].lstrip()
        if rest and rest[0] != "#":
            column = len(line) - len(rest)
            mark = yaml.Mark("text", 0, number, column, f"{line}\0", column)
            raise _problem("kubectl takes nothing behind --- in its line", mark)
        if is_begun:
            lines[number] = _SEPARATOR.ljust(len(line))
        is_begun = not is_begun
    if lines[-1]:
        lines.append("")
    return "\n".join(lines)


def _problem(problem: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _json_documents(text: str) -> list[Any]:
    """Read JSON, of which there may be several in a row.

    :raises ValueError: if it is none.
    """
    decoder = json.JSONDecoder(
        object_pairs_hook=_json_object, parse_constant=_refuse, parse_float=_json_float, parse_int=_json_int
    )
    documents, rest = [], text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        documents.append(document)
        rest = rest[end:].lstrip()
    return documents


def _json_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = {_json_joined(key): _json_joined(value) for key, value in pairs}
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _json_joined(value: Any) -> Any:
    """Replace halves of characters; in an object that was done before."""
    if isinstance(value, str):
        return joined(value, "replace")
    return [_json_joined(item) for item in value] if isinstance(value, list) else value


def _json_int(text: str) -> int | float:
    """Read a number that is a float where it needs more than 64 bits."""
    return int(text) if yaml_scalars.fits(int(text[:30])) else _json_float(text)


def _json_float(text: str) -> float:
    value = float(text)
    return value if abs(value) <= 1.7976931348623157e308 else _refuse(text)  # noqa: PLR2004 - the largest


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")
