"""A strand of storms goes on after one that the machine could not bring about, and gives up after several."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.chaos import storms
from tests.chaos.storms import Strand
from tests.cluster import faults
from tests.cluster.errors import ClusterError
from tests.faults.judge import Rules
from tests.waiting import until


def test_a_storm_that_fails_is_mended_and_told_and_the_next_one_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    strand, mended = _strand(monkeypatch, iter([(0.0, "fails"), (0.0, "works")]))
    strand.wait()
    assert strand.mishaps == ["fails: the container does not die"]
    assert [storm.name for storm in strand.storms] == ["fails", "works"]
    assert mended == [""]


def test_a_strand_whose_storms_all_fail_raises_why(monkeypatch: pytest.MonkeyPatch) -> None:
    strand, _ = _strand(monkeypatch, itertools.repeat((0.0, "fails")))
    until(lambda: len(strand.mishaps) > 3, "the storms went on")
    with pytest.raises(ClusterError, match="does not die"):
        strand.wait()


def _strand(monkeypatch: pytest.MonkeyPatch, plan: Any) -> tuple[Strand, list[str]]:
    """Start a strand, and note when something is mended."""
    mended: list[str] = []

    def fail(_: Any) -> None:
        raise ClusterError("the container does not die")

    kinds = {"fails": (fail, Rules()), "works": (lambda _: None, Rules())}
    monkeypatch.setattr(storms, "STORMS", kinds)
    monkeypatch.setattr(faults, "mend", lambda: mended.append(""))
    sky: Any = None
    strand = Strand("nodes", sky, plan)
    strand.start()
    return strand, mended
