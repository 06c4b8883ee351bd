"""``make chaos``: a thousand Jobs of a real Airflow while everything breaks at once, and the harm that came of it."""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from kubectl_job_operator.attempt.memory_disk import memory_disk
from tests import cluster as test_cluster
from tests.benchmarks.telling import say
from tests.chaos.airflow import ChaosAirflow
from tests.chaos.bench import ChaosBench
from tests.chaos.case import kept
from tests.chaos.judge import judge_case
from tests.chaos.leftovers import secrets_left, sweep_as_the_next_task
from tests.chaos.plan import BLOWS, CLEAR, STORMS, TIMEOUT, draw_plans
from tests.chaos.report import Outcome, judgement, lines
from tests.faults.observe import Kubectl
from tests.integration.between import Line
from tests.integration.namespace import Namespace

_PARALLELISM = 20


def main() -> int:
    """Play; return 1 if there was harm, 2 if it cannot be played."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000, help="how many task instances (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=60, help="start none later (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="of all that is random; it is printed")
    parser.add_argument("--keep", action="store_true", help="keep all of Airflow, with its logs, without harm too")
    parser.add_argument("--judge", type=Path, metavar="FOLDER", help="only judge again what was kept in this folder")
    arguments = parser.parse_args()
    if arguments.judge is not None:
        return _judge_again(arguments.judge)
    cluster = test_cluster.current()
    if cluster.kind != "kind":
        say("Only a cluster of kind that `make cluster` made can be broken like this; this is another one.")
        return 2
    seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
    # Asked to end, clean up as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A node of kind that is started again has lost its /tmp, and what the containers recorded there.
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir="/var/tmp"))
    say(f"{arguments.jobs} task instances, --seed {seed}, in {folder}")
    began = time.monotonic()
    try:
        outcome = _play(arguments.jobs, seed, arguments.minutes, folder, cluster)
    except BaseException:
        say(f"Stopped; Airflow's logs are in {folder}.")
        raise
    for line in lines(outcome, [*BLOWS, CLEAR, TIMEOUT, *(name for kinds in STORMS.values() for name in kinds)]):
        say(line)
    say(f"--seed {seed}, {(time.monotonic() - began) / 60:.0f} minutes")
    is_short = outcome.jobs < arguments.jobs
    if is_short:
        say(f"Only {outcome.jobs} of {arguments.jobs} task instances were started in the time.")
    if outcome.findings or arguments.keep:
        say(f"All of Airflow is kept in {folder}.")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if outcome.findings or is_short else 0


def _judge_again(folder: Path) -> int:
    judged = [judge_case(case) for case in kept(folder)]
    findings = [finding for harm, _ in judged for finding in harm]
    for line in judgement(findings, Counter(reason for _, reasons in judged for reason in reasons)):
        say(line)
    return 1 if findings else 0


def _play(jobs: int, seed: int, minutes: float, folder: Path, cluster: test_cluster.Cluster) -> Outcome:
    kubectl = Kubectl(cluster, f"test-chaos-{seed:06}")
    kubectl.make_namespace()
    line = Line(Namespace(cluster, kubectl.namespace), folder)
    airflow = ChaosAirflow(folder, line.kubeconfig, _PARALLELISM)
    try:
        plans = draw_plans(random.Random(f"{seed} plans"), jobs)
        bench = ChaosBench(plans, seed, airflow, line, kubectl)
        airflow.start()
        outcome = bench.play(minutes)
    finally:
        airflow.stop()
        line.close()
        kubectl.delete_namespace()
    sweep_as_the_next_task()
    found = secrets_left(line.kubeconfig, [folder, *filter(None, [memory_disk()])])
    return replace(outcome, findings=[*outcome.findings, *found])


if __name__ == "__main__":
    sys.exit(main())
