"""What is wrong with a text that is not YAML, for people; a line that may hold something secret is not shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import yaml

from kubectl_job_operator.manifest.masking import MASK, IsSecretName

_BEFORE_KEY = r"""(?:^|[\s{[,"'-])"""
_SECRET_TEXT = re.compile(rf"""{_BEFORE_KEY}kind["']?\s*:\s*["']?Secret\b""", re.MULTILINE)
_NAME = re.compile(rf"""{_BEFORE_KEY}name["']?\s*:\s*(?:[&!]\S*\s+)*["']?([^\s"',}}\]]+)""", re.MULTILINE)
_VALUE = re.compile(rf"""{_BEFORE_KEY}value["']?\s*:""", re.MULTILINE)
_ELSEWHERE = re.compile(rf"""{_BEFORE_KEY}valueFrom["']?\s*:""", re.MULTILINE)
_ITEM = re.compile(r"\s*-\s")
_QUOTED = re.compile(r"""(['"])((?:\\.|(?!\1).)*)\1""")
_TOKEN = re.compile(r"<[a-z ]+>|.?")


def problem(error: yaml.YAMLError, text: str, source: str, is_secret_name: IsSecretName) -> str:
    """Say what is wrong with the YAML, and show the rendered line.

    :param is_secret_name: whether a variable of this name is secret.
    """
    advice = "What to do: mend the template; if a value came from a variable, write it as {{ value | tojson }}."
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"The text rendered from {source} is not valid YAML: {error}\n{advice}"
    words = getattr(error, "problem", None) or "it cannot be read"
    shown = "  (at the end of the text)\n"
    lines = text.splitlines()
    if mark.line < len(lines):
        secret = _secret_at(lines, mark.line, is_secret_name)
        shown = f"  (the line is not shown: {secret})\n" if secret else _pointed_at(lines, mark.line, mark.column)
        words = _QUOTED.sub(_masked, words) if secret else words
    headline = f"The text rendered from {source} is not valid YAML: line {mark.line + 1}, column {mark.column + 1}"
    return f"{headline}: {words}.\n{shown}{advice}"


def _secret_at(lines: Sequence[str], line: int, is_secret_name: IsSecretName) -> str | None:
    """Tell which secret a line may be a part of; ``None`` if there is none.

    Of broken YAML nobody knows where a value begins and ends: what looks like another item may be a part of a secret
    one that stands right before its name, or anywhere behind, up to the end of the document.
    """
    start = max((number for number in range(line) if lines[number].startswith("---")), default=0)
    end = next((number for number in range(line + 1, len(lines)) if lines[number].startswith("---")), len(lines))
    if _SECRET_TEXT.search("\n".join(lines[start:end])):
        return "it is part of a Secret"
    starts = [start, *(number for number in range(start, end) if _ITEM.match(lines[number])), end]
    nameless = None
    for first, last in pairwise(starts):
        item = "\n".join(lines[first:last])
        names, has_value = [match[1] for match in _NAME.finditer(item)], _VALUE.search(item) is not None
        begins = first if has_value else nameless
        is_secret = any(map(is_secret_name, names)) and (has_value or not _ELSEWHERE.search(item))
        if is_secret and begins is not None and begins <= line:
            return "it may be the value of a variable whose name says that it is secret"
        if names:
            nameless = None
        elif has_value:
            nameless = first
    return None


def _pointed_at(lines: Sequence[str], line: int, column: int) -> str:
    """Show a line with a mark under the column."""
    gutter = f"  {line + 1} | "
    return f"{gutter}{lines[line]}\n{' ' * (len(gutter) + column)}^\n"


def _masked(quoted: re.Match[str]) -> str:
    """Mask what is quoted out of the text, which a token of YAML or one character is not."""
    return quoted[0] if _TOKEN.fullmatch(quoted[2]) else MASK
