"""Two distributions come from this tree: the command line, and the operator, which adds Airflow and one room to it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import kubectl_job_operator
from kubectl_job_operator.version import __version__

ROOT = Path(__file__).parents[2]
PACKAGE = Path(kubectl_job_operator.__file__).parent
ROOM = "kubectl_job_operator/airflow"


def read(file: Path) -> dict[str, Any]:
    reader = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")  # which pytest brings
    found: dict[str, Any] = reader.loads(file.read_text())
    return found


def load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


OPERATOR, COMMAND_LINE = read(ROOT / "pyproject.toml"), read(ROOT / "command-line" / "pyproject.toml")
BUILD_OF_OPERATOR, BUILD_OF_COMMAND_LINE = (
    one["tool"]["hatch"]["build"]["targets"] for one in (OPERATOR, COMMAND_LINE)
)


def metadata(monkeypatch: pytest.MonkeyPatch, *, is_release: bool) -> dict[str, Any]:
    """Return what the operator's distribution says of itself, beside what stands in its file."""
    build = load(ROOT / "hatch_build.py")
    monkeypatch.setattr(build, "IS_RELEASE", is_release)
    said = {"version": __version__}
    build.Needs(str(ROOT), {}).update(said)
    return said


def test_the_operator_of_a_release_needs_the_command_line_of_its_own_version(monkeypatch: pytest.MonkeyPatch) -> None:
    said = metadata(monkeypatch, is_release=True)
    assert said["dependencies"] == ["apache-airflow>=2.10", f"kubectl-job-operator-cli=={__version__}"]
    assert said["optional-dependencies"] == {
        name: [f"kubectl-job-operator-cli[{name}]"] for name in COMMAND_LINE["project"]["optional-dependencies"]
    }
    assert "scripts" not in said, "the program comes with the command line alone"


def test_a_checkout_needs_nothing_that_only_a_release_has(monkeypatch: pytest.MonkeyPatch) -> None:
    said = metadata(monkeypatch, is_release=False)
    assert said["dependencies"] == ["apache-airflow>=2.10", *COMMAND_LINE["project"]["dependencies"]]
    for field in ("optional-dependencies", "scripts"):
        assert said[field] == COMMAND_LINE["project"][field]


def test_no_file_of_a_release_is_in_both_and_none_is_in_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    assert BUILD_OF_COMMAND_LINE["wheel"] == {"only-include": ["kubectl_job_operator"], "exclude": [ROOM]}
    assert (ROOT / "command-line" / "kubectl_job_operator").resolve() == (ROOT / "kubectl_job_operator").resolve()
    build = load(ROOT / "hatch_build.py")
    for is_release, included in ((True, [ROOM]), (False, ["kubectl_job_operator"])):
        monkeypatch.setattr(build, "IS_RELEASE", is_release)
        settings = SimpleNamespace(target_config=dict(BUILD_OF_OPERATOR["wheel"]))
        build.Rooms(str(ROOT), {}, settings, None, "", "wheel").initialize("standard", {})
        assert settings.target_config["only-include"] == included


def test_nothing_in_the_command_line_may_import_airflow() -> None:
    packaged = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    contracts = OPERATOR["tool"]["importlinter"]["contracts"]
    held = next(set(one["source_modules"]) for one in contracts if one.get("forbidden_modules") == ["airflow"])
    assert {f"kubectl_job_operator.{name}" for name in packaged - {"airflow", "__init__"}} == held
    assert not any("airflow" in one for one in COMMAND_LINE["project"]["dependencies"])


def test_both_tell_the_same_of_who_made_them_and_for_what() -> None:
    for field in ("authors", "license", "maintainers", "requires-python"):
        assert OPERATOR["project"][field] == COMMAND_LINE["project"][field]


def test_where_the_project_is_stands_in_one_place_and_goes_into_both() -> None:
    urls = OPERATOR["project"].get("urls")
    assert COMMAND_LINE["project"].get("urls") == urls
    assert urls is None or set(urls) >= {"Homepage", "Documentation", "Source", "Changelog", "Issues"}
