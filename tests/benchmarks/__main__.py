"""``make bench``: the operator beside the bare shell lines, imports beside Airflow's, the start of the command line."""

from __future__ import annotations

import argparse
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests import cluster as test_cluster
from tests.benchmarks.telling import say
from tests.integration.manifests import job
from tests.integration.namespace import Namespace

_MANIFEST = job("true", name="nothing")
_SHELL = """\
set -e
kubectl -n {namespace} apply --server-side -f {file} >{log}
kubectl -n {namespace} wait job/nothing --for=condition=complete --timeout=3600s >{log} & complete=$!
kubectl -n {namespace} wait job/nothing --for=condition=failed --timeout=3600s >{log} & failed=$!
wait -n
kill $complete $failed 2>{log} || true
kubectl -n {namespace} logs job/nothing >{log}
kubectl -n {namespace} delete -f {file} >{log}
"""
_RATIO_BAR = 1.10
_IMPORT_BAR_SECONDS = 0.15
_START_BAR_SECONDS = 0.5
_COUNTDOWN = Path(__file__).parents[2] / "examples" / "01_countdown" / "countdown.yaml"
# Notes when it was started, and fails: the rest of a run is not what is measured.
_STAMP = """\
#!{python} -SEI
import time
with open({file!r}, "a") as file:
    file.write(str(time.time()) + "\\n")
raise SystemExit(1)
"""


def main() -> None:
    """Measure and print; a bar that is missed is said so and fails nothing: the machine may be noisy."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--pairs", type=int, default=9, help="how often each of the two runs (default: %(default)s)")
    pairs = parser.parse_args().pairs
    _bench_execute(pairs)
    _bench_import(pairs)
    _bench_start(pairs)


def _bench_execute(pairs: int) -> None:
    """Pair the operator's ``execute`` with the shell lines on the same manifest."""
    cluster = test_cluster.current()
    os.environ["KUBECONFIG"] = str(cluster.kubeconfig)
    namespace = Namespace.create(cluster)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "nothing.yaml")
        file.write_text(_MANIFEST)
        execute = _operator(file, namespace.name)
        script = _SHELL.format(namespace=namespace.name, file=file, log=Path(folder, "shell.log"))

        def shell() -> None:
            subprocess.run(["bash", "-c", script], check=True)

        execute()
        shell()
        ours, bare, cpu = [], [], []
        for _ in range(pairs):
            before = _cpu_seconds()
            ours.append(_seconds(execute))
            cpu.append(_cpu_seconds() - before)
            bare.append(_seconds(shell))
    namespace.delete()
    ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    say(f"A Job that does nothing, {pairs} pairs, medians, with the cluster's own time in both:")
    say(f"  execute   {statistics.median(ours):.2f} s  ({min(ours):.2f} to {max(ours):.2f})")
    say(f"  shell     {statistics.median(bare):.2f} s  ({min(bare):.2f} to {max(bare):.2f})")
    say(f"  ratio     {ratio:.2f}    ({_against(ratio, _RATIO_BAR)})")
    say(f"  CPU of one task, our process and its kubectls: {statistics.median(cpu):.2f} s")


def _operator(file: Path, namespace: str) -> Callable[[], None]:
    """Return ``execute`` of an operator, with the context of a run that Airflow would give it."""
    from kubectl_job_operator import KubernetesJobOperator
    from tests.airflow_dag import DAG
    from tests.integration.stub_context import context_for

    class Quiet(KubernetesJobOperator):
        log = logging.getLogger("quiet")  # type: ignore[assignment]

    Quiet.log.propagate = False
    with DAG("bench", schedule=None):
        task = Quiet(task_id="bench", yaml_file_name=str(file), namespace=namespace, tail_logs=True)
    return lambda: task.execute(context_for(task))


def _bench_import(pairs: int) -> None:
    """Import our operator's module on top of Airflow's, and Airflow's alone, in fresh interpreters."""
    with_ours, alone = [], []
    for _ in range(pairs):
        alone.append(_import_seconds("from airflow.sdk import BaseOperator"))
        with_ours.append(
            _import_seconds("from airflow.sdk import BaseOperator; import kubectl_job_operator.airflow.operators")
        )
    added = statistics.median(b - a for a, b in zip(alone, with_ours, strict=True))
    say(f"Import, {pairs} pairs, medians:")
    say(f"  airflow.sdk alone           {statistics.median(alone):.2f} s")
    say(f"  with our operator's module  {statistics.median(with_ours):.2f} s")
    say(f"  added                       {added:.3f} s  ({_against(added, _IMPORT_BAR_SECONDS)})")


def _bench_start(pairs: int) -> None:
    """Start the command line, up to its first kubectl process, beside a bare interpreter and a bare kubectl."""
    with tempfile.TemporaryDirectory() as folder:
        stamps = Path(folder, "stamps")
        kubectl = Path(folder, "kubectl")
        kubectl.write_text(_STAMP.format(python=sys.executable, file=str(stamps)))
        kubectl.chmod(0o755)
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(_COUNTDOWN.parents[2]), "TMPDIR": folder}
        argv = [sys.executable, "-m", "kubectl_job_operator", "run", str(_COUNTDOWN), "--namespace", "here"]

        def ours() -> float:
            stamps.unlink(missing_ok=True)
            began = time.time()
            subprocess.run(argv, env=environment, capture_output=True, check=False)
            return float(stamps.read_text().splitlines()[0]) - began

        ours()
        runs = [(ours(), _run_seconds("python"), _run_seconds("kubectl")) for _ in range(pairs)]
    first, python, bare = (statistics.median(times) for times in zip(*runs, strict=True))
    say(f"Start of `kubectl-job-operator run` on the first example, {pairs} times, medians:")
    say(f"  until its first kubectl process runs  {first:.2f} s  ({_against(first, _START_BAR_SECONDS)})")
    say(f"  python -c pass                        {python:.2f} s")
    say(f"  kubectl version --client              {bare:.2f} s")


def _run_seconds(program: str) -> float:
    argv = [sys.executable, "-c", "pass"] if program == "python" else ["kubectl", "version", "--client"]

    def run() -> None:
        subprocess.run(argv, check=True, capture_output=True)

    return _seconds(run)


def _against(figure: float, bar: float) -> str:
    return f"bar {bar:.2f}: {'held' if figure <= bar else 'MISSED'}"


def _import_seconds(statement: str) -> float:
    code = f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def _seconds(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main()
