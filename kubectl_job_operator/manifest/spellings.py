"""How a secret may be spelled where somebody quotes it: a mask knows only what it was told."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

_AS_GO_WRITES_JSON = str.maketrans({"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"})


def spellings(value: str) -> Iterator[str]:
    """Return a value as it is, as JSON, Go and Python quote it, and in base64, each spelling once."""
    quoted = json.dumps(value, ensure_ascii=False)[1:-1]
    found = [
        value,
        quoted,
        quoted.translate(_AS_GO_WRITES_JSON),
        json.dumps(value)[1:-1],
        repr(value)[1:-1],
        base64.b64encode(value.encode(errors="replace")).decode(),
    ]
    yield from dict.fromkeys(found)
