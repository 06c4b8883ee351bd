"""``make test-whose``: plays every scene in a real Airflow of the version that is installed, and counts the harm."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests import cluster as test_cluster
from tests.integration.namespace import Namespace
from tests.whose.airflows import Airflow, make_airflow
from tests.whose.dag import AIRFLOW_VERSION, TEMPLATE, write_dags
from tests.whose.judge import harms
from tests.whose.report import add
from tests.whose.scenes import SCENES, Stage, arguments_of, manifest_of
from tests.whose.sightings import Sightings


def main() -> int:
    """Play, print a table and return 1 if anything was harmed."""
    parser = argparse.ArgumentParser(prog="python -m tests.whose", description=__doc__)
    parser.add_argument("--only", type=_chosen, default=list(SCENES), help=f"some of: {','.join(SCENES)}")
    parser.add_argument("--at-once", type=int, default=3, help="how many scenes play at a time (default: %(default)s)")
    parser.add_argument("--report", type=Path, help="a JSON file that gathers what came of each version")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # The kubectl that was installed with this Python.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    cluster = test_cluster.current()
    namespace = Namespace.create(cluster)
    folder = Path(tempfile.mkdtemp(prefix="whose-"))
    _say(f"Airflow {AIRFLOW_VERSION}: {len(arguments.only)} scenes in {namespace.name}, {folder}")
    airflows = [make_airflow(folder / home, cluster.kubeconfig) for home in ("blue", "green")]
    sightings = Sightings(namespace)
    sightings.start()
    try:
        outcomes = _play(arguments.only, airflows, sightings, namespace, arguments.at_once)
    finally:
        for airflow in airflows:
            airflow.stop()
        sightings.stop()
        namespace.delete()
    _say(add(arguments.report, AIRFLOW_VERSION, outcomes))
    if any(outcomes.values()):
        _say(f"There was harm; all of Airflow is kept in {folder}.")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _play(
    names: list[str], airflows: list[Airflow], sightings: Sightings, namespace: Namespace, at_once: int
) -> dict[str, list[str]]:
    """Return what went wrong in each scene."""
    dags: dict[str, dict[str, Any]] = {name: arguments_of(name, namespace.name) for name in names}
    needed = airflows if any(name.startswith("two-homes") for name in names) else airflows[:1]
    for airflow in needed:
        (airflow.dags / TEMPLATE).write_text(manifest_of("template-broken"))
        write_dags(airflow.dags, dags)
        airflow.start()
    _say("Airflow runs.")

    def play(name: str) -> list[str]:
        began, stage = time.monotonic(), Stage(name, airflows[0], airflows[-1], sightings, dags)
        try:
            for airflow in needed:
                stage.until(lambda: airflow.knows(name), "Airflow does not know the DAG")  # noqa: B023 - called at once
            found = list(SCENES[name][0](stage))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other scenes go on
            where = traceback.extract_tb(error.__traceback__)[-1]
            found = [f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"]
        found += harms(sightings.jobs(name), sightings.work(name), stage.successes)
        _say(f"  {name}: {'; '.join(found) or 'ok'} ({time.monotonic() - began:.0f} s)")
        return found

    with ThreadPoolExecutor(at_once) as pool:
        return dict(zip(names, pool.map(play, names), strict=True))


def _chosen(text: str) -> list[str]:
    names = text.split(",")
    unknown = sorted(set(names) - set(SCENES))
    if unknown:
        raise argparse.ArgumentTypeError(f"no such scene: {', '.join(unknown)}; there are {', '.join(SCENES)}")
    return names


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a program that prints


if __name__ == "__main__":
    sys.exit(main())
