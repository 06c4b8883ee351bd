"""A docstring with ``:param name: (type, default) meaning``, taken apart; knows nothing of Sphinx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PARAM = re.compile(r":param (?P<name>\w+): (?:\((?P<kind>[^()]*)\) )?(?P<meaning>.*)", re.DOTALL)
_FIELD = re.compile(r"^:", re.MULTILINE)


@dataclass(frozen=True)
class Argument:
    """One argument.

    :param name: its name.
    :param kind: its type and its default, as ``str, default None``.
    :param meaning: what it is for.
    """

    name: str
    kind: str
    meaning: str


def parts_of(doc: str) -> Iterator[str | Argument]:
    """Yield the paragraphs and the arguments of a docstring, each in one line; what it raises is left out."""
    for paragraph in re.split(r"\n\s*\n", doc):
        if not _FIELD.match(paragraph):
            yield _joined(paragraph)
            continue
        for field in re.split(r"\n(?=:)", paragraph):
            match = _PARAM.fullmatch(field)
            if match:
                yield Argument(match["name"], _joined(match["kind"] or ""), _joined(match["meaning"]))


def arguments_of(doc: str) -> list[Argument]:
    """Return the arguments of a docstring."""
    return [part for part in parts_of(doc) if isinstance(part, Argument)]


def _joined(text: str) -> str:
    return " ".join(text.split())
