"""What a process prints waits for its reader, and the process waits with it; never more than a little is held."""

from __future__ import annotations

import threading

import pytest

from kubectl_job_operator.kubectl.output import Output
from tests.waiting import until

HANG_SECONDS = 30.0
BOUND = 4


def _writer(output: Output, count: int, put: list[int]) -> threading.Thread:
    def write() -> None:
        for number in range(count):
            output.put(b"%d" % number)
            put.append(number)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def test_chunks_are_taken_in_their_order_and_then_there_are_none() -> None:
    woken: list[None] = []
    output = Output(lambda: woken.append(None))
    for chunk in (b"a", b"b"):
        output.put(chunk)
    assert [output.take() for _ in range(4)] == [b"a", b"b", b"", b""]
    assert len(woken) == 2


def test_a_writer_waits_when_the_bound_is_reached_and_goes_on_when_something_is_taken() -> None:
    output, put = Output(lambda: None), list[int]()
    thread = _writer(output, 3 * BOUND, put)
    until(lambda: len(put) == BOUND, "the writer did not fill the output")
    for taken in range(2 * BOUND):
        thread.join(0.002)
        assert len(put) == BOUND + taken
        assert output.take() == b"%d" % taken
        until(lambda taken=taken: len(put) == BOUND + taken + 1, "the writer did not go on")  # type: ignore[misc]
    thread.join(HANG_SECONDS)
    assert not thread.is_alive()


@pytest.mark.parametrize("is_full", [True, False])
def test_closing_frees_the_writer_for_good_and_wakes_nobody_any_more(is_full: bool) -> None:
    woken: list[None] = []
    output, put = Output(lambda: woken.append(None)), list[int]()
    if not is_full:
        output.close()
    thread = _writer(output, 1_000, put)
    if is_full:
        until(lambda: len(put) == BOUND, "the writer did not fill the output")
        output.close()
    thread.join(HANG_SECONDS)
    assert len(put) == 1_000
    assert len(woken) <= (BOUND + 1 if is_full else 0)
