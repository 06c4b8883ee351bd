"""Two thousand histories in which every invariant holds, and what the simulation owes to who reads them."""

from __future__ import annotations

import pytest

from tests.simulation import invariants
from tests.simulation.faults import Fault
from tests.simulation.history import History
from tests.simulation.invariants import broken
from tests.simulation.shrinking import shrunk, told

_AT_ONCE = 100


@pytest.mark.parametrize("first", range(0, 2_000, _AT_ONCE))
def test_every_invariant_holds_in_a_hundred_histories(first: int) -> None:
    for seed in range(first, first + _AT_ONCE):
        history = History(str(seed))
        if broken(history):
            pytest.fail(told(shrunk(history)), pytrace=False)


_BROKEN_ONCE = ("2682", "5258", "10468", "17185", "34694", "61096", "77495", "84118", "101398", "501347", "38395")


@pytest.mark.parametrize("seed", _BROKEN_ONCE)
def test_every_invariant_holds_where_one_was_broken_once(seed: str) -> None:
    assert broken(History(seed)) == []


@pytest.mark.parametrize("seed", ["4", "45", "49"])
def test_a_seed_fixes_all_that_happens(seed: str) -> None:
    assert History(seed).lines == History(seed).lines


def test_what_has_broken_an_invariant_is_told_with_few_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many faults those are left without which all would be well."""
    cause = Fault("marked", 3.0, 0.1)
    many = [Fault("cut", 1.0, 0.5), cause, Fault("slow", 9, 0.5), Fault("pod deleted", 5.0, 0.5)]
    monkeypatch.setattr(invariants, "ALL", (_nobody_marks,))
    history = shrunk(History("7", many))
    assert history.faults == [cause]
    assert "planned: after 3.00 s: marked" in told(history)
    assert "BROKEN _nobody_marks: somebody did" in told(history)


def _nobody_marks(history: History) -> list[str]:
    return ["somebody did"] if any("is marked as" in line for line in history.lines) else []
