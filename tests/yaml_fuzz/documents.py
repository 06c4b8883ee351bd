"""Whole documents by chance: blocks and flows, anchors and merges, tabs, comments, JSON, several in one text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as some

from tests.yaml_fuzz import scalars
from tests.yaml_fuzz.block import Writer

NAME = "name-of-it"
"""Stands where whoever asks kubectl puts a name."""

_SEPARATORS = ("---", "---", "---", "--- ", "---\t", "--- # c", "---\n---", "---\n# c\n---") * 3 + (
    "---\n\n---#c",
    "---#c",
    "--- x",
)
_LINE_ENDS = ("\n",) * 15 + ("\r\n",) * 4 + ("\r",)
_ENDS = ("\n", "\n", "\n", "", "\n\n", "\n---\n", "\n...\n", "\n---", "\n...\n---\n") * 3 + ("\n...\na: b\n",)


@dataclass(frozen=True)
class Document:
    """A text to be read.

    :param text: it may hold several documents.
    :param may_have_twice: whether a key may be given twice.
    """

    text: str
    may_have_twice: bool = False


def document(chance: Random) -> Document:
    """Make a text with one document or several; each is named ``NAME`` and its number."""
    if chance.randrange(8) == 0:
        return Document(_json_text(chance))
    parts: list[str] = []
    may_have_twice = False
    for number in range(chance.choice((1, 1, 1, 1, 2, 3))):
        writer = Writer(chance)
        lines = ["apiVersion: example.com/v1", "kind: Thing", f"metadata: {{name: {NAME}-{number}}}"]
        lines += ["spec:", *writer.entries(2)] if chance.randrange(3) else [f"spec: {writer.flow()}"]
        may_have_twice = may_have_twice or writer.may_have_twice
        is_parted = number > 0 or chance.randrange(8) == 0
        parts += [*([chance.choice(_SEPARATORS)] if is_parted else []), *lines]
    text = "\n".join(parts) + chance.choice(_ENDS)
    if chance.randrange(16) == 0:
        text = "\ufeff" + text
    return Document(text.replace("\n", chance.choice(_LINE_ENDS)), may_have_twice)


def made(count: int, seed: int) -> list[Document]:
    """Make so many documents, the same for the same seed."""
    chance = Random(seed)
    return [document(chance) for _ in range(count)]


documents = some.integers(0, 2**62).map(lambda seed: made(1, seed)[0])
"""The same for Hypothesis, which chooses no more than the seed: sign by sign it took ten times as long."""


def _json_text(chance: Random) -> str:
    things = [
        {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": f"{NAME}-{number}"}, "spec": spec}
        for number, spec in enumerate(_json_value(chance, 0) for _ in range(chance.choice((1, 1, 2))))
    ]
    indent, is_ascii = chance.choice((None, 2, "\t", "\t")), chance.randrange(2) == 0
    texts = [json.dumps(thing, indent=indent, ensure_ascii=is_ascii) for thing in things]
    if chance.randrange(4) == 0:
        texts = [text.replace(": ", ":\t") for text in texts]
    return chance.choice(("", " ", "\n\t")) + chance.choice(("\n", "", " \n")).join(texts) + chance.choice(("", "\n"))


def _json_value(chance: Random, depth: int) -> Any:
    kind = chance.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return chance.choice((None, True, False))
    if kind == 1:
        return chance.choice((chance.randint(-(2**70), 2**70), chance.randint(-9, 9), 2**53 + 1, 2**63 - 1, 2**63))
    if kind == 2:
        return chance.choice((chance.uniform(-9, 9), chance.uniform(-1, 1) * 10.0 ** chance.randint(-300, 300), 1.0))
    if kind <= 5:
        return chance.choice((*scalars.PLAIN, "a/b", "<&>", "\x07\u2028", "\U0001f600", ""))
    if kind == 6:
        return [_json_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(scalars.PLAIN): _json_value(chance, depth + 1) for _ in range(chance.randrange(4))}
