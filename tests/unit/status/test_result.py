"""What a Job hands over as its task's result."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_job_operator.status import result
from kubectl_job_operator.status.result import Handed, MarkedLine, UnusableError
from tests.unit import recordings


def handed(text: bytes, limit: int = result.LONGEST_MESSAGE_BYTES) -> Handed:
    return Handed("pod-1", "main", text, len(text), limit)


def pod(name: str, *, message: str = "", phase: str = "Succeeded", index: int | None = None, born: int = 0) -> Any:
    made = copy.deepcopy(recordings.pods("complete")[0])
    made["metadata"].update(name=name, uid=name, creationTimestamp=f"2026-01-01T00:00:{born:02}Z")
    if index is not None:
        made["metadata"]["annotations"] = {"batch.kubernetes.io/job-completion-index": str(index)}
    made["status"]["phase"] = phase
    for one in made["status"]["containerStatuses"]:
        one["state"]["terminated"]["message"] = message
    return made


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ('{"rows": 3, "done": true, "none": null}', {"rows": 3, "done": True, "none": None}),
        ("[1, 2.5]\n", [1, 2.5]),
        ('"Grüße, 世界 🚀"', "Grüße, 世界 🚀"),
        (json.dumps("x" * 4094), "x" * 4094),
    ],
)
def test_json_is_read_as_it_was_written(text: str, value: Any) -> None:
    assert result.value_of(handed(text.encode())) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"{'rows': 3}", "are not JSON (Expecting property name enclosed in double quotes: line 1, column 2)"),
        (b"done", "are not JSON (Expecting value: line 1, column 1)"),
        (b"NaN", "are not JSON (NaN is no value of JSON)"),
        (b'"\xff"', "are not UTF-8"),
        (b"1" * 4096, "are a number that may have been longer"),
    ],
)
def test_what_is_no_json_is_refused_with_the_reason_but_never_shown(text: bytes, problem: str) -> None:
    with pytest.raises(UnusableError) as caught:
        result.value_of(handed(text))
    assert str(caught.value) == problem


def test_json_that_is_nested_without_end_is_refused_too() -> None:
    with pytest.raises(UnusableError, match="are JSON that is nested too deeply"):
        result.value_of(handed(b"[" * 500_000, result.LONGEST_LINE_BYTES))


def test_the_first_container_that_wrote_something_speaks_for_its_pod() -> None:
    one = pod("pod-1")
    one["spec"]["containers"] = [{"name": "silent"}, {"name": "second"}, {"name": "third"}]
    one["status"]["containerStatuses"] = [
        {"name": name, "state": {"terminated": {"exitCode": 0, "message": message}}}
        for name, message in (("third", '"3"'), ("second", '"2"'), ("silent", ""))
    ]
    found = result.message_of(one, result.main_containers({}, one))
    assert found is not None
    assert (found.container, found.text) == ("second", b'"2"')


@pytest.mark.parametrize(
    ("init_count", "count", "limit"),
    [(0, 1, 4096), (0, 3, 4096), (1, 2, 4096), (0, 4, 3072), (2, 5, 1755), (0, 40, 307)],
)
def test_the_containers_of_a_pod_share_what_it_may_hand_over(init_count: int, count: int, limit: int) -> None:
    one = pod("pod-1")
    one["spec"]["initContainers"] = [{"name": f"init-{number}"} for number in range(init_count)]
    one["spec"]["containers"] = [{"name": f"c{number}"} for number in range(count)]
    terminated = {"exitCode": 0, "message": "1" * limit}
    one["status"]["containerStatuses"] = [{"name": "c0", "state": {"terminated": terminated}}]
    found = result.message_of(one, result.main_containers({}, one))
    assert found is not None
    assert found.limit == limit
    with pytest.raises(UnusableError, match="are a number that may have been longer"):
        result.value_of(found)
    terminated["message"] = "1" * (limit - 1)
    shorter = result.message_of(one, result.main_containers({}, one))
    assert shorter is not None
    assert result.value_of(shorter) == int("1" * (limit - 1))


def test_a_whole_value_of_exactly_so_many_bytes_is_taken() -> None:
    text = b'"' + b"x" * 4094 + b'"'
    assert result.value_of(handed(text)) == "x" * 4094


def test_a_pod_that_wrote_nothing_hands_over_nothing() -> None:
    assert result.message_of(pod("pod-1"), ["main"]) is None


def test_only_pods_that_succeeded_have_a_result_in_the_order_of_their_creation() -> None:
    pods = [pod("late", born=9), pod("failed", phase="Failed", born=1), pod("early", born=2)]
    slots = result.slots(recordings.job("complete"), pods)
    assert [one["metadata"]["name"] for one in slots if one] == ["early", "late"]


def test_an_indexed_job_has_a_place_for_each_index_also_for_one_without_success() -> None:
    job = {"spec": {"completionMode": "Indexed", "completions": 3, "parallelism": 3}}
    pods = [pod("two", index=2, born=1), pod("zero-again", index=0, born=3), pod("zero", index=0, born=2)]
    names = [one and one["metadata"]["name"] for one in result.slots(job, pods)]
    assert names == ["zero", None, "two"]
    assert result.is_list(job)


def test_a_recorded_indexed_job_has_its_pods_in_order() -> None:
    job, pods = recordings.job("parallel-indexed"), recordings.pods("parallel-indexed")
    slots = result.slots(job, list(reversed(pods)))
    places = [one["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"] for one in slots if one]
    assert places == [str(index) for index in range(job["spec"]["completions"])]


def picked(log: bytes, *cuts: int) -> tuple[bytes, int] | None:
    line, start = MarkedLine(), 0
    for cut in (*sorted(cuts), len(log)):
        line.feed(log[start:cut])
        start = cut
    return line.last()


MARKER = result.MARKER.encode()


@given(st.lists(st.integers(0, 200), max_size=9), st.booleans())
def test_the_last_marked_line_is_found_however_the_log_is_cut(cuts: list[int], ends_in_newline: bool) -> None:
    log = b"first\n%s [1]\n+ echo %s [9]\n%s[2]%s" % (MARKER, MARKER, MARKER, b"\nlast line" * ends_in_newline)
    assert picked(log, *cuts) == (b"[2]", 3)


def test_a_log_without_a_marked_line_has_no_result() -> None:
    assert picked(b"") is None
    assert picked(b"one\ntwo " + MARKER + b" 3\n", 5) is None


@pytest.mark.parametrize("end", [b"", b"\nmore\n"])
def test_of_a_marked_line_that_is_too_long_only_the_length_is_known(end: bytes) -> None:
    line = MarkedLine()
    line.feed(b"before\n" + MARKER)
    piece = b"7" * 65_536
    for _ in range(40):
        line.feed(piece)
    line.feed(end)
    found = line.last()
    assert found is not None
    text, size = found
    assert size == 40 * 65_536
    assert len(text) <= result.LONGEST_LINE_BYTES + len(piece)
    with pytest.raises(UnusableError, match="are more than the 1048576 that a line may hold"):
        result.value_of(Handed("pod-1", "main", text, size, result.LONGEST_LINE_BYTES))


def test_a_long_line_that_is_not_marked_takes_no_memory() -> None:
    line = MarkedLine()
    for _ in range(100):
        line.feed(b"x" * 65_536)
    assert len(line._rest) <= len(MARKER)
    line.feed(b"\n" + MARKER + b" 5\n")
    assert line.last() == (b" 5", 2)
