"""What is not YAML is told with its place, and shown unless it may belong to a Secret."""

from __future__ import annotations

import re

import pytest

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest.manifest import Manifest
from tests.unit.manifest.texts import CONFIG, JOB, SECRET, SOURCE, job_with, refused


@pytest.mark.parametrize(
    ("text", "line", "column", "shown"),
    [
        (job_with("kind: Job", "kind: [Job"), 3, 9, "metadata:"),
        (job_with("kind: Job", "kind: Job: x"), 2, 10, "kind: Job: x"),
        (job_with("  name: countdown", "\tname: countdown"), 4, 1, "\tname: countdown"),
        (job_with("kind: Job", "kind: *nobody"), 2, 7, "kind: *nobody"),
        (job_with("  name: countdown", "  name: a\n  name: b"), 5, 3, "  name: b"),
        (f"{CONFIG}---\n{job_with('kind: Job', 'kind: Job: x')}", 9, 10, "kind: Job: x"),
    ],
)
def test_broken_yaml_is_told_with_line_and_column_and_shown_with_a_caret(
    text: str, line: int, column: int, shown: str
) -> None:
    message = refused(text)
    assert f"is not valid YAML: line {line}, column {column}: " in message
    gutter = f"  {line} | "
    assert f"\n{gutter}{shown}\n{' ' * (len(gutter) + column - 1)}^\n" in message
    assert "tojson" in message


def test_broken_yaml_at_the_very_end_is_told_too() -> None:
    message = refused("a: 'never closed\n")
    assert re.search(r"line \d+, column \d+", message)


def test_a_key_that_is_given_twice_is_refused() -> None:
    assert "the key 'restartPolicy' is given twice" in refused(
        job_with("restartPolicy: Never", "restartPolicy: Never\n      restartPolicy: OnFailure")
    )


@pytest.mark.parametrize("kind", ["kind: Secret", "'kind': Secret", '"kind": "Secret"', "kind:   'Secret'"])
@pytest.mark.parametrize("broken", ["token: very-secret: x", "token: [very-secret", "token: '\n  very-secret"])
def test_a_yaml_error_inside_a_secret_does_not_show_the_line(kind: str, broken: str) -> None:
    secret = SECRET.replace("kind: Secret", kind).replace("token: very-secret", broken)
    for text in (f"{JOB}---\n{secret}", secret, f"{JOB}---\n{secret}---\n{CONFIG}"):
        message = refused(text)
        assert re.search(r"line \d+, column \d+", message)
        assert "very-secret" not in message


def test_a_yaml_error_inside_a_secret_of_a_list_does_not_show_the_line() -> None:
    indented = "".join(f"  {line}\n" for line in SECRET.splitlines()).replace("very-secret", "very-secret: x")
    message = refused(f"apiVersion: v1\nkind: List\nitems:\n- {indented.lstrip()}")
    assert "very-secret" not in message


def test_a_yaml_error_beside_a_secret_is_shown() -> None:
    assert "kind: Job: x" in refused(f"{SECRET}---\n{job_with('kind: Job', 'kind: Job: x')}")


@pytest.mark.parametrize("secret", ["{kind: Secret, data: {a: b: very-secret}}", "- kind: Secret\n  a: b: very-secret"])
def test_a_yaml_error_in_a_secret_of_any_style_does_not_show_the_line(secret: str) -> None:
    with pytest.raises(ManifestError, match="part of a Secret") as refusal:
        Manifest.parse(f"{JOB}---\n{secret}\n", SOURCE)
    assert "very-secret" not in str(refusal.value)


@pytest.mark.parametrize("broken", ["*5e4321", "!5e4321!x a", "!!timestamp 5e4321"])
def test_the_words_about_a_yaml_error_inside_a_secret_do_not_quote_it(broken: str) -> None:
    message = refused(f"{JOB}---\n{SECRET.replace('very-secret', broken)}")
    assert "5e4321" not in message
    assert "***" in message


