"""Run many histories; print what was reached, and the first that breaks an invariant, made shorter."""

from __future__ import annotations

import argparse
import collections
import sys
import time

from tests.simulation.history import History
from tests.simulation.invariants import broken
from tests.simulation.reached import reached
from tests.simulation.shrinking import shrunk, told


def main() -> int:
    """Do what the command line says; return 1 if an invariant was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="how many histories (default 2000)")
    parser.add_argument("--seed", default="0", help="the seed of the first one; the next are counted from it")
    parser.add_argument("--told", action="store_true", help="print the history of the first seed, whatever it comes to")
    arguments = parser.parse_args()
    if arguments.told:
        print(told(History(arguments.seed)))
        return 0
    began, counts = time.monotonic(), collections.Counter[str]()
    for number in range(arguments.count):
        seed = str(int(arguments.seed) + number)
        history = History(seed)
        if broken(history):
            print(told(shrunk(history)))
            print(f"Seed {seed} breaks an invariant; again: make simulate COUNT=1 SEED={seed}")
            return 1
        counts += reached(history)
    for what, count in sorted(counts.items()):
        print(f"{count:8}  {what}")
    seconds = time.monotonic() - began
    print(
        f"{arguments.count} histories in {seconds:.0f} s, {len(counts)} states and transitions: every invariant holds."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
