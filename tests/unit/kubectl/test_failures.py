"""What is quoted never decides: names, images, values and the messages of policies may be any words at all."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_job_operator.errors import ErrorKind
from kubectl_job_operator.kubectl.stderr import kind_of
from kubectl_job_operator.kubectl.words import without_quotes
from tests.unit.kubectl.sayings import KINDS, NOT_IN_THE_RECORDINGS, RECORDED

# Each alone would make its kind.
TELLING = [
    "Error from server (Forbidden): ",
    "(Forbidden)",
    "is forbidden: User",
    "error: You must be logged in to the server (Unauthorized)",
    "Unable to connect to the server: getting credentials: exec: executable aws failed with exit code 255",
    "getting credentials: exec: executable aws not found",
    "admission webhook denied the request",
    'admission webhook "other" denied the request: no',
    "ValidatingAdmissionPolicy 'other' with binding 'other' denied request: no",
    "Unable to connect to the server: Forbidden",
    "etcdserver: request is too large",
    "trying to send message larger than max",
    "etcdserver: request timed out",
    "(InternalError)",
    "connection refused",
    "i/o timeout",
    "server misbehaving",
    "x509: certificate signed by unknown authority",
    "Error in configuration",
    '(NotFound): namespaces "absent" not found',
    "timed out waiting for the condition",
    "container is waiting to start: ContainerCreating",
    "field is immutable",
    "no matches for kind",
    "Apply failed with 1 conflict",
    "does not match the namespace",
    "unknown field",
    "exceeded quota",
    "not yet ready to handle request",
]
QUOTED = re.compile(r""" "(?:[^"\\\n]|\\.)*" | (?<!\w)'[^'\n]*'(?!\w) """, re.VERBOSE)
# Where a free text stands without quotes, as {}.
FREE = {
    'Error from server (Forbidden): admission webhook "a" denied the request: {}': ErrorKind.ADMISSION,
    'Error from server: error when creating "f": admission webhook "a" denied the request: {}': ErrorKind.ADMISSION,
    "The jobs \"x\" is invalid: : ValidatingAdmissionPolicy 'a' with binding 'b' denied request: {}": (
        ErrorKind.ADMISSION
    ),
    'Error from server: admission webhook "a" denied the request: \n\nresource Job/x was blocked\n\nrule:\n  {}\n': (
        ErrorKind.ADMISSION
    ),
    'Warning: {}\nError from server (NotFound): jobs.batch "x" not found': ErrorKind.NOT_FOUND,
    "An error occurred: {}\nUnable to connect to the server: getting credentials: exec: executable aws failed with "
    "exit code 255": ErrorKind.CREDENTIALS,
    "Error in configuration: context was not found for specified context: {}": ErrorKind.CONFIGURATION,
    "error: stat {}: no such file or directory": ErrorKind.CONFIGURATION,
    "error: error parsing {}: error converting YAML to JSON: yaml: line 1: did not find expected ','": (
        ErrorKind.INVALID
    ),
    "Error from server: failed to create typed patch object (here/x; batch/v1, Kind=Job): .spec.{}: field not "
    "declared in schema": ErrorKind.INVALID,
}


def _all_sentences() -> dict[str, ErrorKind]:
    recorded = {one.stderr: KINDS[heading] for heading, one in RECORDED.items()}
    every = {**recorded, **NOT_IN_THE_RECORDINGS}
    return {text: kind for text, kind in every.items() if _with(text, "other") != text}


def _with(text: str, words: str) -> str:
    """Put words into everything that is quoted, as Go would; what kubectl's logger quotes is its own."""
    inside = words.replace("\\", "\\\\").replace('"', '\\"')

    def put(quoted: re.Match[str]) -> str:
        if text[: quoted.start()].endswith("err=") or quoted[0] == '"Unhandled Error"':
            return quoted[0]
        said = inside if quoted[0][0] == '"' else words.replace("'", "").replace('"', "")
        return f"{quoted[0][:-1]} {said}{quoted[0][-1]}"

    return QUOTED.sub(put, text)


@pytest.mark.parametrize("words", TELLING)
def test_telling_words_inside_quotes_do_not_decide(words: str) -> None:
    sentences = _all_sentences()
    assert {text: kind_of(1, _with(text, words)) for text in sentences} == sentences


@pytest.mark.parametrize("words", TELLING)
def test_what_others_say_beside_kubectls_own_words_does_not_decide(words: str) -> None:
    assert {text: kind_of(1, text.replace("{}", words)) for text in FREE} == FREE


@given(st.lists(st.sampled_from([*TELLING, "\n", '"', "'", "\\", "don't", "{}", "é"]), max_size=6).map(" ".join))
def test_no_mixture_inside_a_name_decides(words: str) -> None:
    name = '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    assert kind_of(1, f"Error from server (NotFound): jobs.batch {name} not found") is ErrorKind.NOT_FOUND
    assert kind_of(1, f"The Job {name} is invalid: spec.completions: Invalid value: -1") is ErrorKind.INVALID
    assert kind_of(1, f"Error from server: admission webhook {name} denied the request: no") is ErrorKind.ADMISSION


@given(st.text(string.printable, max_size=60))
def test_any_text_has_a_kind_and_no_quote_is_left_filled(text: str) -> None:
    assert kind_of(1, text) in ErrorKind
    assert '"a"' not in without_quotes('x "a" y "a"')


@pytest.mark.parametrize("before", ["Warning: ", "plugin: ", "2 x "])
def test_lines_that_are_not_kubectls_do_not_decide_where_there_is_one_of_its_own(before: str) -> None:
    assert kind_of(1, f'{before}connection refused\nerror: the path "x" does not exist') is ErrorKind.OTHER


def test_an_apostrophe_is_no_quote() -> None:
    assert without_quotes("the server doesn't have a resource type \"x\", isn't it") == (
        "the server doesn't have a resource type \"\", isn't it"
    )
