"""Run many histories; print what was reached, and those that break an invariant, made shorter."""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Mapping

from tests.simulation.history import History
from tests.simulation.invariants import broken
from tests.simulation.reached import reached
from tests.simulation.shrinking import shrunk, told

_TOLD_EVERY = 1_000
_MOST_BROKEN = 20
"""After so many it ends: the code is wrong, and not in a corner of it."""


def main() -> int:
    """Do what the command line says; return 1 if an invariant was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="how many histories (default 2000)")
    parser.add_argument("--seed", default="0", help="the seed of the first one; the next are counted from it")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="how many at once (default: as many as there are CPUs)"
    )
    parser.add_argument("--told", action="store_true", help="print the history of the first seed, whatever it comes to")
    arguments = parser.parse_args()
    if arguments.told:
        print(told(History(arguments.seed)))
        return 0
    began, counts, broken_seeds, number = time.monotonic(), collections.Counter[str](), list[str](), 0
    seeds = (str(int(arguments.seed) + number) for number in range(arguments.count))
    for number, (seed, found) in enumerate(_reached(seeds, arguments.processes), start=1):
        if found is None:
            print(told(shrunk(History(seed))))
            print(f"Seed {seed} breaks an invariant; again: make simulate COUNT=1 SEED={seed}", flush=True)
            broken_seeds.append(seed)
            if len(broken_seeds) == _MOST_BROKEN:
                break
        counts.update(found or {})
        if number % _TOLD_EVERY == 0:
            print(f"  {number} of {arguments.count} after {time.monotonic() - began:.0f} s", flush=True)
    for what, count in sorted(counts.items()):
        print(f"{count:8}  {what}")
    seconds = time.monotonic() - began
    says = f"{', '.join(broken_seeds)} broke an invariant" if broken_seeds else "every invariant holds"
    print(f"{number} histories in {seconds:.0f} s, {len(counts)} states and transitions: {says}.")
    return 1 if broken_seeds else 0


def _reached(seeds: Iterator[str], process_count: int) -> Iterator[tuple[str, Mapping[str, int] | None]]:
    """Play a history of each seed; give the seed and what was reached, ``None`` where an invariant is broken."""
    with multiprocessing.Pool(process_count) as pool:
        yield from pool.imap(_play, seeds, chunksize=10)


def _play(seed: str) -> tuple[str, Mapping[str, int] | None]:
    history = History(seed)
    return seed, None if broken(history) else reached(history)


if __name__ == "__main__":
    sys.exit(main())
