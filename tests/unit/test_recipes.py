"""What the pages give to paste is what it says it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_job_operator.cli import schemas

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, text in enumerate(re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE))
]


def is_template(text: str) -> bool:
    return "{{" in text or "{%" in text


@pytest.mark.parametrize("text", BLOCKS)
def test_a_block_of_yaml_can_be_read(text: str) -> None:
    assert is_template(text) or list(yaml.safe_load_all(text))


def documents(page: str) -> list[dict[str, Any]]:
    text = (ROOT / "docs" / page).read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [document for block in blocks if not is_template(block) for document in yaml.safe_load_all(block)]


def test_the_role_binding_for_the_helm_chart_binds_the_role_of_the_example() -> None:
    (binding,) = [one for one in documents("install.md") if one.get("kind") == "RoleBinding"]
    assert schemas.check(binding, schemas.newest_version()) is None
    role = yaml.safe_load((ROOT / "examples" / "rbac" / "role.yaml").read_text())
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert {one["name"] for one in binding["subjects"]} == {"airflow-worker", "airflow-triggerer"}


def test_the_hook_that_is_shown_is_the_one_that_there_is() -> None:
    (shown,) = [one for one in documents("howto/command-line.md") if "repos" in one]
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [one["id"] for one in shown["repos"][0]["hooks"]] == [hook["id"]]
    assert hook["additional_dependencies"][0] in (ROOT / "docs" / "howto" / "command-line.md").read_text()
