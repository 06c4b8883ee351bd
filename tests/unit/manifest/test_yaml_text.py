"""Our reading and writing of YAML is kubectl's: the real one is asked, which needs no cluster for it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as some
from jinja2.utils import htmlsafe_json_dumps

from kubectl_job_operator.manifest.yaml_text import dump_all, load_all

# Plain scalars, that different readers of YAML take for different things.
TRICKY = [
    *("y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "yES", "oN"),
    *("true", "True", "TRUE", "false", "False", "FALSE", "tRue", "t", "f"),
    *("~", "null", "Null", "NULL", "nULL", "none", "None", "nil"),
    *("0", "-0", "+0", "00", "1", "-1", "+1", "--1", "01", "08", "09", "017", "-017", "0o17", "0O17", "0o8", "018"),
    *("0x1F", "0X1F", "0xg", "-0x1F", "0b11", "-0b11", "0b12", "0B11", "1_000", "_1", "1_", "0x_1", "1__0"),
    *("1e3", "1E3", "1e", "1e+3", "1e-3", "1.e3", "1.", ".5", "-.5", "+.5", ".", "..", "...a", "1.5", "1.50", "1.5.2"),
    *("1_0.5", "1.5_0", "1e1_0", "_1.5", "0.0", "-0.0", "1e03", "0e0", "00.5", "01e2", "1d3", "1f", "12e"),
    *("9007199254740993", "9223372036854775807", "-9223372036854775808", "1e20", "123456789012"),
    *("12:30", "1:2:3", "190:20:30", "190:20:30.15", "12:30:45", "0:0", "-1:30"),
    *("2020-01-01", "2020-01-01T00:00:00Z", "2020-01-01 10:00:00", "2001-12-14t21:59:43.10-05:00", "20200101"),
    *("=", "<", "<a", "a=b", "==", "a:b", "a#b", "a b", "1 2", "1,2", "1.2.3.4", "1,000", "10Mi", "500m", "0.5Gi"),
    *("inf", "nan", "Infinity", "NaN", ".in", ".nanx", "-.x", "+", "e3", "E3", "0xZZ", "é", "☃", "a\u00a0b"),
]

# Strings that must stay strings, whatever they look like.
TRICKY_STRINGS = [
    *TRICKY,
    *(
        "",
        " ",
        "  a",
        "a  ",
        "\t",
        "\ta",
        "a\t",
        "-",
        "--",
        "---",
        "- a",
        "?",
        "? a",
        ":",
        ": a",
        "a:",
        "a: b",
        "...",
        "<<",
        "1e400",
    ),
    *(
        ".inf",
        "-.inf",
        "+.inf",
        ".Inf",
        ".nan",
        ".NaN",
        "18446744073709551616",
        "!x",
        "!!str x",
        "&a",
        "*a",
        "|",
        ">",
        "|-",
        "%",
        "%a",
        "@",
        "@a",
        "`",
        "`a",
    ),
    *(
        "'",
        "''",
        '"',
        "'a",
        '"a',
        "a'b",
        'a"b',
        "[",
        "[a",
        "]",
        "{",
        "{a",
        "}",
        "{}",
        "[]",
        ",",
        ", a",
        "#",
        "# a",
        "a #b",
        "a# b",
    ),
    *(
        "\\",
        "\\n",
        "a\\",
        "$HOME",
        "${X}",
        "$(X)",
        "{{ x }}",
        "{% x %}",
        "\n",
        "\n\n",
        "a\n",
        "a\n\n",
        "\na",
        " a\nb",
        "a\n b\n",
        "a\nb",
    ),
    *(
        "a \nb",
        "a\n\tb\n",
        "\ta\nb\n",
        '#!/bin/sh\nset -e\necho "hi"\n',
        "a\n---\nb\n",
        "a\n...\n",
        "---\nkind: Pod\n",
        "# a\nb\n",
        "- a\n- b\n",
    ),
    *(
        "a\rb",
        "a\r\nb\r\n",
        "\r",
        "a\x07b",
        "\x00",
        "\x1b[0m",
        "\x7f",
        "\x85",
        "a\x85b",
        "\u2028",
        "a\u2029b",
        "\ufeff",
        "a\ufeffb",
        "\u200b",
    ),
    *("é", "日本", "\U0001f600", "a\nb\U0001f600\n", "x" * 5000, "word " * 2000, "\n".join(["line " * 50] * 50)),
]

KEYS = ["y", "no", "1", "1e3", "0x1F", "08", "12:30", "null", "~", "true", "2020-01-01", "=", "a b", "a: b", "", "é"]


def _as_kubectl_reads(text: str) -> Any:
    """Let the real kubectl read one document and return its ``spec``."""
    done = _ask_kubectl(text)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["spec"]


def _ask_kubectl(text: str) -> subprocess.CompletedProcess[str]:
    """Let the real kubectl read one document of a kind that it does not know; no cluster is asked."""
    # Some builds of kubectl ask the server for its version, and wait for it.
    command = ("kubectl", "annotate", "--local", "-s", "http://127.0.0.1:1", "-f", "-", "a=b", "-o", "json")
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def _thing(spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "x"}, "spec": spec}


def _text_of_thing(scalars: Sequence[str]) -> str:
    lines = [f"  - {scalar}\n" for scalar in scalars]
    return "".join(["apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\nspec:\n  values:\n", *lines])


def _equal(ours: Any, theirs: Any) -> bool:
    """Whether both are the same; JSON makes no difference between 1 and 1.0, but between 1 and true."""
    return ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)


def test_tricky_scalars_are_read_as_kubectl_reads_them() -> None:
    text = _text_of_thing(TRICKY)
    theirs = _as_kubectl_reads(text)["values"]
    (ours,) = load_all(text)
    pairs = list(zip(TRICKY, ours["spec"]["values"], theirs, strict=True))
    assert [pair for pair in pairs if not _equal(pair[1], pair[2])] == []


@pytest.mark.parametrize("scalar", ["<<", "1e400", ".inf", "-.Inf", ".nan"])
def test_what_cannot_be_read_as_kubectl_reads_it_is_refused_but_never_changed(scalar: str) -> None:
    text = _text_of_thing([scalar])
    before = _ask_kubectl(text)
    try:
        written = dump_all(load_all(text))
    except yaml.YAMLError:
        return
    after = _ask_kubectl(written)
    assert after.returncode != 0 or after.stdout == before.stdout


def test_tricky_scalars_that_are_read_and_written_again_mean_the_same_to_kubectl() -> None:
    text = _text_of_thing(TRICKY)
    before = _as_kubectl_reads(text)["values"]
    after = _as_kubectl_reads(dump_all(load_all(text)))["values"]
    changed = [row for row in zip(TRICKY, before, after, strict=True) if not _equal(row[1], row[2])]
    assert changed == []


def test_tricky_strings_that_we_write_are_read_unchanged_by_kubectl() -> None:
    theirs = _as_kubectl_reads(dump_all([_thing({"values": TRICKY_STRINGS})]))["values"]
    assert [pair for pair in zip(TRICKY_STRINGS, theirs, strict=True) if pair[0] != pair[1]] == []


def test_tricky_strings_in_quotes_are_read_alike() -> None:
    # kubectl refuses what JSON makes of characters beyond 16 bits: two escapes for one character.
    strings = [text for text in TRICKY_STRINGS if max(text, default="") <= "\uffff"]
    text = _text_of_thing([json.dumps(value) for value in strings])
    assert load_all(text)[0]["spec"]["values"] == strings
    assert _as_kubectl_reads(text)["values"] == strings


@given(some.text())
@example("\U0001f600")
@example("\x85")
def test_what_the_filter_tojson_makes_of_a_string_is_read_as_that_string(text: str) -> None:
    assert load_all(f"a: {htmlsafe_json_dumps(text)}\n") == [{"a": text}]


def test_tricky_strings_as_keys_stay_what_they_are() -> None:
    mapping = {key: f"value of {key}" for key in KEYS}
    assert _as_kubectl_reads(dump_all([_thing({"mapping": mapping})]))["mapping"] == mapping


def test_numbers_that_we_write_are_read_unchanged_by_kubectl() -> None:
    numbers = [0, -1, 2**53, 2**63 - 1, -(2**63), 0.5, -0.25, 1e20, 1e-7, 1.5e300, 123456789.125, True, False, None]
    theirs = _as_kubectl_reads(dump_all([_thing({"values": numbers})]))["values"]
    assert [pair for pair in zip(numbers, theirs, strict=True) if not _equal(*pair)] == []


# kubectl reads a larger number as one with an exponent, and so do we.
INTEGERS = some.integers(-(2**63), 2**64 - 1)
JSON = some.recursive(
    some.none() | some.booleans() | INTEGERS | some.floats(allow_nan=False, allow_infinity=False) | some.text(),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
    max_leaves=12,
)


@given(some.lists(JSON, min_size=1, max_size=3))
@example(["\x85"])
@example([{"a\u2028b": "\ufeff\r\U0001f600"}])
def test_what_we_write_we_read_back(documents: list[Any]) -> None:
    assert load_all(dump_all(documents)) == documents


@given(some.lists(some.text() | some.from_regex(r"[-+0-9.:_exobEyn~=<]{1,8}", fullmatch=True), min_size=1, max_size=8))
def test_strings_that_look_like_something_else_stay_strings(strings: list[str]) -> None:
    (read,) = load_all(dump_all([strings]))
    assert read == strings
    assert all(isinstance(one, str) for one in read)


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "'a'", 3),
        ("spec:\n  env: []\n  x: 1\n  env: []\n", "'env'", 4),
        ("- {a: 1,\n   a: 2}\n", "'a'", 2),
        ("yes: 1\ntrue: 2\n", "'true'", 2),
        ("1: a\n0x1: b\n", "'1'", 2),
        ("1: a\n'1': b\n", "'1'", 2),
    ],
)
def test_a_key_that_is_given_twice_is_refused_with_its_line(text: str, key: str, line: int) -> None:
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        load_all(text)
    assert caught.value.problem == f"the key {key} is given twice"
    assert caught.value.problem_mark is not None
    assert caught.value.problem_mark.line + 1 == line


def test_one_key_in_two_mappings_is_no_duplicate() -> None:
    assert load_all("a: {x: 1}\nb: {x: 2}\n---\na: 1\n") == [{"a": {"x": 1}, "b": {"x": 2}}, {"a": 1}]


def test_anchors_and_merges_are_read_and_written_out() -> None:
    text = "spec:\n  base: &b {x: 1, y: 2}\n  more: {<<: *b, x: 3}\n  same: *b\n"
    (read,) = load_all(text)
    # The keys y and n are true and false to kubectl as well; it prints them as strings.
    assert read["spec"]["more"]["x"] == 3
    assert read["spec"]["same"] == read["spec"]["base"]
    written = dump_all([read])
    assert load_all(written) == [read]
    assert not [mark for mark in ("&", "*", "<<") if mark in written]


def test_no_alias_is_written_for_an_object_that_occurs_twice() -> None:
    shared = {"name": "A", "value": "1"}
    written = dump_all([{"a": [shared, shared], "b": shared}])
    assert "&" not in written
    assert "*" not in written
    assert load_all(written) == [{"a": [shared, shared], "b": shared}]


def test_a_script_is_written_as_a_block() -> None:
    script = 'set -e\necho "it\'s $HOME"\nexit 0\n'
    assert dump_all([{"args": [script]}]) == 'args:\n- |\n  set -e\n  echo "it\'s $HOME"\n  exit 0\n'


def test_a_script_without_a_last_newline_and_with_an_indented_first_line_is_a_block_too() -> None:
    written = dump_all([{"a": "x\ny", "b": "  x\ny\n"}])
    assert written == "a: |-\n  x\n  y\nb: |2\n    x\n  y\n"


def test_a_long_line_is_not_folded() -> None:
    assert dump_all([{"a": "word " * 500 + "end"}]).count("\n") == 1


def test_documents_keep_their_order_and_so_do_keys() -> None:
    assert dump_all([{"b": 1, "a": 2}, {"c": 3}]) == "b: 1\na: 2\n---\nc: 3\n"


def test_python_objects_are_not_made_and_tags_mean_nothing_as_to_kubectl() -> None:
    assert load_all("!!python/object/apply:os.system ['true']") == [["true"]]


def test_aliases_that_would_make_millions_of_values_are_refused() -> None:
    levels = [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    with pytest.raises(yaml.MarkedYAMLError, match="far too many values"):
        load_all("\n".join(["a: &a [x]", *levels]))


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("a: 1\n--- b\n", "kubectl takes nothing behind --- in its line", 2),
        ("a: 1\n...\nb: 2\n", "expected '<document start>', but found '<block mapping start>'", 3),
        ("a: 1\r---\rb: 2\r", "kubectl would drop what stands from here on", 2),
        ("%YAML 1.1\n---\na: 1\n", "kubectl takes no directives", 1),
        ("b: 1\na: .inf\n", ".inf is no number that Kubernetes takes", 2),
        ("a: !!int x\n", "'x' is no int", 1),
        ("~: 1\n", "a key must not be empty or null", 1),
        ("[a]: 1\n", "a key must not be a mapping or a list", 1),
        ("a: &a {b: *a}\n", "an anchor's value has itself in it", 1),
        ("<<: 1\n", "a merge (<<) takes a mapping or a list of mappings", 1),
        ("a: 1\nb:\n\tc: 1\n", "found character '\\t' that cannot start any token", 3),
    ],
)
def test_what_kubectl_refuses_is_refused_with_its_line(text: str, problem: str, line: int) -> None:
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        load_all(text)
    assert caught.value.problem == problem
    assert caught.value.problem_mark is not None
    assert caught.value.problem_mark.line + 1 == line


def test_a_flow_that_begins_a_text_is_read_though_an_older_kubectl_takes_it_for_json() -> None:
    assert load_all("{a: 1}\n---\nb: 2\n") == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("text", ["a: [1", "a: b: c", "\ta: 1", "a: 'x", "{", "- a\nb: c", "a: *nowhere", "%YAML 9.9"])
def test_broken_yaml_is_an_error(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        load_all(text)


def test_our_rules_do_not_leak_into_pyyaml() -> None:
    assert yaml.safe_load("y: 12:30")["y"] == 750
    load_all("a: 1e3")
    assert yaml.safe_load("a: 1e3") == {"a": "1e3"}
