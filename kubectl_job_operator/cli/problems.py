"""What is wrong with a template, each thing with the line of the template where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from kubectl_job_operator.cli import yaml_path
from kubectl_job_operator.cli.lines import LineMap, Place
from kubectl_job_operator.manifest import yaml_text

# Several of them stand in one line, the former with words around them that tell nothing.
_STATEMENT = re.compile(
    r"ValidationError\(.*?\): .*?(?=, ValidationError\(|\]?; if you choose|$)"
    r'|(?:unknown|duplicate) field "[^"]+\.[^"]+"'
)


@dataclass(frozen=True)
class Problem:
    """Something that is wrong.

    :param place: where; a file name where the line is not known.
    :param words: what.
    :param line: the line itself; empty where it is not known or may belong to a Secret.
    """

    place: Place | str
    words: str
    line: str = ""

    def __str__(self) -> str:
        shown = f"\n  {self.place.line} | {self.line}" if isinstance(self.place, Place) and self.line else ""
        return f"{self.place}: {self.words}{shown}"


class Locator:
    """Finds the lines of a template that a message about its rendered text is about.

    :param text: the rendered text.
    :param lines: where its lines came from; ``None`` if nobody wrote them.
    :param source: the template.
    """

    def __init__(self, text: str, lines: LineMap | None, source: str) -> None:
        self._nodes = [item for node in yaml_text.compose_all(text) for item in _unlisted(node)]
        self._lines = lines
        self._source = source

    def at_path(self, number: int, path: yaml_path.Path, words: str) -> Problem:
        """Return a problem with one field.

        :param number: which document, from 0, as ``Manifest.documents`` counts.
        :param path: which field; where it is missing, the line of what should have it is taken.
        :param words: what is wrong with it.
        """
        if self._lines is None:
            return Problem(self._source, words)
        document = self._nodes[number]
        place = self._lines.place(yaml_path.find(document, path).start_mark.line)
        return Problem(place, words, "" if _is_secret(document) else place.text())

    def in_words(self, number: int, words: str) -> list[Problem]:
        """Return the problems that the API server names: one for each field, or one without a line if it names none."""
        roots = [key.value for key, _ in self._nodes[number].value]
        statements = list(_statements(words))
        located = []
        for statement in statements:
            path = next(yaml_path.paths_in(statement, roots), None)
            if path is not None:
                located.append(self.at_path(number, path, statement))
        return located or [Problem(self._source, "\n  ".join(statements))]


def yaml_place(error: BaseException | None, lines: LineMap) -> Place | None:
    """Return where in the template text stands that is not YAML; ``None`` if the error does not tell."""
    mark = getattr(error, "problem_mark", None)
    return None if mark is None else lines.place(mark.line)


def document_name(document: Mapping[str, Any]) -> str:
    """Name a document, as ``Job countdown``."""
    return f"{document['kind']} {document['metadata']['name']}"


def _statements(words: str) -> Iterator[str]:
    """Part what the API server says into one thing at a time."""
    for line in filter(None, map(str.strip, words.splitlines())):
        yield from _STATEMENT.findall(line) or [line.removeprefix("* ")]


def _unlisted(node: yaml.Node) -> Sequence[yaml.Node]:
    """Take the items out of a List, as the Manifest does."""
    fields = {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
    items = fields.get("items")
    if "kind" in fields and fields["kind"].value == "List" and isinstance(items, yaml.SequenceNode):
        return list(items.value)
    return [node]


def _is_secret(document: yaml.Node) -> bool:
    return any(key.value == "kind" and value.value == "Secret" for key, value in document.value)
