"""``make faults``: breaks what can break at random moments of a Job's life, and counts the harm."""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests import cluster as test_cluster
from tests.faults.bench import FaultBench
from tests.faults.deployment import Deployment
from tests.faults.injection import FAULTS, Fault
from tests.faults.report import Row, in_short, table, told_table

_PARALLELISM = 8


def main() -> int:
    """Play the faults that the command line names; return 1 if there was harm, 2 if they cannot be played."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--runs", type=int, default=20, help="task instances for each fault (default: %(default)s)")
    parser.add_argument("--only", type=_chosen, default=FAULTS, help=f"some of: {','.join(names)}")
    parser.add_argument("--seed", type=int, default=None, help="of all that is random; it is printed")
    parser.add_argument("--keep", action="store_true", help="keep all of Airflow, with its logs, without harm too")
    arguments = parser.parse_args()
    cluster = test_cluster.current()
    if not test_cluster.faults.can_break(cluster):
        _say("Only a cluster that `make cluster` made can be broken; this is another one.")
        return 2
    chosen = tuple(fault for fault in arguments.only if cluster.kind == "kind" or not fault.needs_kind)
    if len(chosen) < len(arguments.only):
        left_out = ", ".join(fault.name for fault in arguments.only if fault not in chosen)
        _say(f"Left out, as only a node of kind can be broken so: {left_out}.")
    seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
    # Asked to end, clean up as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A node of kind that is started again has lost its /tmp, and what the containers recorded there.
    folder = Path(tempfile.mkdtemp(prefix="faults-", dir="/var/tmp"))
    _say(f"{arguments.runs} task instances for each of {len(chosen)} faults, --seed {seed}, in {folder}")
    try:
        rows = _play(chosen, arguments.runs, seed, folder, cluster)
    except BaseException:
        _say(f"Stopped; Airflow's logs are in {folder}.")
        raise
    _say(table(rows))
    if any(row.told for row in rows):
        _say(f"\n{told_table(rows)}")
    if any(row.findings for row in rows):
        _say(f"There was harm; all of Airflow is kept in {folder}.")
        return 1
    if arguments.keep:
        _say(f"All of Airflow is kept in {folder}.")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _play(faults: tuple[Fault, ...], runs: int, seed: int, folder: Path, cluster: test_cluster.Cluster) -> list[Row]:
    deployment = Deployment(folder, cluster.kubeconfig, _PARALLELISM)
    # Each fault has a chance of its own, so that one alone is as it was among all.
    benches = [FaultBench(fault, runs, random.Random(f"{seed} {fault.name}"), deployment, cluster) for fault in faults]
    rows = []
    try:
        deployment.start()
        for fault, bench in zip(faults, benches, strict=True):
            began = time.monotonic()
            rows.append(bench.play())
            _say(f"  {fault.title}: {in_short(rows[-1])} ({time.monotonic() - began:.0f} s)")
    finally:
        deployment.stop()
    return rows


def _chosen(text: str) -> tuple[Fault, ...]:
    by_name = {fault.name: fault for fault in FAULTS}
    unknown = sorted(set(text.split(",")) - set(by_name))
    if unknown:
        raise argparse.ArgumentTypeError(f"no such fault: {', '.join(unknown)}; there are {', '.join(by_name)}")
    return tuple(by_name[name] for name in text.split(","))


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a program that prints


if __name__ == "__main__":
    sys.exit(main())
