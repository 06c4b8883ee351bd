"""A text that is read in two ways becomes one that a person can look at."""

from __future__ import annotations

from collections.abc import Iterator

from tests.yaml_fuzz.comparison import Difference, Reader, ask_kubectl, differences
from tests.yaml_fuzz.documents import Document

_HEADER = ("apiVersion:", "kind:", "metadata:")


def smallest(difference: Difference, reader: Reader, kubectl: str) -> Difference:
    """Leave lines and then signs out, as long as there is a difference of the same kind."""
    for candidates in (_without_lines, _without_signs):
        while True:
            shorter = [
                Document(text, difference.document.may_have_twice) for text in candidates(difference.document.text)
            ]
            found = [
                one
                for one in differences(shorter, ask_kubectl(shorter, kubectl), reader)
                if _kind(one) == _kind(difference)
            ]
            if not found:
                break
            difference = min(found, key=lambda one: len(one.document.text))
    return difference


def _kind(difference: Difference) -> tuple[bool, bool]:
    return isinstance(difference.ours, str), difference.theirs is None


def _without_lines(text: str) -> Iterator[str]:
    lines = text.splitlines(keepends=True)
    for size in (len(lines) // 2, 4, 2, 1):
        for start in range(0, len(lines), max(1, size)):
            if size and not any(map(_is_header, lines[start : start + size])):
                yield "".join(lines[:start] + lines[start + size :])


def _without_signs(text: str) -> Iterator[str]:
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        start = line.find("spec:") + len("spec:") if line.startswith("spec:") else 0
        for size in (16, 4, 1):
            for place in range(start, 0 if _is_header(line) else len(line) - size + 1):
                yield "".join([*lines[:number], line[:place] + line[place + size :], *lines[number + 1 :]])


def _is_header(line: str) -> bool:
    return line.lstrip("\ufeff").startswith(_HEADER)
