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

from tests.unit import stage
from tests.unit.cli.program import Program
from tests.unit.fake_kubectl import FakeKubectl
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


def test_what_is_not_there_is_no_template(program: Program) -> None:
    result = program("render", "none.yaml")
    assert result.code == 2
    assert "There is no template" in result.err


def test_a_folder_without_a_kustomization_is_refused(program: Program, tmp_path: Path) -> None:
    result = program("render", ".")
    assert result.code == 2
    assert f"There is no kustomization in {tmp_path / 'work'}." in result.err
    assert "put one of kustomization.yaml," in result.err


@pytest.fixture
def overlay(write: Write, fake_kubectl: FakeKubectl) -> Path:
    """Have a folder with a kustomization of which kubectl makes the manifest."""
    folder = write("overlays/prod/kustomization.yaml", "resources: []\n").parent
    fake_kubectl.answers(f"kustomize {folder}", MANIFEST)
    return folder


def test_a_folder_with_a_kustomization_is_what_kubectl_makes_of_it(
    program: Program, overlay: Path, fake_kubectl: FakeKubectl
) -> None:
    assert program("render", "overlays/prod").out == MANIFEST
    assert fake_kubectl.calls == [("kubectl", "kustomize", str(overlay))]


def test_what_is_wrong_in_a_kustomization_is_told_with_the_line_that_kubectl_printed(
    program: Program, write: Write, fake_kubectl: FakeKubectl
) -> None:
    folder = write("base/kustomization.yml", "").parent
    fake_kubectl.answers("kustomize", MANIFEST.replace("image:", "imagee:"))
    result = program("validate", "base")
    number = next(n for n, one in enumerate(MANIFEST.splitlines(), 1) if "image:" in one)
    assert f"error: {folder}, line {number}: " in result.err
    assert result.code == 2


def test_a_kustomization_has_no_variables(program: Program, overlay: Path) -> None:
    result = program("render", str(overlay), "--set", "a=b")
    assert result.code == 2
    assert "is a kustomization, which has no variables" in result.err


def test_a_folder_runs_and_its_command_is_shown(program: Program, overlay: Path, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    result = program("run", "overlays/prod", "-n", stage.NAMESPACE)
    assert (result.code, result.err) == (0, "")
    assert f"$ kubectl kustomize {overlay}" in result.out.splitlines()


def test_yaml_without_a_name_is_rendered_with_the_one_that_a_run_makes(program: Program, write: Write) -> None:
    write("load.yaml", MANIFEST.replace("  name: countdown\n", "  labels: {a: b}\n"))
    result = program("render", "load.yaml", "-o", "json")
    assert re.fullmatch(r"load-[0-9a-f]{8}", json.loads(result.out)["metadata"]["name"])
    assert "note: the YAML has no name for the Job" in result.err
    assert re.search(r"^  name: load-[0-9a-f]{8}$", program("render", "load.yaml").out, re.MULTILINE)
