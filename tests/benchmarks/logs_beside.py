"""The first half of ``make bench-logs``: the lines of 20 pods, and what a line costs, beside others."""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import cluster as test_cluster
from tests.benchmarks.log_dag import PODS, TASK, pods_manifest
from tests.benchmarks.log_lines import all_at_once, began, count_lines, shown_in, uptime
from tests.benchmarks.telling import say, verdict
from tests.faults.deployment import Deployment
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.waiting import until

_RATIO_BAR = 1.15
_LIMIT_SECONDS = 900.0
_BARE_LEAD_SECONDS, _LEAD_SECONDS = 30, 45
"""In that time all pods have started, and whoever reads has begun."""
_DAG = """\
from tests.benchmarks.log_dag import make_dags

for dag in make_dags({folder!r}, {namespace!r}, {lines}, {each}):
    globals()[dag.dag_id] = dag
"""


@dataclass(frozen=True)
class Read:
    """What it took to read lines.

    :param seconds: from the beginning of the containers to the last line.
    :param cpu_seconds: of all who read and write the log.
    """

    seconds: float
    cpu_seconds: float


def main() -> int:
    """Measure and print; return 1 if a line was missing or doubled, or a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.logs_beside", description=__doc__)
    parser.add_argument("--lines", type=int, default=200_000, help="of one container (default: %(default)s)")
    parser.add_argument("--each", type=int, default=50_000, help=f"of each of {PODS} pods (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=3, help="how often the pods are read (default: %(default)s)")
    arguments = parser.parse_args()
    with _stage(arguments) as stage:
        return 1 if any([stage.pods(), stage.peers()]) else 0


class _Stage:
    """An Airflow with its DAGs.

    :param arguments: of the command line.
    """

    def __init__(self, arguments: argparse.Namespace, namespace: Namespace, airflow: Deployment) -> None:
        self._arguments = arguments
        self._namespace = namespace
        self._airflow = airflow

    def pods(self) -> bool:
        """Let many pods write at once; return whether a line or the bar was missed."""
        each, wrong = self._arguments.each, 0
        ours, bare = [], []
        for number in range(self._arguments.pairs):
            bare.append(self._bare_pods(f"bare-pods-{number}").seconds)
            moment = int(time.time()) + _LEAD_SECONDS
            log = self._play("pods", {"at": moment})
            shown = shown_in(log)
            wrong += count_lines(f"{PODS} pods at once", shown, {"*": each})
            ours.append(shown[-1].at - moment)
        ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
        is_missed = ratio > _RATIO_BAR
        say(f"{PODS} pods of {each:,} lines, {len(ours)} pairs, from when they begin to the last line:")
        say(f"  task's log {statistics.median(ours):.1f} s, kubectl logs -f {statistics.median(bare):.1f} s")
        say(f"  ratio {ratio:.2f} (bar {_RATIO_BAR}: {verdict(is_missed=is_missed)})")
        return is_missed or wrong > 0

    def peers(self) -> bool:
        """Let one container write, for each side; return whether a line of ours was missed."""
        lines = self._arguments.lines
        found, wrong = {"kubectl logs -f": self._bare()}, 0
        for name in ("ours", "KPO"):
            log = self._play(name, {})
            shown = shown_in(log)
            missed = count_lines(name, shown, {"": lines} if name == "ours" else {"base": lines})
            wrong += missed if name == "ours" else 0
            cpu = float(json.loads((self._airflow.folder / f"{name}.cpu").read_text()))
            found[name] = Read(shown[-1].at - began(shown), cpu)
        say(f"{lines:,} lines of one container:")
        say(f"  {'':16}{'seconds':>9}{'of ours':>9}{'CPU s':>8}{'of ours':>9}{'lines per CPU second':>22}")
        ours = found["ours"]
        for name, one in found.items():
            say(
                f"  {name:16}{one.seconds:9.1f}{one.seconds / ours.seconds:9.2f}{one.cpu_seconds:8.2f}"
                f"{one.cpu_seconds / ours.cpu_seconds:9.2f}{lines / one.cpu_seconds:22,.0f}"
            )
        return wrong > 0

    def _play(self, dag_id: str, conf: dict[str, int]) -> Path:
        """Run a DAG to its end and return the log of its task."""
        until(lambda: self._airflow.knows(dag_id), f"Airflow does not know {dag_id}", seconds=_LIMIT_SECONDS)
        run_id = self._airflow.trigger(dag_id, conf)

        def state() -> str:
            return self._airflow.states(dag_id, run_id).get(TASK, "")

        until(lambda: state() in ("success", "failed"), f"{dag_id} does not end", seconds=_LIMIT_SECONDS)
        log = self._airflow.task_log(dag_id, run_id, TASK, 1)
        assert state() == "success", log.read_text()[-3000:]
        return log

    def _bare_pods(self, name: str) -> Read:
        moment = int(time.time()) + _BARE_LEAD_SECONDS
        self._namespace.kubectl("apply", "-f", "-", given=pods_manifest(name, self._arguments.each, str(moment)))
        until(lambda: len(self._running(name)) == PODS, "the pods do not start")
        assert time.time() < moment, "the pods have started too late"
        read = self._read(
            PODS * (self._arguments.each + 1), "-l", f"job-name={name}", "--max-log-requests=20", "--prefix"
        )
        return Read(read.seconds - moment, read.cpu_seconds)

    def _bare(self) -> Read:
        self._namespace.kubectl("apply", "-f", "-", given=job(all_at_once(self._arguments.lines), name="bare"))
        until(lambda: bool(self._running("bare")), "the pod does not start")
        read = self._read(self._arguments.lines + 1, "job/bare")
        first = (self._airflow.folder / "bare").read_text().split("\n", 1)[0]
        return Read(read.seconds - (time.time() - uptime() + float(first.split()[-1])), read.cpu_seconds)

    def _read(self, lines: int, *what: str) -> Read:
        """Follow logs by kubectl; the seconds are those at which the last line came, as Unix time."""
        file, before = self._airflow.folder / "bare", resource.getrusage(resource.RUSAGE_CHILDREN)
        with file.open("wb") as output:
            command = self._namespace.command("logs", "--follow", "--tail=-1", *what)
            subprocess.run(command, stdout=output, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        with file.open() as written:
            count = sum(1 for _ in written)
        assert count == lines, f"the bare kubectl logs -f has read {count} lines"
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        # When the last line came, not when the command ended: the containers pause before they end.
        return Read(file.stat().st_mtime, cpu)

    def _running(self, name: str) -> list[str]:
        """Return the names of a Job's pods that run or have run."""
        pods = self._namespace.objects("pods")
        mine = [pod for pod in pods if pod["metadata"]["labels"].get("job-name") == name]
        return [pod["metadata"]["name"] for pod in mine if pod["status"]["phase"] in ("Running", "Succeeded")]


@contextmanager
def _stage(arguments: argparse.Namespace) -> Iterator[_Stage]:
    cluster = test_cluster.current()
    namespace = Namespace.create(cluster)
    folder = Path(tempfile.mkdtemp(prefix="bench-logs-"))
    airflow = Deployment(folder, cluster.kubeconfig, parallelism=2)
    text = _DAG.format(folder=str(folder), namespace=namespace.name, lines=arguments.lines, each=arguments.each)
    try:
        (airflow.dags / "beside.py").write_text(text)
        airflow.start()
        yield _Stage(arguments, namespace, airflow)
    finally:
        airflow.stop()
        namespace.delete()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
