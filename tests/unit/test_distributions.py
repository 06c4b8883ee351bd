"""Two distributions come from this tree: the command line, and the operator, which adds Airflow and one room to it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import kubectl_job_operator
from kubectl_job_operator.version import __version__

ROOT = Path(__file__).parents[2]
PACKAGE = Path(kubectl_job_operator.__file__).parent
ROOM = "kubectl_job_operator/airflow"


def read(file: Path) -> dict[str, Any]:
    reader = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")  # which pytest brings
    found: dict[str, Any] = reader.loads(file.read_text())
    return found


OPERATOR, COMMAND_LINE = read(ROOT / "pyproject.toml"), read(ROOT / "command-line" / "pyproject.toml")
BUILD_OF_OPERATOR, BUILD_OF_COMMAND_LINE = (
    one["tool"]["hatch"]["build"]["targets"] for one in (OPERATOR, COMMAND_LINE)
)


def test_the_operator_needs_the_command_line_of_its_own_version() -> None:
    assert f"kubectl-job-operator-cli=={__version__}" in OPERATOR["project"]["dependencies"]


def test_no_file_is_in_both_and_none_is_in_neither() -> None:
    assert BUILD_OF_OPERATOR["wheel"] == {"only-include": [ROOM]}
    assert BUILD_OF_COMMAND_LINE["wheel"] == {"only-include": ["kubectl_job_operator"], "exclude": [ROOM]}
    assert (ROOT / "command-line" / "kubectl_job_operator").resolve() == (ROOT / "kubectl_job_operator").resolve()


def test_nothing_in_the_command_line_may_import_airflow() -> None:
    packaged = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    contracts = OPERATOR["tool"]["importlinter"]["contracts"]
    held = next(set(one["source_modules"]) for one in contracts if one.get("forbidden_modules") == ["airflow"])
    assert {f"kubectl_job_operator.{name}" for name in packaged - {"airflow", "__init__"}} == held
    assert not any("airflow" in one for one in COMMAND_LINE["project"]["dependencies"])


def test_both_tell_the_same_of_who_made_them_for_what_and_offer_the_same_extras() -> None:
    for field in ("authors", "license", "maintainers", "requires-python", "dynamic"):
        assert OPERATOR["project"][field] == COMMAND_LINE["project"][field]
    extras = COMMAND_LINE["project"]["optional-dependencies"]
    assert OPERATOR["project"]["optional-dependencies"] == {
        name: [f"kubectl-job-operator-cli[{name}]"] for name in extras
    }


def test_the_program_comes_with_the_command_line_alone() -> None:
    assert "scripts" not in OPERATOR["project"]
    assert "kubectl-job-operator" in COMMAND_LINE["project"]["scripts"]


def test_where_the_project_is_stands_in_one_place_and_goes_into_both() -> None:
    urls = OPERATOR["project"].get("urls")
    assert COMMAND_LINE["project"].get("urls") == urls
    assert urls is None or set(urls) >= {"Homepage", "Documentation", "Source", "Changelog", "Issues"}
