"""--set and --values."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from kubectl_job_operator.cli.variables import assignment, string_assignment, variables_of
from kubectl_job_operator.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9", 9),
        ("-3", -3),
        ("0.5", 0.5),
        ("true", True),
        ("false", False),
        ("null", None),
        ("", ""),
        ("orders", "orders"),
        ("a=b", "a=b"),
        ("no", "no"),
        ("1.10", "1.10"),
        ("007", "007"),
        ("1e3", "1e3"),
        ("nan", "nan"),
        ("[1, 2]", "[1, 2]"),
        ("2026-01-31", "2026-01-31"),
    ],
)
def test_a_value_is_read_as_a_scalar_that_prints_as_it_was_given(text: str, value: object) -> None:
    read = assignment(f"name={text}").value
    assert (read, type(read)) == (value, type(value))


def test_every_value_of_set_string_is_text() -> None:
    assert string_assignment("start=9").value == "9"


def test_dots_part_keys_unless_they_are_escaped() -> None:
    assert variables_of([], [assignment("a.b=1"), assignment(r"a.c\.d=2")]) == {"a": {"b": 1, "c.d": 2}}


@pytest.mark.parametrize("text", ["start", "=9", "a..b=1", ".a=1"])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="NAME=VALUE"):
        assignment(text)


def test_later_ones_win_and_mappings_are_merged(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("a: {b: 1, c: 2}\nd: 3\n")
    (tmp_path / "two.yaml").write_text("a: {c: 4}\nd: [5]\n")
    files = [str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml")]
    assert variables_of(files, [assignment("a.b=6")]) == {"a": {"b": 6, "c": 4}, "d": [5]}


def test_a_key_in_a_value_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(InputError, match=r"--set a\.b: a is set already"):
        variables_of([], [assignment("a=1"), assignment("a.b=2")])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: [\n", "line 3, column 1, are not valid YAML"),
        ("a: 1\na: 2\n", "line 2, column 1, are not valid YAML: the key 'a' is given twice"),
        ("- 1\n", "line 1, are a list"),
        ("a: 1\n---\nb: 2\n", "line 1, are 2 documents"),
    ],
)
def test_values_that_cannot_be_used_are_named_with_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        variables_of([str(file)], [])
    assert f"The values in {file}, {words}" in str(caught.value)


def test_a_file_of_values_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml cannot be read: No such file"):
        variables_of([str(tmp_path / "none.yaml")], [])


def test_an_empty_file_of_values_gives_none(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    assert variables_of([str(tmp_path / "empty.yaml")], []) == {}
