"""Programs and CI systems read the answers too."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.program import Program
from tests.unit.stage import MANIFEST

Write = Callable[[str, str], Path]
SECRET = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: marker-7}\n"


def test_render_gives_one_document_as_it_is_and_several_as_a_list(program: Program, write: Write) -> None:
    write("one.yaml", MANIFEST)
    write("two.yaml", MANIFEST + SECRET)
    assert json.loads(program("render", "one.yaml", "-o", "json").out)["kind"] == "Job"
    several = program("render", "two.yaml", "-o", "json")
    assert [item["kind"] for item in json.loads(several.out)["items"]] == ["Job", "Secret"]
    assert "marker-7" not in several.out + several.err
    assert program("render", "one.yaml", "-o", "json", "--raw").code == 2


def test_validate_tells_of_each_template_where_what_is_wrong(program: Program, write: Write, countdown: Path) -> None:
    wrong = write("wrong.yaml", MANIFEST.replace("image:", "imagee:"))
    write("undefined.yaml", MANIFEST.replace("busybox", "{{ image }}"))
    result = program("validate", countdown.name, wrong.name, "undefined.yaml", "-o", "json")
    assert (result.code, result.err) == (2, "")
    good, bad, undefined = json.loads(result.out)
    assert good == {
        "template": countdown.name,
        "valid": True,
        "checkedBy": good["checkedBy"],
        "documents": ["Job countdown"],
        "problems": [],
    }
    (problem,) = bad["problems"]
    assert problem["file"] == str(wrong)
    assert "imagee" in wrong.read_text().splitlines()[problem["line"] - 1]
    assert "'image' is undefined" in undefined["problems"][0]["message"]


def test_validate_writes_what_ci_systems_read(program: Program, write: Write, countdown: Path) -> None:
    wrong = write('a<&">\x01.yaml', MANIFEST.replace("image:", "imagee:"))
    result = program("validate", countdown.name, wrong.name, "-o", "junit")
    assert result.code == 2
    suite = ET.fromstring(result.out)
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("2", "1")
    good, bad = suite.findall("testcase")
    assert good.attrib["name"] == countdown.name
    assert good.find("failure") is None
    assert bad.attrib["name"] == 'a<&">?.yaml'
    failure = bad.find("failure")
    assert failure is not None
    assert "imagee: there is no such field" in failure.attrib["message"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ("resources: {limits: {memory: 12Gigs}}", "resources.limits.memory: '12Gigs' is no quantity"),
        ("resources: {requests: {cpu: half}}", "resources.requests.cpu: 'half' is no quantity"),
        ("resources: {limits: {memory: 12Gi, cpu: 500m}, requests: {cpu: 0.5, memory: 1e9}}", None),
        ("resources: {limits: {cpu: 2, memory: 128974848}}", None),
    ],
)
def test_what_should_be_a_quantity_is_one(program: Program, write: Write, fields: str, wrong: str | None) -> None:
    line = next(line for line in MANIFEST.splitlines() if "image:" in line)
    indent = " " * (len(line) - len(line.lstrip(" -")))
    write("job.yaml", MANIFEST.replace(line, f"{line}\n{indent}{fields}"))
    result = program("validate", "job.yaml")
    assert result.code == (2 if wrong else 0), result.err
    if wrong:
        assert wrong in result.err
        assert fields in result.err


def test_the_size_of_a_volume_is_a_quantity(program: Program, write: Write) -> None:
    line = next(line for line in MANIFEST.splitlines() if "containers:" in line)
    indent = line[: len(line) - len(line.lstrip())]
    volumes = f"{indent}volumes: [{{name: a, emptyDir: {{sizeLimit: 1 GB}}}}]\n"
    write("job.yaml", MANIFEST.replace(line, f"{volumes}{line}"))
    assert "emptyDir.sizeLimit: '1 GB' is no quantity" in program("validate", "job.yaml").err


@pytest.mark.parametrize("version", ["1.34", "v1.34", "v1.34.2", "1.34.0-rc.1"])
def test_a_version_may_be_written_as_the_server_writes_it(program: Program, countdown: Path, version: str) -> None:
    assert program("validate", countdown.name, "--kubernetes-version", version).code == 0


def test_an_object_of_another_kind_is_valid_where_it_is_said_when_it_has_ended(program: Program, write: Write) -> None:
    template = "{metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}"
    spec = f"{{selector: {{matchLabels: {{a: b}}}}, template: {template}}}"
    write("server.yaml", f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {spec}\n")
    assert program("validate", "server.yaml").code == 2
    assert program("validate", "server.yaml", "--success-when", "Available").code == 0
    rendered = program("render", "server.yaml", "--success-when", "Available", "-o", "json")
    assert json.loads(rendered.out)["kind"] == "Deployment"
    wrong = program("validate", "server.yaml", "--success-when", "{.status")
    assert wrong.code == 2
    assert "--success-when" in wrong.err


@pytest.mark.parametrize("is_terminal", [True, False])
def test_help_is_in_colour_on_a_terminal_and_says_the_same_elsewhere(
    program: Program, monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    shown = program("validate", "--help").out
    assert ("\x1b[" in shown) is is_terminal
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "\nCluster:\n  -n" in plain
    assert "'kubectl-job-operator-cli[validate]'" in plain
