"""``make bench-logs``: a million lines through a real Airflow, counted, beside the bare ``kubectl logs -f``."""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from tests import cluster as test_cluster
from tests.benchmarks.log_lines import all_at_once, began, count_lines, events_in, paced, shown_in, unix, uptime
from tests.benchmarks.telling import say
from tests.faults.deployment import Deployment
from tests.integration.manifests import job
from tests.integration.namespace import Namespace

_RATIO_BAR = 1.5
_MEMORY_BAR_MB = 20.0
_LATENCY_BAR_SECONDS = 1.0
_VERDICT_BAR_SECONDS = 1.0
_LIMIT_SECONDS = 900.0
_DAG = """\
import json
import os
import threading
from pathlib import Path

from kubectl_job_operator import KubernetesJobOperator
from tests.airflow_dag import DAG


def measure(context):
    def sample():
        while True:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            seen.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
            file.write_text(json.dumps([seen[0], max(seen)]))
            over.wait(0.2)

    file, seen, over = Path({folder!r}, context["ti"].task_id + ".memory"), [], threading.Event()
    threading.Thread(target=sample, daemon=True).start()


with DAG("logs", schedule=None) as dag:
    pass
for name, (manifest, arguments) in json.loads(Path({folder!r}, "jobs.json").read_text()).items():
    with DAG("logs_" + name, schedule=None) as one:
        KubernetesJobOperator(
            task_id="job", job_yaml=manifest, namespace={namespace!r}, delete_policy="Never", unique_name=True,
            pre_execute=measure, **arguments,
        )
    globals()[one.dag_id] = one
"""


