"""The reference of apply, delete and wait is made of docstrings that have all that it must say."""

from __future__ import annotations

import re

import pytest

from kubectl_job_operator import KubectlApplyOperator, KubectlDeleteOperator, KubectlWaitSensor
from kubectl_job_operator.airflow.object_operator import ObjectOperator
from tests.unit.test_reference import DOCS, documented, parameters

OWNERS: tuple[type, ...] = (KubectlApplyOperator, KubectlDeleteOperator, ObjectOperator, KubectlWaitSensor)
NO_ARGUMENTS = {"rendered_yaml", "yaml_xcoms"}


def test_the_page_is_made_of_the_classes_that_have_the_arguments() -> None:
    page = (DOCS / "reference" / "beside.rst").read_text()
    named = [line.rpartition(".")[2] for line in re.findall(r"^\.\. arguments:: (\S+)$", page, re.MULTILINE)]
    assert named == [owner.__name__ for owner in OWNERS]


@pytest.mark.parametrize("owner", OWNERS)
def test_a_docstring_has_every_argument_with_type_and_default_and_no_other(owner: type) -> None:
    found = documented(owner)
    assert set(found) == parameters(owner)
    assert [one.name for one in found.values() if not re.match(r"(bool|str|int|dict|list)\b", one.kind)] == []
    assert {one.name for one in found.values() if "default" not in one.kind} <= {"target", "wait_for"}
    assert [one.name for one in found.values() if not one.meaning.endswith(".")] == []


@pytest.mark.parametrize("owner", OWNERS)
def test_the_arguments_that_are_said_to_be_templated_are(owner: type) -> None:
    said = {one.name for one in documented(owner).values() if "templated." in one.meaning.lower()}
    bases = set() if owner in (ObjectOperator, KubectlWaitSensor) else set(ObjectOperator.template_fields)
    fields: tuple[str, ...] = tuple(getattr(owner, "template_fields"))  # noqa: B009 - a type has no such attribute
    assert said == set(fields) - NO_ARGUMENTS - bases
