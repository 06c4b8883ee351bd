"""The pages in ``docs`` speak of what is there."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import kubectl_job_operator
from kubectl_job_operator.airflow.connection_fields import FIELDS

ROOT = Path(__file__).parents[2]
PACKAGE = Path(kubectl_job_operator.__file__).parent
ROOMS = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
TROUBLESHOOTING = (ROOT / "docs" / "troubleshooting.md").read_text()
PICTURE = ARCHITECTURE.partition("```\n")[2].partition("```")[0]


def test_every_file_that_the_architecture_names_exists() -> None:
    named = set(re.findall(r"\b(?:\w+/)?\w+\.py\b", ARCHITECTURE)) - {"__init__.py"}
    assert len(named) > len(ROOMS)
    assert [name for name in sorted(named) if not (PACKAGE / name).is_file()] == []


def test_the_walk_through_one_task_enters_every_room() -> None:
    _, _, walk = ARCHITECTURE.partition("## One task")
    assert {room for room in ROOMS if f"`{room}/" not in walk} == set()


def test_the_floors_are_drawn_as_the_linter_holds_them() -> None:
    contract = (ROOT / "pyproject.toml").read_text().partition("layers = [")[2].partition("]")[0]
    held = [set(re.findall(r"kubectl_job_operator\.(\w+)", line)) & ROOMS for line in contract.splitlines()]
    drawn = [{room for room in ROOMS if f" {room}/ " in floor} for floor in re.split(r"\n +─+\n", PICTURE)]
    assert [rooms for rooms in drawn if rooms] == [rooms for rooms in held if rooms]
    assert set().union(*drawn) == ROOMS


def test_the_page_of_the_connection_has_every_field() -> None:
    page = (ROOT / "docs" / "connection.md").read_text()
    assert [one.name for one in FIELDS if f"| {one.label} | `{one.name}` | " not in page] == []


def test_the_page_of_examples_has_every_file_of_each() -> None:
    page = (ROOT / "docs" / "examples.md").read_text()
    shown = set(re.findall(r"^```\{(?:literal)?include\} \.\./(examples/\S+)$", page, re.MULTILINE))
    folders = sorted(path.parent for path in (ROOT / "examples").glob("*/dag.py"))
    there = {str(file.relative_to(ROOT)) for folder in folders for file in folder.rglob("*") if file.suffix != ".pyc"}
    assert shown == {name for name in there if (ROOT / name).is_file()}
    assert re.findall(r"^## (\d\S*)$", page, re.MULTILINE) == [folder.name for folder in folders]


def test_troubleshooting_goes_by_words_that_somebody_prints() -> None:
    terms = [line for line, below in pairwise(TROUBLESHOOTING.splitlines()) if below.startswith(": ")]
    words = [word for term in terms for word in re.findall(r"`([^`]+)`", term)]
    ours = "".join(re.sub(r'"\n\s*f?"', "", file.read_text()) for file in PACKAGE.rglob("*.py"))
    theirs = "".join(file.read_text() for file in (ROOT / "tests").rglob("*.py") if file != Path(__file__))
    theirs += "".join(file.read_text() for file in (ROOT / "tests" / "fixtures").rglob("*.*") if file.is_file())
    assert len(words) > len(terms) > 20
    assert [word for word in words if word not in ours and word not in theirs] == []
