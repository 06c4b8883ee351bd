"""``make bench-cost``: CPU, time and memory of a task, and of a DAG's file, beside the bare shell and BashOperators."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from tests import cluster as test_cluster
from tests.airflow_dag import DAG
from tests.benchmarks.telling import say, verdict
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.stub_context import context_for
from tests.waiting import until

_CPU_BAR, _WALL_BAR = 2.6, 1.25
_KUBECTL_BAR, _MEMORY_BAR_MB = 4, 45.0
_PARSE_BAR = 1.3
_SETTLED_SECONDS = 10.0
_TASKS = 100
# What a careful person would type; the operator has to know more: whose the Job is, its rights, its pods, every line.
_SHELL = """\
set -e
kubectl -n {namespace} apply --server-side -f {file}
kubectl -n {namespace} wait job/cost --for=condition=complete --timeout=3600s & complete=$!
kubectl -n {namespace} wait job/cost --for=condition=failed --timeout=3600s & failed=$!
wait -n
kill $complete $failed || true
wait
kubectl -n {namespace} logs job/cost
kubectl -n {namespace} delete -f {file} --wait=false
"""
_DAG_FILE = """\
from tests.airflow_dag import DAG
{imports}

with DAG("{name}", schedule=None):
    for number in range({tasks}):
        {task}
"""
_FILES = {
    "ours": (
        "from kubectl_job_operator import KubernetesJobOperator",
        'KubernetesJobOperator(task_id=f"task_{number}", yaml_file_name="job.yaml", namespace="here")',
    ),
    "bash": (
        "from airflow.providers.standard.operators.bash import BashOperator",
        'BashOperator(task_id=f"task_{number}", bash_command="true")',
    ),
}


@dataclass(frozen=True)
class Cost:
    """What a process and all that it waited for has taken.

    :param cpu_seconds: of the user and of the system.
    :param wall_seconds: from its start to its end.
    """

    cpu_seconds: float
    wall_seconds: float


def main() -> None:
    """Measure, print, and fail where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.cost", description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, help="how often each of two runs (default: %(default)s)")
    parser.add_argument("--pods", type=int, default=100, help="pods of the Indexed Job (default: %(default)s)")
    parser.add_argument("--only", choices=_PARTS, help="only this part")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # As where a package is installed: what Python has read once it does not compile again.
        sys.dont_write_bytecode, sys.pycache_prefix = False, folder
        missed = [
            row
            for name, part in _PARTS.items()
            if arguments.only in (None, name)
            for row in part(Path(folder), arguments)
        ]
    sys.exit(1 if any(missed) else 0)


def _bench_short_task(folder: Path, arguments: argparse.Namespace) -> list[bool]:
    """Pair a task whose container sleeps for 3 s with the shell."""
    cluster = test_cluster.current()
    os.environ["KUBECONFIG"] = str(cluster.kubeconfig)
    namespace = Namespace.create(cluster)
    file = folder / "cost.yaml"
    file.write_text(job("echo begun; sleep 3; echo done", name="cost"))
    task = _task(file, namespace.name)
    script = _SHELL.format(namespace=namespace.name, file=file)

    def ours() -> None:
        task.execute(context_for(task))

    def shell() -> None:
        _silence()
        os.execvp("bash", ["bash", "-c", script])

    def clean() -> None:
        namespace.kubectl("delete", "job", "cost", "--ignore-not-found", "--cascade=foreground")

    pairs: list[tuple[Cost, Cost]] = []
    try:
        for _ in range(arguments.pairs + 1):
            pairs.append((_cost(ours), _cost(shell)))
            clean()
    finally:
        namespace.delete()
    pairs = pairs[1:]  # the first one compiles, and asks for kubectl's version
    say(f"A task whose container sleeps 3 s, {arguments.pairs} pairs, medians:")
    cpu = [(one.cpu_seconds, other.cpu_seconds) for one, other in pairs]
    wall = [(one.wall_seconds, other.wall_seconds) for one, other in pairs]
    return [_row("CPU seconds", cpu, _CPU_BAR, "the shell"), _row("seconds", wall, _WALL_BAR, "the shell")]


