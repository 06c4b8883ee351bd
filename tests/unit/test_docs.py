"""The pages in ``docs`` speak of what is there."""

from __future__ import annotations

import re
from pathlib import Path

from kubectl_job_operator.airflow.connection_fields import FIELDS
from kubectl_job_operator.airflow.defaults import OPTIONS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kubectl_job_operator"
ROOMS = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
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


def test_the_page_of_the_configuration_has_every_option_with_its_default() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    rows = [f"| `{one.name}` | {f'`{one.default}`' if one.default else ''} | {one.description} |" for one in OPTIONS]
    assert [line for line in page.splitlines() if line.startswith("| `")] == rows


def test_the_page_of_the_connection_has_every_field() -> None:
    page = (ROOT / "docs" / "connection.md").read_text()
    assert [one.name for one in FIELDS if f"| {one.label} | `{one.name}` | " not in page] == []


def test_every_link_of_a_page_to_a_file_leads_somewhere() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        links = [link for link in re.findall(r"\]\(([^)#]+)", page.read_text()) if "://" not in link]
        assert [link for link in links if not (page.parent / link).exists()] == [], page
