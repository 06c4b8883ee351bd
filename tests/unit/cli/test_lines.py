"""The line of a template that a rendered line came from."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_job_operator.cli.rendering import Template

Write = Callable[[str, str], Path]


def origins(file: Path, *search_path: Path) -> list[tuple[str, str]]:
    """Return each rendered line with the template's line that it is said to come from."""
    options = argparse.Namespace(values_files=[], assignments=[], search_path=[str(folder) for folder in search_path])
    template = Template.of(str(file), options)
    text = template.render().text
    lines = template.lines(text)
    places = [lines.place(number) for number in range(len(text.split("\n")))]
    return [
        (line, f"{Path(place.file).name}:{'' if place.is_exact else '~'}{place.line}")
        for line, place in zip(text.split("\n"), places, strict=True)
    ]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a\nb\nc", [("a", "t:1"), ("b", "t:2"), ("c", "t:3")]),
        ("{% set n = 2 %}\na\n", [("", "t:1"), ("a", "t:2"), ("", "t:3")]),
        ("{# a\nlong\nremark #}a\nb", [("a", "t:3"), ("b", "t:4")]),
        (
            "a\n{% for i in [1, 2] %}\n- {{ i }}\n{% endfor %}\nb",
            [("a", "t:1"), ("", "t:2"), ("- 1", "t:3"), ("", "t:4"), ("- 2", "t:3"), ("", "t:4"), ("b", "t:5")],
        ),
        (
            "{%- for i in [1, 2] %}\n- {{ i }}\n{%- endfor %}\nb",
            [("", "t:1"), ("- 1", "t:2"), ("- 2", "t:2"), ("b", "t:4")],
        ),
        ("{% if false %}\na\n{% endif %}\nb", [("", "t:3"), ("b", "t:4")]),
        ("x: {{ 'one\ntwo' }}\ny", [("x: one", "t:1"), ("two", "t:1"), ("y", "t:3")]),
        ("{{ 'x' }}: 1\n{{ 'y' }}: 2", [("x: 1", "t:1"), ("y: 2", "t:2")]),
        ("{% raw %}\n{{ a }}\n{% endraw %}b", [("", "t:1"), ("{{ a }}", "t:2"), ("b", "t:3")]),
        (
            "{% macro m() %}\nin\n{% endmacro %}\nout{{ m() }}",
            [("", "t:3"), ("out", "t:4"), ("in", "t:2"), ("", "t:3")],
        ),
        ("{% filter indent(2) %}a\nb\n\nc{% endfilter %}", [("a", "t:1"), ("  b", "t:2"), ("", "t:3"), ("  c", "t:4")]),
    ],
)
def test_each_rendered_line_knows_its_line(write: Write, template: str, expected: list[tuple[str, str]]) -> None:
    file = write("t", template)
    got = origins(file)
    assert [line for line, _ in got] == [line for line, _ in expected]
    differing = [(have, want) for have, want in zip(got, expected, strict=True) if have != want and want[0]]
    assert differing == []


def test_a_line_from_another_template_of_the_family_names_that_one(write: Write) -> None:
    write("base", "top\n{% block body %}\n{% endblock %}\nend")
    write("part", "one\ntwo")
    child = write("child", "{% extends 'base' %}\n{% block body %}\nmine\n{% include 'part' %}\n{% endblock %}")
    found = dict(origins(child))
    assert {line: found[line] for line in ("top", "mine", "one", "two", "end")} == {
        "top": "base:1",
        "mine": "child:3",
        "one": "part:1",
        "two": "part:2",
        "end": "base:4",
    }


def test_a_template_that_gives_another_text_each_time_is_told_by_landmarks(write: Write) -> None:
    file = write("dice", "{% set n = 1 %}\na\nb: {{ macros.random() }}\nc")
    assert origins(file)[1:] == [("a", "dice:~2"), (origins(file)[2][0], "dice:~3"), ("c", "dice:~4")] or [
        where for _, where in origins(file)[1:]
    ] == ["dice:~2", "dice:~3", "dice:~4"]