def main() -> int:
    """Measure and print; return 1 if a line was missing, doubled or out of order."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.logs", description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000, help="of one container (default: %(default)s)")
    parser.add_argument(
        "--pairs", type=int, default=3, help="how often each of the two reads them (default: %(default)s)"
    )
    parser.add_argument("--slow-seconds", type=int, default=120, help="of 10 lines per second (default: %(default)s)")
    parser.add_argument("--cut-nothing", action="store_true", help="leave a cluster whole that others use too")
    arguments = parser.parse_args()
    cluster = test_cluster.current()
    namespace = Namespace.create(cluster)
    folder = Path(tempfile.mkdtemp(prefix="bench-logs-"))
    bench = _Bench(arguments, cluster, namespace, folder)
    airflow = Deployment(folder, cluster.kubeconfig, parallelism=2)
    try:
        bench.write_dags(airflow)
        airflow.start()
        bench.airflow = airflow
        return bench.run()
    finally:
        airflow.stop()
        namespace.delete()
        subprocess.run(["rm", "-r", str(folder)], check=False)


class _Bench:
    def __init__(self, arguments: Any, cluster: test_cluster.Cluster, namespace: Namespace, folder: Path) -> None:
        self._arguments = arguments
        self._cluster = cluster
        self._namespace = namespace
        self._folder = folder
        self.airflow: Any = None
        lines, each = arguments.lines, arguments.lines // 20
        blocks = lines // 1000
        patient = "backoffLimit: 0\nactiveDeadlineSeconds: 1200"
        self._jobs: dict[str, tuple[str, dict[str, Any]]] = {
            "burst": (job(all_at_once(lines), name="burst"), {}),
            "cut": (job(paced(blocks, 1000, 40 / blocks), name="cut", spec=patient), {}),
            "pods": (
                job(paced(50, each // 50, 0.8), name="pods", spec=f"{patient}\nparallelism: 20\ncompletions: 20"),
                {},
            ),
            "slow": (job(paced(arguments.slow_seconds * 10, 1, 0.1), name="slow", spec=patient), {}),
            "slow_cut": (job(paced(arguments.slow_seconds * 10, 1, 0.1), name="slow-cut", spec=patient), {}),
        }

    def write_dags(self, airflow: Deployment) -> None:
        """Write the DAGs' file, one DAG for each Job."""
        (self._folder / "jobs.json").write_text(json.dumps(self._jobs))
        text = "import json\n" + _DAG.format(folder=str(self._folder), namespace=self._namespace.name)
        (airflow.dags / "logs.py").write_text(text)

    def run(self) -> int:
        """Measure everything."""
        harm = 0
        ours, bare, growth, verdicts = [], [], [], []
        for _ in range(self._arguments.pairs):
            bare.append(self._bare())
            run_id = self._play("burst")
            shown = shown_in(self._log("burst", run_id))
            harm += count_lines("one container, all at once", shown, {"": self._arguments.lines})
            ours.append(shown[-1].at - began(shown))
            growth.append(self._memory_growth())
            verdicts.append(self._verdict_delay("burst", run_id))
        ratio = statistics.median(ours) / statistics.median(bare)
        say(
            f"{self._arguments.lines} lines of one container, {self._arguments.pairs} pairs, from its start to its end:"
        )
        say(f"  task's log       {_spread(ours)}")
        say(f"  kubectl logs -f  {_spread(bare)}")
        say(f"  ratio            {ratio:.2f}  ({_bar(ratio <= _RATIO_BAR, _RATIO_BAR)})")
        say(f"  memory grew by   {_spread(growth, 'MB')}  ({_bar(max(growth) < _MEMORY_BAR_MB, _MEMORY_BAR_MB)})")
        say(
            f"  verdict after the Job's own condition, lines unread: {_spread(verdicts)}  "
            f"({_bar(max(verdicts) <= _VERDICT_BAR_SECONDS, _VERDICT_BAR_SECONDS)})"
        )
        late = self._latencies()
        say(f"10 lines per second for {self._arguments.slow_seconds} s, from the container to the task's log:")
        say(
            f"  median {statistics.median(late):.3f} s, longest {max(late):.3f} s  "
            f"({_bar(statistics.median(late) <= _LATENCY_BAR_SECONDS, _LATENCY_BAR_SECONDS)})"
        )
        if self._arguments.cut_nothing:
            return 1 if harm else 0
        for name, what, expected in (
            ("cut", "one container", {"": self._arguments.lines}),
            ("pods", "20 pods at once", {"*": self._arguments.lines // 20}),
            ("slow_cut", "10 lines per second", {"": self._arguments.slow_seconds * 10}),
        ):
            with _everything_cut(self.airflow, self._namespace) as cuts:
                run_id = self._play(name)
            harm += count_lines(f"{what}, while {cuts[0]}", shown_in(self._log(name, run_id)), expected)
        return 1 if harm else 0

    def _play(self, name: str) -> str:
        """Run a DAG to its end and return the run's id."""
        dag_id = f"logs_{name}"
        _until(lambda: self.airflow.knows(dag_id), f"Airflow does not know {dag_id}")
        run_id = str(self.airflow.trigger(dag_id))
        ends = ("success", "failed")
        _until(lambda: self.airflow.states(dag_id, run_id).get("job") in ends, f"{dag_id} does not end")
        state = self.airflow.states(dag_id, run_id)["job"]
        if state != "success":
            raise RuntimeError(
                f"{dag_id} is {state}: {self.airflow.task_log(dag_id, run_id, 'job', 1).read_text()[-3000:]}"
            )
        return run_id

    def _log(self, name: str, run_id: str) -> Path:
        return Path(self.airflow.task_log(f"logs_{name}", run_id, "job", 1))

    def _bare(self) -> float:
        """Return how long the bare command takes for a Job of the same kind."""
        name = f"bare-{random.randrange(10**6)}"
        self._namespace.kubectl("apply", "-f", "-", given=job(all_at_once(self._arguments.lines), name=name))
        _until(lambda: self._phase(name) in ("Running", "Succeeded"), "the bare Job does not start")
        file = self._folder / "bare.log"
        with file.open("wb") as output:
            argv = ["kubectl", "--kubeconfig", str(self._cluster.kubeconfig), "-n", self._namespace.name]
            subprocess.run([*argv, "logs", f"job/{name}", "-f"], stdout=output, check=True)
        # When the last line came, not when the command ended: the container pauses before it ends.
        ended = file.stat().st_mtime - time.time() + uptime()
        lines = file.read_text().splitlines()
        if len(lines) != self._arguments.lines + 1:
            raise RuntimeError(f"the bare kubectl logs -f read {len(lines)} lines")
        return ended - float(lines[0].split()[1])

    def _phase(self, name: str) -> str:
        pods = self._namespace.kubectl(
            "get", "pods", "-l", f"job-name={name}", "-o", "jsonpath={.items[*].status.phase}"
        )
        return pods.strip()

    def _memory_growth(self) -> float:
        first, most = json.loads((self._folder / "job.memory").read_text())
        return float(most - first)

    def _verdict_delay(self, name: str, run_id: str) -> float:
        """Return how long after the API server had stored the Job's end the task's log tells it."""
        told, full_name = next(
            (at, match[1])
            for at, text in events_in(self._log(name, run_id))
            if (match := re.match(r"Job (\S+) is Complete", text))
        )
        uri = "/apis/batch/v1/namespaces/{}/jobs/{}/status".format(*full_name.split("/"))
        updates = [
            unix(event["stageTimestamp"])
            for line in test_cluster.faults.audit_log_since(0)
            if uri in line and (event := json.loads(line))["stage"] == "ResponseComplete"
        ]
        return told - max(updates)

    def _latencies(self) -> list[float]:
        """Return, for each slow line, the seconds from when it was written to when it stood in the log's file."""
        dag_id = "logs_slow"
        seen: list[float] = []
        _until(lambda: self.airflow.knows(dag_id), f"Airflow does not know {dag_id}")
        run_id = str(self.airflow.trigger(dag_id))
        file, rest = self.airflow.task_log(dag_id, run_id, "job", 1), b""
        _until(file.exists, "there is no log")
        count, deadline = self._arguments.slow_seconds * 10, time.monotonic() + _LIMIT_SECONDS
        with file.open("rb") as growing:
            while len(seen) < count and time.monotonic() < deadline:
                *lines, rest = (rest + growing.read()).split(b"\n")
                now = uptime()
                written = [float(at) for line in lines for at in re.findall(rb"number \d+ at ([\d.]+)", line)]
                seen += [now - at for at in written]
                time.sleep(0.01)
        return seen


@contextlib.contextmanager
def _everything_cut(airflow: Deployment, namespace: Namespace) -> Iterator[list[str]]:
    """Kill the API server three times, and reading kubectls at random, while the block runs."""
    over, cuts, killed = threading.Event(), ["nothing was cut"], [0, 0]

    def tell() -> None:
        cuts[:] = [f"the API server was killed {killed[0]} times and {killed[1]} kubectls were"]

    def kill_api_servers() -> None:
        _until(lambda: namespace.living("pods") != [], "there was no pod")
        for _ in range(3):
            if over.wait(random.uniform(5, 9)):
                break
            test_cluster.faults.kill("kube-apiserver")
            over.wait(random.uniform(1, 3))
            test_cluster.faults.start("kube-apiserver")
            killed[0] += 1
            tell()

    def kill_kubectls() -> None:
        while not over.wait(random.uniform(0.5, 3)):
            readers = [one for one in airflow.processes() if _reads(one)]
            if readers:
                with contextlib.suppress(psutil.NoSuchProcess):
                    random.choice(readers).send_signal(signal.SIGKILL)
                    killed[1] += 1
                    tell()

    threads = [threading.Thread(target=target) for target in (kill_api_servers, kill_kubectls)]
    for thread in threads:
        thread.start()
    try:
        yield cuts
    finally:
        over.set()
        for thread in threads:
            thread.join()
        test_cluster.faults.start("kube-apiserver")
        test_cluster.faults.wait_until_healthy()


def _reads(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool({"logs", "--watch"} & set(process.cmdline()))
    return False


def _until(condition: Callable[[], object], otherwise: str) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(otherwise)
        time.sleep(0.2)


def _spread(values: list[float], unit: str = "s") -> str:
    return f"{statistics.median(values):.2f} {unit} ({min(values):.2f} to {max(values):.2f})"


def _bar(is_held: bool, bar: float) -> str:
    return f"bar {bar:g}: {'held' if is_held else 'missed'}"


if __name__ == "__main__":
    sys.exit(main())