def _bench_running_task(folder: Path, arguments: argparse.Namespace) -> list[bool]:
    """Count the kubectls of a task that runs, and their private memory."""
    cluster = test_cluster.current()
    os.environ["KUBECONFIG"] = str(cluster.kubeconfig)
    say("A task that runs, all its kubectls:")
    indexed = (
        f"{{completions: {arguments.pods}, parallelism: {arguments.pods}, completionMode: Indexed, backoffLimit: 0}}"
    )
    count, megabytes = _held(cluster, folder, job("echo begun; sleep 600", name="cost"), 1)
    is_missed = count > _KUBECTL_BAR or megabytes > _MEMORY_BAR_MB
    say(f"  1 pod               {count} kubectls, {megabytes:.0f} MB {verdict(is_missed=is_missed)}")
    for streams in (1, 20):
        spec = job("echo begun; sleep 600", name="cost", spec=_flow(indexed))
        several, more = _held(cluster, folder, spec, min(streams, arguments.pods), max_log_streams=streams)
        say(f"  {arguments.pods} pods, {streams:2} followed  {several} kubectls, {more:.0f} MB")
        is_missed = is_missed or (streams == 1 and (several > _KUBECTL_BAR or more > _MEMORY_BAR_MB))
    return [is_missed]


def _held(
    cluster: test_cluster.Cluster, folder: Path, manifest: str, streams: int, **arguments: Any
) -> tuple[int, float]:
    """Run a task until it follows its logs, and return how many kubectls it has and their private memory in MB."""
    namespace = Namespace.create(cluster)
    file = folder / "cost.yaml"
    file.write_text(manifest)
    task = _task(file, namespace.name, **arguments)
    pid = _forked(lambda: task.execute(context_for(task)))
    try:
        worker = psutil.Process(pid)
        follows = ("logs", "--follow")
        until(
            lambda: sum(set(follows) <= set(argv) for argv in _commands(worker)) >= streams,
            "the task did not follow its logs",
            seconds=300.0,
        )
        time.sleep(_SETTLED_SECONDS)
        kubectls = [child for child in worker.children(recursive=True) if child.name() == "kubectl"]
        return len(kubectls), sum(child.memory_full_info().uss for child in kubectls) / 1e6
    finally:
        os.kill(pid, signal.SIGKILL)  # and the kernel ends its kubectls
        os.waitpid(pid, 0)
        namespace.delete()


def _bench_parsing(folder: Path, arguments: argparse.Namespace) -> list[bool]:
    """Read a DAG's file, and write the DAG for the scheduler, as the DAG processor does: in a fork for each file."""
    from tests.benchmarks.dag_file import read_and_write

    files = {}
    for name, (imports, task) in _FILES.items():
        files[name] = folder / f"{name}.py"
        files[name].write_text(_DAG_FILE.format(imports=imports, name=name, task=task, tasks=_TASKS))
    pairs = []
    for _ in range(arguments.pairs + 1):
        ours, bash = (_cost(partial(read_and_write, file, _TASKS)) for file in files.values())
        pairs.append((ours.cpu_seconds, bash.cpu_seconds))
    say(f"A DAG's file with {_TASKS} tasks, {arguments.pairs} pairs, medians:")
    return [_row("CPU seconds", pairs[1:], _PARSE_BAR, "BashOperator")]


_PARTS = {"task": _bench_short_task, "running": _bench_running_task, "parsing": _bench_parsing}


def _task(file: Path, namespace: str, **arguments: Any) -> Any:
    from kubectl_job_operator import KubernetesJobOperator

    class Quiet(KubernetesJobOperator):
        log = logging.getLogger("quiet")  # type: ignore[assignment]

    Quiet.log.propagate = False
    with DAG("cost", schedule=None):
        return Quiet(task_id="cost", yaml_file_name=str(file), namespace=namespace, **arguments)


def _forked(action: Callable[[], object]) -> int:
    """Do it in a fork of this process, as Airflow runs a task, and return its process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        action()
        code = 0
    finally:
        os._exit(code)


def _cost(action: Callable[[], object]) -> Cost:
    """Do it in a fork, and return what that has cost."""
    began = time.monotonic()
    _, status, usage = os.wait4(_forked(action), 0)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), str(action))
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - began)


def _commands(worker: psutil.Process) -> list[list[str]]:
    found = []
    for child in worker.children(recursive=True):
        try:
            found.append(child.cmdline())
        except psutil.Error:
            continue
    return found


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


def _flow(spec: str) -> str:
    """Write a mapping in one line as the lines that ``job`` takes."""
    return "\n".join(part.strip() for part in spec.strip("{}").split(","))


def _row(what: str, pairs: Sequence[tuple[float, float]], bar: float, other: str) -> bool:
    """Print a ratio; return whether its bar is missed."""
    ratio = statistics.median(a / b for a, b in pairs)
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    is_missed = ratio > bar
    figures = f"  {what:12} {ours:6.2f}  {other} {theirs:6.2f}  ratio {ratio:.2f}"
    say(f"{figures}  (bar {bar:.2f}: {verdict(is_missed=is_missed)})")
    return is_missed


if __name__ == "__main__":
    main()
