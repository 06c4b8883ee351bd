"""A template may come from where it can be read only once."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.cli.program import Program
from tests.unit.stage import MANIFEST

Write = Callable[[str, str], Path]
GiveStdin = Callable[[str], None]


@pytest.fixture
def give_stdin(monkeypatch: pytest.MonkeyPatch) -> GiveStdin:
    """Put a text on stdin."""

    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))

    return give


@pytest.fixture
def pipe(tmp_path: Path) -> Callable[[str], Path]:
    """Make a pipe with a text in it, as a shell makes one for a process substitution."""

    def make(text: str) -> Path:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        threading.Thread(target=path.write_text, args=[text], daemon=True).start()
        return path

    return make


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_stdin_is_a_template(program: Program, give_stdin: GiveStdin, name: str) -> None:
    give_stdin(MANIFEST.replace("busybox", "{{ image }}"))
    assert program("render", name, "--set", "image=alpine").out == MANIFEST.replace("busybox", "alpine")


def test_a_pipe_is_read_once_and_its_lines_are_still_shown(program: Program, pipe: Callable[[str], Path]) -> None:
    path = pipe(MANIFEST.replace("image:", "imagee:"))
    result = program("validate", str(path))
    assert result.code == 2
    number, line = next((n, one) for n, one in enumerate(MANIFEST.splitlines(), 1) if "image:" in one)
    shown = line.replace("image:", "imagee:")
    assert f"error: <{path}>, line {number}: " in result.err
    assert f"  {number} | {shown}\n" in result.err


def test_a_line_that_no_mark_finds_is_shown_of_stdin_too(program: Program, give_stdin: GiveStdin) -> None:
    give_stdin(MANIFEST.replace("image:", "imagee:").replace("spec:", "# {{ macros.random() }}\nspec:", 1))
    result = program("validate", "-")
    assert "error: <stdin>, near line " in result.err
    assert re.search(r"^  \d+ \| .*imagee: ", result.err, re.MULTILINE)


def test_what_it_names_is_looked_for_where_the_shell_stands(
    program: Program, write: Write, give_stdin: GiveStdin
) -> None:
    write("base.yaml", MANIFEST.replace("  name: countdown", "  name: {% block name %}{% endblock %}", 1))
    give_stdin("{% extends 'base.yaml' %}{% block name %}child{% endblock %}")
    result = program("render", "-", "-o", "json")
    assert json.loads(result.out)["metadata"]["name"] == "child"


def test_an_undefined_variable_of_stdin_is_named_with_its_line(program: Program, give_stdin: GiveStdin) -> None:
    give_stdin(MANIFEST.replace("busybox", "{{ image }}"))
    assert "The template <stdin>, line " in program("render", "-").err


def test_stdin_cannot_be_two_things(program: Program, give_stdin: GiveStdin) -> None:
    give_stdin(MANIFEST)
    for arguments in (("render", "-", "--values", "-"), ("validate", "-", "/dev/stdin")):
        result = program(*arguments)
        assert result.code == 2
        assert "stdin can be read for one thing only" in result.err


def test_a_folder_and_what_is_not_there_are_no_templates(program: Program) -> None:
    for name in (".", "none.yaml"):
        result = program("render", name)
        assert result.code == 2
        assert "There is no template" in result.err
