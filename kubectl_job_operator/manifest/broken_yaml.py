"""What is wrong with a text that is not YAML, for people; a line that may belong to a Secret is not shown."""

from __future__ import annotations

import re

import yaml

_SECRET_TEXT = re.compile(r"""(?:^|[\s{,"'-])kind["']?\s*:\s*["']?Secret\b""", re.MULTILINE)


def problem(error: yaml.YAMLError, text: str, source: str) -> str:
    """Say what is wrong with the YAML, and show the rendered line."""
    advice = "What to do: mend the template; if a value came from a variable, write it as {{ value | tojson }}."
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"The text rendered from {source} is not valid YAML: {error}\n{advice}"
    words = getattr(error, "problem", None) or "it cannot be read"
    headline = f"The text rendered from {source} is not valid YAML: line {mark.line + 1}, column {mark.column + 1}"
    return f"{headline}: {words}.\n{_pointed_at(text, mark.line, mark.column)}{advice}"


def _pointed_at(text: str, line: int, column: int) -> str:
    """Show a line with a mark under the column, unless it may belong to a Secret."""
    lines = text.splitlines()
    if line >= len(lines):
        return "  (at the end of the text)\n"
    start = max((number for number in range(line) if lines[number].startswith("---")), default=0)
    end = next((number for number in range(line + 1, len(lines)) if lines[number].startswith("---")), len(lines))
    if _SECRET_TEXT.search("\n".join(lines[start:end])):
        return "  (the line is not shown: it is part of a Secret)\n"
    gutter = f"  {line + 1} | "
    return f"{gutter}{lines[line]}\n{' ' * (len(gutter) + column)}^\n"
