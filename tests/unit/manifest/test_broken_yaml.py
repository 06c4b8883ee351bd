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
