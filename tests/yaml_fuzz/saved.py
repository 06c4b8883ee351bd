"""The texts that were once read in two ways, so that they are read first for ever."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tests.yaml_fuzz.documents import Document

_FILE = Path(__file__).with_name("saved.json")


def saved() -> list[Document]:
    """Return them."""
    return [Document(text) for text in json.loads(_FILE.read_text(encoding="utf-8"))]


def save(documents: Iterable[Document]) -> None:
    """Add more of them."""
    texts = dict.fromkeys([*json.loads(_FILE.read_text(encoding="utf-8")), *(one.text for one in documents)])
    _FILE.write_text(json.dumps(list(texts), indent=1) + "\n", encoding="utf-8")
