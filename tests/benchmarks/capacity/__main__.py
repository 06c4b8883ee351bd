"""``make bench-capacity``: how many Jobs one scheduler with LocalExecutor can have in flight, beside Airflow's own."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from tests.benchmarks.capacity.columns import COLUMNS
from tests.benchmarks.capacity.lanes import LATE_SECONDS, WINDOW
from tests.benchmarks.capacity.measuring import FEW, Column, Terms, capacities, measure
from tests.benchmarks.telling import say, verdict

_ALONE, _OURS, *_PEERS = COLUMNS
_MODES = {"plain": False, "deferrable": True}


def main() -> int:
    """Measure and print; return 1 where others can have more in flight, or a task of ours has failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.capacity", description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="each container sleeps (default: %(default)s)")
    parser.add_argument("--pace-seconds", type=float, default=4.0, help="between two lanes (default: %(default)s)")
    parser.add_argument("--mode", choices=_MODES, help="not both")
    parser.add_argument("--only", choices=COLUMNS, action="append", help="not all of them; may be repeated")
    parser.add_argument("--brief", action="store_true", help="what a task costs, and no more")
    arguments = parser.parse_args()
    say(f"Each container sleeps {arguments.seconds} s. A lane has one task in flight, one after the other; a task is")
    say(f"late when it takes {LATE_SECONDS:.0f} s more than the middle one of the quickest kind does in {FEW} lanes;")
    say(f"there are too many lanes when most of {WINDOW} tasks are.")
    missed = []
    for mode, deferrable in _MODES.items():
        if arguments.mode in (None, mode):
            found = {}
            for name in arguments.only or COLUMNS:
                is_brief = arguments.brief or name == _ALONE
                terms = Terms(name, deferrable, arguments.seconds, arguments.pace_seconds, is_brief)
                found[name] = measure(terms)
                say(f"  {mode} {name}: {found[name].seconds:.1f} s in {FEW} lanes")
            missed.append(_print(mode, found, arguments.seconds))
    return 1 if any(missed) else 0


def _print(mode: str, found: Mapping[str, Column], slept_seconds: int) -> bool:
    """Print a table; return whether ours is not the first, or a task of it has failed."""
    alone, ours = found.get(_ALONE), found.get(_OURS)
    lanes = dict(zip(found, capacities(found.values()), strict=True))
    say(f"\n{mode}: lanes until tasks are late, and in {FEW} lanes, per task, what is beyond Airflow's own part:")
    say(f"  {'':14}{'lanes':>7}{'of ours':>9}{'seconds':>9}{'CPU s':>8}{'of ours':>9}{'MB':>6}{'failed':>8}")
    for name, one in found.items():
        own = (one.cpu_seconds, one.megabytes) if alone is None or one is alone else _beyond(one, alone)
        ratios = ("", "")
        if alone is not None and ours is not None and one is not alone:
            ratios = (_ratio(lanes[name], lanes[_OURS]), _ratio(own[0], _beyond(ours, alone)[0]))
        say(
            f"  {name:14}{lanes[name] or '':>7}{ratios[0]:>9}{one.seconds - slept_seconds:9.1f}{own[0]:8.2f}"
            f"{ratios[1]:>9}{own[1]:6.0f}{one.failures:8}"
        )
    if ours is None:
        return False
    best, own_lanes = max((lanes[name] or 0 for name in _PEERS if name in lanes), default=0), lanes[_OURS]
    is_missed = bool(ours.failures) or (own_lanes is not None and own_lanes < best)
    say(f"  ours first: {verdict(is_missed=is_missed)}")
    return is_missed


def _beyond(one: Column, alone: Column) -> tuple[float, float]:
    """Return the CPU seconds and the megabytes that Airflow does not take by itself."""
    return one.cpu_seconds - alone.cpu_seconds, one.megabytes - alone.megabytes


def _ratio(one: float | None, ours: float | None) -> str:
    return f"{one / ours:.2f}" if one is not None and ours else ""


if __name__ == "__main__":
    raise SystemExit(main())
