"""Slow lines are logged at once, fast ones together; none is lost, late, or out of order."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_job_operator.logs import blocks as blocks_module
from kubectl_job_operator.logs.blocks import (
    LONGEST_BLOCK_BYTES,
    OLDEST_BLOCK_SECONDS,
    SMALL_BLOCK_LINES,
    SMALL_BLOCKS,
    SMALL_BLOCKS_PER_SECOND,
    Blocks,
)
from tests.unit.clock import Clock, stopped

Record = tuple[str, str]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the clock that the code under test reads."""
    return stopped(monkeypatch, blocks_module)


def _blocks() -> tuple[Blocks, list[Record]]:
    records: list[Record] = []
    return Blocks(lambda level, text: records.append((level, text))), records


def test_lines_that_come_slowly_are_logged_one_by_one_at_once(clock: Clock) -> None:
    blocks, records = _blocks()
    for number in range(3):
        blocks.add("a", "info", [f"line {number}"])
        assert records[-1] == ("info", f"line {number}")
        assert blocks.flush_due() is None
        clock.now += OLDEST_BLOCK_SECONDS
    assert len(records) == 3


def test_lines_that_come_fast_are_joined_and_logged_when_they_are_a_tenth_of_a_second_old(clock: Clock) -> None:
    blocks, records = _blocks()
    blocks.add("a", "info", ["first"])
    for number in range(5):
        clock.now += 0.01
        blocks.add("a", "info", [f"{number}"])
    assert records == [("info", "first")]
    assert blocks.flush_due() == pytest.approx(0.06)
    clock.now += 0.061
    assert blocks.flush_due() is None
    assert records == [("info", "first"), ("info", "0\n1\n2\n3\n4")]


def test_lines_of_one_chunk_are_one_record(clock: Clock) -> None:  # noqa: ARG001 - it stands still
    blocks, records = _blocks()
    blocks.add("a", "info", ["one", "", "three"])
    assert records == [("info", "one\n\nthree")]


def test_a_block_is_of_one_level(clock: Clock) -> None:  # noqa: ARG001 - it stands still
    blocks, records = _blocks()
    for level, line in (("info", "a"), ("info", "b"), ("error", "c"), ("error", "d"), ("info", "e")):
        blocks.add("a", level, [line])
    blocks.flush()
    assert records == [("info", "a"), ("info", "b"), ("error", "c\nd"), ("info", "e")]


def test_a_block_is_of_one_source_and_one_source_can_be_logged_alone(clock: Clock) -> None:  # noqa: ARG001
    blocks, records = _blocks()
    for source in "abab":
        blocks.add(source, "info", [source])
    assert records == [("info", "a"), ("info", "b")]
    blocks.flush("b")
    blocks.flush("never seen")
    assert records[2:] == [("info", "b")]
    blocks.flush()
    assert records[3:] == [("info", "a")]


@pytest.mark.parametrize("letter", ["x", "ü", "\U0001f600", "\udcff"])
def test_a_block_is_never_larger_than_64_kib(
    clock: Clock,  # noqa: ARG001 - it stands still
    letter: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks_module, "SMALL_BLOCKS", 0.0)
    blocks, records = _blocks()
    lines = [f"{number} {letter * 500}" for number in range(1_000)]
    blocks.add("a", "info", lines[:700])
    for line in lines[700:]:
        blocks.add("a", "info", [line])
    blocks.flush()
    assert [line for _, text in records for line in text.split("\n")] == lines
    sizes = [len(text.encode(errors="surrogatepass")) for _, text in records]
    assert max(sizes) <= LONGEST_BLOCK_BYTES
    assert sorted(sizes)[1] > LONGEST_BLOCK_BYTES / 4, "the blocks are too small"


def test_a_block_has_no_more_lines_than_a_screen_so_that_a_search_lands_where_it_says(
    clock: Clock,  # noqa: ARG001 - it stands still
) -> None:
    blocks, records = _blocks()
    lines = [f"line {number}" for number in range(2_001)]
    blocks.add("a", "info", lines)
    blocks.flush()
    assert [line for _, text in records for line in text.split("\n")] == lines
    assert max(text.count("\n") + 1 for _, text in records) == SMALL_BLOCK_LINES


