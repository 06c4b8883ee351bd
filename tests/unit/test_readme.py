"""The README says what the code does."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow.shorthand import ShorthandOperator

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
OWNERS = (KubernetesJobOperator, ShorthandOperator)
COUNTDOWN = ROOT / "examples" / "01_countdown"


def block(language: str) -> str:
    match = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert match, language
    return match[1]


def test_the_dag_and_the_template_are_those_of_the_first_example() -> None:
    _, _, code = (COUNTDOWN / "dag.py").read_text().partition("\n\n")
    assert block("python") == code
    assert block("yaml") == (COUNTDOWN / "countdown.yaml").read_text()


def parameters() -> set[str]:
    """Return the arguments of the operator and of the classes that it is made of."""
    return {name for owner in OWNERS for name in signature_of(owner)} - {"self", "kwargs"}


def signature_of(owner: type) -> list[str]:
    return list(inspect.signature(inspect.unwrap(vars(owner)["__init__"])).parameters)


def test_the_tables_have_every_argument_and_no_other() -> None:
    rows = [line.split("|")[1] for line in README.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert documented == parameters()


def test_the_docstring_has_every_argument_with_type_and_default() -> None:
    for owner in OWNERS:
        doc = inspect.getdoc(owner) or ""
        for name in set(signature_of(owner)) - {"self", "kwargs"}:
            assert re.search(rf":param {name}: \((bool|str|int|dict|list|function)", doc), name


def test_the_templated_arguments_are_the_ones_that_it_names() -> None:
    sentence = README[README.index("Arguments that contradict each other") : README.index("are templated by Airflow")]
    named = set(re.findall(r"`(\w+)`", sentence))
    of_a_table = set(ShorthandOperator.shorthand_names)
    no_arguments = {"rendered_yaml", "job_yaml_xcoms"}
    assert named == set(KubernetesJobOperator.template_fields) - no_arguments - of_a_table
    start = README.index("Without YAML, or into")
    table = README[start : README.index("The cluster:", start)]
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]*)\|", table, re.MULTILINE)))) == of_a_table


def test_every_link_to_a_file_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"`make ([a-z-]+)`", README))
    makefile = (ROOT / "Makefile").read_text()
    assert targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
