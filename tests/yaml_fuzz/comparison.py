"""What the real kubectl reads, many texts at a time and without a cluster, beside what a reader of ours does."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.yaml_fuzz.documents import NAME, Document

Reader = Callable[[str], list[Any]]

_FILES_AT_ONCE = 500
_DROPPED = ("<document start>", "would drop")
_NOWHERE = "http://127.0.0.1:1"
_LARGEST_INT = 2**63 - 1


@dataclass(frozen=True)
class Difference:
    """A text that is read in two ways.

    :param document: the text.
    :param ours: the values, or why they are refused.
    :param theirs: the values that kubectl has; ``None`` where it refuses.
    """

    document: Document
    ours: Any
    theirs: list[Any] | None

    def __str__(self) -> str:
        return f"{self.document.text!r}\n  ours:   {self.ours!r}\n  theirs: {self.theirs!r}"


def ask_kubectl(documents: Sequence[Document], kubectl: str = "kubectl") -> list[list[Any] | None]:
    """Return what kubectl reads in each text; ``None`` where it refuses one."""
    answers: list[list[Any] | None] = []
    for start in range(0, len(documents), _FILES_AT_ONCE):
        answers += _ask(documents[start : start + _FILES_AT_ONCE], kubectl)
    return answers


def differences(
    documents: Sequence[Document], answers: Sequence[list[Any] | None], reader: Reader
) -> Iterator[Difference]:
    """Yield where a reader of ours and kubectl differ, unless they are meant to."""
    for document, theirs in zip(documents, answers, strict=True):
        try:
            ours: Any = [one for one in reader(document.text) if one is not None]
        except yaml.YAMLError as error:
            if theirs is not None and not _drops_something(document, str(error)):
                yield Difference(document, str(error), theirs)
            continue
        if theirs is None or not _same(ours, theirs):
            yield Difference(document, ours, theirs)


def rewritten(
    documents: Sequence[Document],
    answers: Sequence[list[Any] | None],
    reader: Reader,
    writer: Callable[[list[Any]], str],
) -> tuple[list[Document], dict[str, list[Any]]]:
    """Return what we write of each text that kubectl reads and we do, and what kubectl is to read there."""
    meant: dict[str, list[Any]] = {}
    for document, answer in zip(documents, answers, strict=True):
        with contextlib.suppress(yaml.YAMLError):
            if answer is not None:
                meant[writer(reader(document.text))] = answer
    return [Document(text) for text in meant], meant


def _drops_something(document: Document, refusal: str) -> bool:
    """Whether we refuse what kubectl reads only in part."""
    if document.may_have_twice:
        return True
    return any(words in refusal for words in _DROPPED) and re.search(r"\.\.\.|\r", document.text) is not None


def _ask(documents: Sequence[Document], kubectl: str) -> list[list[Any] | None]:
    with tempfile.TemporaryDirectory() as folder:
        for number, document in enumerate(documents):
            file = Path(folder, f"f{number}.yaml")
            file.write_bytes(document.text.replace(NAME, f"f{number}").encode())
        # Some builds of kubectl ask the server for its version, and wait for it.
        command = (kubectl, "label", "--local", "-s", _NOWHERE, "-f", folder, "-o", "json", "labelled=yes")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        refused = {int(number) for number in re.findall(rf"{re.escape(folder)}/f(\d+)\.yaml", done.stderr)}
    answers: list[list[Any] | None] = [None if number in refused else [] for number in range(len(documents))]
    for thing in _objects(done.stdout):
        name = re.match(r"f(\d+)-", str(thing["metadata"].get("name")))
        if name is None:
            raise AssertionError(f"kubectl has read a text that has lost its name: {thing}")
        number = int(name[1])
        del thing["metadata"]["labels"]
        thing["metadata"]["name"] = thing["metadata"]["name"].replace(f"f{number}", NAME, 1)
        answer = answers[number]
        if answer is not None:
            answer.append(thing)
    return answers


def _objects(text: str) -> Iterator[Any]:
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        thing, end = decoder.raw_decode(rest)
        yield thing
        rest = rest[end:].lstrip()


def _same(ours: Any, theirs: Any) -> bool:
    """Whether both are the same; kubectl writes the number 1.0 as 1, and one beyond 63 bits as a float."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(_same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(_same, ours, theirs))
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, float) or (isinstance(ours, int) and abs(ours) > _LARGEST_INT):
        return isinstance(theirs, (int, float)) and float(ours) == float(theirs)
    return bool(ours == theirs)
