"""How a secret may be spelled where somebody quotes it: a mask knows only what it was told."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator

from kubectl_job_operator.manifest.masking import MASK, Mask, masks_nothing

_SHORTEST_VALUE, _SHORTEST_LINE = 5, 8
"""What is shorter is no secret but a word, as ``true``; so may be a line of a Secret's file that is longer."""
_AS_GO_WRITES_JSON = str.maketrans({"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"})


def spellings(value: str) -> Iterator[str]:
    """Return a value as it is and, unless it is very short, as JSON, Go and Python quote it, and in base64."""
    if len(value) < _SHORTEST_VALUE:
        yield value
        return
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


def parts(value: str) -> list[str]:
    """Return what is to be masked of a secret: all of it, and its lines, for containers print line by line."""
    text = value.strip()
    lines = [line.strip() for line in text.splitlines()]
    found = [text] if len(text) >= _SHORTEST_VALUE else []
    return found + ([line for line in lines if len(line) >= _SHORTEST_LINE] if len(lines) > 1 else [])


def mask_of(values: Iterable[str]) -> Mask:
    """Return what masks these secrets, however they are spelled."""
    known = {spelling for value in values for part in parts(value) for spelling in spellings(part)}
    if not known:
        return masks_nothing
    # The longest first: one may begin with another.
    any_of_them = re.compile("|".join(map(re.escape, sorted(known, key=len, reverse=True))))
    return lambda text: any_of_them.sub(MASK, text)
