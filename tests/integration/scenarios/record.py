"""Keeps what the cluster says of each scenario: ``python -m tests.integration.scenarios.record [NAME ...]``.

Each gets a folder ``tests/fixtures/kubernetes-MINOR/NAME``: ``manifest.yaml`` as it was applied; ``job-events.jsonl``
and ``pod-events.jsonl``, the whole life as ``kubectl get --watch --output-watch-events`` printed it, but for the
``managedFields``, which are half of it; ``job.json``, ``pods.json`` and ``events.json`` as they then stood; what apply
printed to stderr, a warning or why the API server refused the Job, in ``stderr.txt``.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import cluster as test_cluster
from tests.integration.namespace import Namespace

from .all import SCENARIOS
from .scenario import Scenario

FIXTURES = Path(__file__).parents[2] / "fixtures"
AT_ONCE = 4
LONGEST_SECONDS = 120
SETTLED_SECONDS = 3.0
WAITING_SECONDS = 20
OVER = '{.status.conditions[?(@.status=="True")].type}'


def main() -> None:
    """Record the scenarios that are named, or all."""
    cluster = test_cluster.current()
    minor = Namespace(cluster, "default").server_minor()
    named = [SCENARIOS[name] for name in sys.argv[1:]] or list(SCENARIOS.values())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        recorded = {one.name: pool.submit(record, cluster, one, minor) for one in named if one.since <= minor}
        for name, future in recorded.items():
            print(f"{name}: {future.exception() or ', '.join(future.result())}", flush=True)  # noqa: T201 - a program


def record(cluster: test_cluster.Cluster, scenario: Scenario, minor: int) -> list[str]:
    """Record one, and return the names of its files."""
    folder = FIXTURES / f"kubernetes-1.{minor}" / scenario.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    namespace = Namespace.create(cluster, f"fixtures-{scenario}")
    try:
        with scenario.set_in(namespace) as meanwhile:
            _record_life(namespace, scenario, folder)
            meanwhile.result()
    finally:
        namespace.delete()
    return sorted(path.name for path in folder.iterdir())


def _record_life(namespace: Namespace, scenario: Scenario, folder: Path) -> None:
    """Apply the Job, and keep what is said of it until it is over or nothing more is to come."""
    (folder / "manifest.yaml").write_text(scenario.manifest)
    own_pods = ("pods", f"--selector=job-name={scenario}")
    with (
        _watching(namespace, folder / "job-events.jsonl", "jobs"),
        _watching(namespace, folder / "pod-events.jsonl", *own_pods),
    ):
        argv = namespace.command("apply", "--server-side", "-f", str(folder / "manifest.yaml"))
        applied = subprocess.run(argv, capture_output=True, text=True, check=False)
        if applied.stderr:
            (folder / "stderr.txt").write_text(applied.stderr)
        if applied.returncode:
            return
        _wait(namespace, scenario.name)
        time.sleep(SETTLED_SECONDS)
    for name, words in (("job", ("job", scenario.name)), ("pods", own_pods), ("events", ("events",))):
        (folder / f"{name}.json").write_text(namespace.kubectl("get", *words, "-o", "json"))


@contextlib.contextmanager
def _watching(namespace: Namespace, file: Path, *what: str) -> Iterator[None]:
    argv = namespace.command("get", *what, "--watch", "--output-watch-events", "-o", "json")
    with file.open("wb") as out, subprocess.Popen(argv, stdout=out) as watch:
        try:
            yield
        finally:
            watch.terminate()
    events = [json.loads(line) for line in file.read_text().splitlines()]
    for event in events:
        event["object"]["metadata"].pop("managedFields", None)
    file.write_text("".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events))
    if not events:
        file.unlink()


def _wait(namespace: Namespace, name: str) -> None:
    """Wait until the Job has its verdict, or has waited so long that nothing new is said."""
    began, had_pod = time.monotonic(), False
    while not {"Complete", "Failed"} & set(namespace.kubectl("get", "job", name, "-o", f"jsonpath={OVER}").split()):
        had_pod = had_pod or bool(namespace.names("pods"))
        if time.monotonic() - began > (LONGEST_SECONDS if had_pod else WAITING_SECONDS):
            return
        time.sleep(0.5)


if __name__ == "__main__":
    main()