def test_lines_that_come_too_fast_for_small_blocks_are_joined_until_they_come_slower(clock: Clock) -> None:
    blocks, records = _blocks()
    for _ in range(100):
        blocks.add("a", "info", ["line"] * 1_000)
        clock.now += 0.01
    blocks.flush()
    assert len(records) < SMALL_BLOCKS + SMALL_BLOCKS_PER_SECOND + 200
    assert sum(text.count("\n") + 1 for _, text in records) == 100_000
    clock.now += 1
    records.clear()
    blocks.add("a", "info", ["line"] * 50)
    blocks.flush()
    assert [text.count("\n") + 1 for _, text in records] == [25, 25]


def test_a_line_that_is_larger_is_a_record_of_its_own(clock: Clock) -> None:  # noqa: ARG001 - it stands still
    blocks, records = _blocks()
    large = "x" * 2 * LONGEST_BLOCK_BYTES
    blocks.add("a", "info", ["before", large, "after"])
    blocks.flush()
    assert [text for _, text in records] == ["before", large, "after"]


Step = Callable[[Clock, Blocks], list[tuple[str, str]]]
"""Returns the lines that it adds, each with its source."""


def _passing(seconds: float) -> Step:
    def pass_time(clock: Clock, blocks: Blocks) -> list[tuple[str, str]]:
        # As the loop does that asks when the next block is due.
        end = clock.now + seconds
        while (due := blocks.flush_due()) is not None and clock.now + due < end:
            clock.now += due + 1e-6
        clock.now = max(end, clock.now)
        return []

    return pass_time


def _adding(source: str, level: str, lengths: list[int]) -> Step:
    def add(clock: Clock, blocks: Blocks) -> list[tuple[str, str]]:
        lines = [f"{source} {level} {clock.now:.7f} {'x' * length}" for length in lengths]
        blocks.add(source, level, lines)
        return [(source, line) for line in lines]

    return add


@given(
    st.lists(
        st.one_of(
            st.builds(_passing, st.sampled_from([0.0, 0.001, 0.03, 0.09, 0.2])),
            st.builds(
                _adding,
                st.sampled_from("ab"),
                st.sampled_from(["info", "error"]),
                st.lists(st.sampled_from([0, 10, 9_000, 40_000, 64_000]), min_size=1, max_size=6),
            ),
        ),
        max_size=40,
    )
)
def test_the_lines_of_a_source_stay_in_order_and_no_block_is_old_or_large_or_mixed(
    steps: list[Step],
) -> None:
    clock, added, shown = Clock(), list[tuple[str, str]](), list[tuple[str, str]]()

    def show(level: str, text: str) -> None:
        lines = [(line.split(" ")[0], line) for line in text.split("\n")]
        assert len({source for source, _ in lines}) == 1
        assert {line.split(" ")[1] for _, line in lines} == {level}
        assert len(text) <= LONGEST_BLOCK_BYTES
        assert all(clock.now - float(line.split(" ")[2]) <= OLDEST_BLOCK_SECONDS + 0.001 for _, line in lines)
        shown.extend(lines)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks_module, "time", clock)
        blocks = Blocks(show)
        for step in steps:
            added += step(clock, blocks)
        blocks.flush()
    for source in "ab":
        assert [line for line in shown if line[0] == source] == [line for line in added if line[0] == source]


def test_with_the_real_clock_the_first_line_is_logged_at_once_and_the_next_soon() -> None:
    blocks, records = _blocks()
    blocks.add("a", "info", ["one"])
    blocks.add("a", "info", ["two"])
    assert records == [("info", "one")]
    due = blocks.flush_due()
    assert due is not None
    time.sleep(due)
    assert blocks.flush_due() is None
    assert records == [("info", "one"), ("info", "two")]
