"""YAML read and written the way kubectl does it.

kubectl reads scalars by other rules than PyYAML: ``1e3`` is a number, a date is a string, ``12:30`` is a string, ``y``
is true. A manifest that is read here, changed and written again must mean the same to kubectl as the text that was
rendered; the tests compare both with a real kubectl.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import Any

import yaml

_BOOL = re.compile(r"^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$")
_INT = re.compile(r"^[-+]?(?:0[bB][01_]+|0[oO]?[0-7_]+|0[xX][0-9a-fA-F_]+|0|[1-9][0-9_]*)$")
_FLOAT = re.compile(
    r"^(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9_]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
_RESOLVED_BY_PYYAML = {"bool", "int", "float", "timestamp", "value"}
_TRUE = frozenset({"y", "yes", "true", "on"})


class _KubectlLoader(yaml.SafeLoader):
    """Reads scalars as kubectl does and refuses a key that is given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable):
                if key in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key!r} is given twice", key_node.start_mark
                    )
                seen.add(key)
        return super().construct_mapping(node, deep=deep)


class _KubectlDumper(yaml.SafeDumper):
    """Quotes every string that kubectl would read as something else, and writes scripts as blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the name is PyYAML's
        return True


def _resolve_as_kubectl(kind: Any) -> None:
    """Replace PyYAML's rules for plain scalars by kubectl's."""
    kind.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in rules if tag.rsplit(":", 1)[-1] not in _RESOLVED_BY_PYYAML]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    kind.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOL, list("yYnNtTfFoO"))
    kind.add_implicit_resolver("tag:yaml.org,2002:int", _INT, list("-+0123456789"))
    kind.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789"))


def _construct_bool(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> bool:
    return str(loader.construct_scalar(node)).lower() in _TRUE


def _construct_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "").lower()
    digits = text.lstrip("+-")
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2], 8 if digits[0] == "0" else 10)
    return int(text, base)


def _construct_str(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    """Join what JSON, as the filter ``tojson``, writes as two escapes: PyYAML takes them for two characters."""
    return str(loader.construct_scalar(node)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _represent_str(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # PyYAML breaks lines at these and does not escape them, unless in double quotes.
    style = '"' if any(mark in text for mark in "\x85\u2028\u2029") else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_resolve_as_kubectl(_KubectlLoader)
_resolve_as_kubectl(_KubectlDumper)
_KubectlLoader.add_constructor("tag:yaml.org,2002:bool", _construct_bool)
_KubectlLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_KubectlLoader.add_constructor("tag:yaml.org,2002:str", _construct_str)
_KubectlDumper.add_representer(str, _represent_str)


def load_all(text: str) -> list[Any]:
    """Read every document.

    :raises yaml.YAMLError: if it is not YAML.
    """
    return list(yaml.load_all(text, Loader=_KubectlLoader))


def compose_all(text: str) -> list[yaml.Node]:
    """Read every document as nodes, which know their lines; empty documents are left out.

    :raises yaml.YAMLError: if it is not YAML.
    """
    nodes = yaml.compose_all(text, Loader=_KubectlLoader)
    return [node for node in nodes if node is not None and node.tag != "tag:yaml.org,2002:null"]


def dump_all(documents: Iterable[Any]) -> str:
    """Write documents, in the order of their keys, with ``---`` between them."""
    return "---\n".join(
        yaml.dump(document, Dumper=_KubectlDumper, sort_keys=False, allow_unicode=True, width=10_000)
        for document in documents
    )
