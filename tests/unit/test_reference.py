"""The reference is made of the docstrings, and these have all that it must say."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow.shorthand import ShorthandOperator

DOCS = Path(__file__).parents[2] / "docs"
OWNERS: tuple[type, ...] = (KubernetesJobOperator, ShorthandOperator)
NO_ARGUMENTS = {"rendered_yaml", "job_yaml_xcoms"}


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / "_ext" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


DOCSTRINGS = load("docstrings")


def documented(owner: type) -> dict[str, Any]:
    return {one.name: one for one in DOCSTRINGS.arguments_of(inspect.getdoc(owner) or "")}


def parameters(owner: type) -> set[str]:
    signature = inspect.signature(inspect.unwrap(vars(owner)["__init__"]))
    return set(signature.parameters) - {"self", "kwargs"}


def test_the_page_is_made_of_the_classes_that_have_the_arguments() -> None:
    page = (DOCS / "reference" / "arguments.rst").read_text()
    named = [line.rpartition(".")[2] for line in re.findall(r"^\.\. arguments:: (\S+)$", page, re.MULTILINE)]
    assert named == [owner.__name__ for owner in OWNERS]


@pytest.mark.parametrize("owner", OWNERS)
def test_a_docstring_has_every_argument_with_type_and_default_and_no_other(owner: type) -> None:
    found = documented(owner)
    assert set(found) == parameters(owner)
    assert [one.name for one in found.values() if not re.match(r"(bool|str|int|dict|list|function)\b", one.kind)] == []
    no_default = {one.name for one in found.values() if "default" not in one.kind}
    assert no_default <= {"yaml_file_name", "job_yaml"}
    assert [one.name for one in found.values() if not one.meaning.endswith(".")] == []


def test_the_arguments_that_are_said_to_be_templated_are() -> None:
    said = {one.name for one in documented(KubernetesJobOperator).values() if " Templated." in one.meaning}
    of_a_table = set(ShorthandOperator.shorthand_names)
    assert said == set(KubernetesJobOperator.template_fields) - NO_ARGUMENTS - of_a_table
    assert "all are templated" in (inspect.getdoc(ShorthandOperator) or "").replace("\n", " ")
    assert of_a_table == parameters(ShorthandOperator)


def test_a_docstring_is_taken_apart_at_its_headings_and_fields() -> None:
    parts = list(
        DOCSTRINGS.parts_of(
            "What it is.\n\nThe end:\n\n:param a: (str, default None) of\n    two lines.\n"
            ":param b: (int) short.\n:raises ValueError: if."
        )
    )
    assert parts == [
        "What it is.",
        "The end:",
        DOCSTRINGS.Argument("a", "str, default None", "of two lines."),
        DOCSTRINGS.Argument("b", "int", "short."),
    ]
