"""LamaAni's line in a log, of which each key is a value of its own."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.status import keyed, result
from kubectl_job_operator.status.result import Handed, MarkedLine, UnusableError

OURS = b'::kubectl-job-operator/result:: {"ours": 1}\n'


def value_in(log: bytes, chunk_bytes: int = 7) -> Any:
    """Return what a log hands over that comes in small pieces."""
    line = MarkedLine()
    for start in range(0, len(log), chunk_bytes):
        line.feed(log[start : start + chunk_bytes])
    found = line.last()
    assert found
    return result.value_of(Handed("p", "c", *found, result.LONGEST_LINE_BYTES, is_keyed=line.is_keyed))


@pytest.mark.parametrize("chunk_bytes", [1, 7, 1000])
def test_the_keys_of_all_lines_are_the_result_and_each_is_to_be_had_alone(chunk_bytes: int) -> None:
    log = b'begin\n::kube_api:xcom={"a": 1, "b": 2}\nbetween\n::kube_api:xcom={"b": 3}'
    found = value_in(log, chunk_bytes)
    assert found == keyed.keys_of(found) == {"a": 1, "b": 3}
    assert type(keyed.plain(found)) is dict


@pytest.mark.parametrize("log", [OURS + b'::kube_api:xcom={"a": 1}\n', b'::kube_api:xcom={"a": 1}\n' + OURS])
def test_our_own_line_wins_and_has_no_keys(log: bytes) -> None:
    found = value_in(log)
    assert found == {"ours": 1}
    assert keyed.keys_of(found) == {}


@pytest.mark.parametrize("text", [b"[1]", b"{broken", b"3"])
def test_what_is_no_object_is_no_result(text: bytes) -> None:
    with pytest.raises(UnusableError):
        value_in(b'::kube_api:xcom={"a": 1}\n::kube_api:xcom=' + text + b"\n")


def test_too_much_of_it_is_no_result_and_is_not_held() -> None:
    line = MarkedLine()
    for _ in range(3):
        line.feed(b'::kube_api:xcom={"a": "' + b"x" * 500_000 + b'"}\n')
    assert sum(map(len, line._keyed)) <= result.LONGEST_LINE_BYTES
    found = line.last()
    assert found
    with pytest.raises(UnusableError, match="are more than"):
        result.value_of(Handed("p", "c", *found, result.LONGEST_LINE_BYTES, is_keyed=line.is_keyed))


def test_of_several_pods_the_later_keys_count() -> None:
    both = [keyed.KeyedResult(a=1, b=1), None, keyed.KeyedResult(b=2)]
    assert keyed.keys_of(both) == {"a": 1, "b": 2}
    assert keyed.plain(both) == [{"a": 1, "b": 1}, None, {"b": 2}]


def test_the_line_is_not_shown() -> None:
    assert result.is_marked(b'::kube_api:xcom={"a": 1}')
    assert not result.is_marked(b" ::kube_api:xcom={}")