def test_words_that_quote_no_part_of_a_secret_stay() -> None:
    assert "expected ',' or ']', but got '<stream end>'" in refused("kind: Secret\ndata: [very-secret\n")


def _is_secret_name(name: str) -> bool:
    return "password" in name.lower()


def _refused_with(*variables: str) -> str:
    """Return the words with which a Job is refused that has this for its variables."""
    lines = [line for variable in variables for line in variable.splitlines()]
    env = "".join(f"        {line}\n" for line in lines)
    with pytest.raises(ManifestError) as refusal:
        Manifest.parse(f"{JOB}        env:\n{env}", SOURCE, is_secret_name=_is_secret_name)
    message = str(refusal.value)
    assert re.search(r"line \d+, column \d+", message)
    return message


MODE = "- name: MODE\n  value: fast"


@pytest.mark.parametrize(
    "variable",
    [
        "- name: DB_PASSWORD\n  value: @very-secret",
        "- name: DB_PASSWORD\n  value: very: very-secret",
        "- name: DB_PASSWORD\n  value: *very-secret",
        "- name: 'DB_PASSWORD'\n  # where from\n  value: 'very''very-secret' x",
        "- value: very: very-secret\n  name: DB_PASSWORD",
        "- {name: DB_PASSWORD, value: @very-secret}",
        "- {value: @very-secret, name: DB_PASSWORD}",
        '- {"value":"a"very-secret","name":"DB_PASSWORD"}',
        "- name: DB_PASSWORD\n  value:\n    @very-secret",
        "- name: DB_PASSWORD\n  value: a\n    b: very-secret",
        "- name: DB_PASSWORD\n  value: a\n- b\n- name: c: very-secret",
        "- name: &n DB_PASSWORD\n  value: @very-secret",
        "- name: !!str DB_PASSWORD\n  value: @very-secret",
        "- value: a\n- very-secret: : b\n  name: DB_PASSWORD",
        "- value: a\n- b\n- very-secret: : c\n  name: DB_PASSWORD",
    ],
)
@pytest.mark.parametrize("before", [(), (MODE,)])
def test_a_yaml_error_in_a_variable_of_a_secret_name_does_not_show_its_value(
    variable: str, before: tuple[str, ...]
) -> None:
    for after in ((), (MODE,)):
        message = _refused_with(*before, variable, *after)
        assert "very-secret" not in message
        assert "(the line is not shown: it may be the value of a variable whose name says that it is secret)" in message


def test_a_value_of_several_lines_that_begin_where_the_text_begins_is_not_shown_either() -> None:
    for rest in ("b: c\n@very-secret", "b: c\n  very-secret: d: e", "  - b: very-secret: d"):
        text = f"{JOB}        env:\n        - name: DB_PASSWORD\n          value: a\n{rest}\n"
        with pytest.raises(ManifestError) as refusal:
            Manifest.parse(text, SOURCE, is_secret_name=_is_secret_name)
        assert "very-secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "variables",
    [
        ("- name: MODE\n  value: shown: x",),
        ("- {name: MODE, value: shown: x}",),
        ("- name: PASSWORD\n  valueFrom: {secretKeyRef: {name: db-password, key: k}}", "- name: A\n  value: shown: x"),
        ("- name: A\n  value: shown: x", "- name: DB_PASSWORD\n  value: y"),
    ],
)
def test_a_yaml_error_beside_a_variable_of_a_secret_name_is_shown(variables: tuple[str, ...]) -> None:
    assert "shown: x" in _refused_with(*variables)


def test_a_yaml_error_in_another_document_than_such_a_variable_is_shown() -> None:
    env = "        env: [{name: DB_PASSWORD, value: x}]\n"
    with pytest.raises(ManifestError, match=r"data: b: c"):
        Manifest.parse(f"{JOB}{env}---\ndata: b: c\n", SOURCE, is_secret_name=_is_secret_name)
