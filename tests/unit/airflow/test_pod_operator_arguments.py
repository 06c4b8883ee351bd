"""Each argument of the pod operator has one fate, and the page in docs says it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from kubectl_job_operator import KubernetesLegacyJobOperator
from kubectl_job_operator.airflow.pod_operator_arguments import ARGUMENTS, PROVIDER_VERSION, Fate, as_table
from tests.provider.signature import DISTRIBUTION, recorded

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "pod-operator-arguments.md").read_text()


def parameters() -> dict[str, inspect.Parameter]:
    """Return the arguments of the operator and of the classes that it is made of."""
    found: dict[str, inspect.Parameter] = {}
    for one in reversed(KubernetesLegacyJobOperator.__mro__):
        if one.__module__.startswith("kubectl_job_operator") and "__init__" in vars(one):
            found.update(inspect.signature(inspect.unwrap(vars(one)["__init__"])).parameters)
    return found


def test_every_argument_of_the_provider_is_classified_with_its_default_and_no_other() -> None:
    assert {one.name: one.default for one in ARGUMENTS} == recorded()["arguments"]
    assert len({one.name for one in ARGUMENTS}) == len(ARGUMENTS)
    assert recorded()["version"] == PROVIDER_VERSION


def test_the_operator_takes_every_argument_and_has_the_same_default() -> None:
    ours = parameters()
    assert {one.name: ours[one.name].default for one in ARGUMENTS} == recorded()["arguments"]


def test_what_is_templated_there_is_templated_here() -> None:
    assert set(recorded()["template_fields"]) <= set(KubernetesLegacyJobOperator.template_fields)


def test_whatever_is_not_simply_honoured_has_a_reason() -> None:
    assert [one.name for one in ARGUMENTS if one.fate is not Fate.HONOURED and not one.note] == []


def test_the_page_has_the_table() -> None:
    assert PAGE.endswith(f"\n\n{as_table()}")


def test_the_page_and_the_tests_name_the_version_that_was_recorded() -> None:
    assert f"version {PROVIDER_VERSION} of `{DISTRIBUTION}`" in PAGE
    pinned = re.search(rf"{DISTRIBUTION}==([\d.]+)", (ROOT / "pyproject.toml").read_text())
    assert pinned
    assert pinned[1] == PROVIDER_VERSION
