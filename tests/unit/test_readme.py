"""The README, and what stands beside it, say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COUNTDOWN = ROOT / "examples" / "01_countdown"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def block(language: str) -> str:
    match = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert match, language
    return match[1]


def test_the_dag_and_the_template_are_those_of_the_first_example() -> None:
    _, _, code = (COUNTDOWN / "dag.py").read_text().partition("\n\n")
    assert block("python") == code
    assert block("yaml") == (COUNTDOWN / "countdown.yaml").read_text()


def test_it_is_read_in_a_few_minutes() -> None:
    assert 6_000 <= len(README.encode()) <= 8_000


def test_the_two_commands_that_try_it_stand_alone_in_a_block() -> None:
    assert "\n```\nmake demo\nmake test\n```\n" in README


def test_the_dockerfile_is_for_the_airflow_that_the_project_is_tested_with() -> None:
    named = re.search(r"FROM apache/airflow:([\d.]+)", README)
    assert named
    assert named[1] in (ROOT / "Makefile").read_text()
    assert all(named[0] in page.read_text() for page in PAGES if "FROM apache/airflow" in page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_make_target_exists_and_each_has_a_row_for_contributors() -> None:
    targets = {target for page in PAGES for target in re.findall(r"`make ([a-z0-9-]+)`", page.read_text())}
    makefile = (ROOT / "Makefile").read_text()
    assert "demo" in targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
    shown = set(re.findall(r"^([a-z0-9-]+):.*## ", makefile, re.MULTILINE)) - {"help", "kind-node-image"}
    rows = set(re.findall(r"^\| `make ([a-z0-9-]+)` \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE))
    assert rows == shown
