"""The DAGs of the scenes: one task each, all out of one JSON file, which a scene may write anew while they run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

AIRFLOW_VERSION = version("apache-airflow")
TASK = "job"
TEMPLATE = "template.yaml"
"""Beside the JSON file, for the scene that breaks it."""

_FILE = "scenes.json"
_DAGS = """\
from pathlib import Path

from tests.whose.dag import read_dags

globals().update(read_dags(Path(__file__).parent))
"""


@dataclass(frozen=True)
class Life:
    """The processes of one try, just before ``execute`` is called.

    :param pid: the task process.
    :param supervisors: the processes that could tell of its death, the one farthest from it first.
    """

    pid: int
    supervisors: Sequence[int]


def write_dags(folder: Path, scenes: Mapping[str, Mapping[str, Any]]) -> None:
    """Write what Airflow reads.

    :param scenes: the operator's arguments by the DAG's id.
    """
    unfinished = folder / f"{_FILE}.part"
    unfinished.write_text(json.dumps(scenes))
    unfinished.rename(folder / _FILE)
    if not (folder / "scenes.py").exists():
        (folder / "scenes.py").write_text(_DAGS)


def read_dags(folder: Path) -> dict[str, Any]:
    """Make the DAGs."""
    # Whoever only writes them has no Airflow of his own.
    from kubectl_job_operator import KubernetesJobOperator
    from tests.airflow_dag import DAG

    dags = {}
    for dag_id, arguments in json.loads((folder / _FILE).read_text()).items():
        with DAG(dag_id, schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as dag:
            KubernetesJobOperator(
                task_id=TASK,
                retry_delay=timedelta(seconds=1),
                pre_execute=partial(announce, folder / "lives"),
                **arguments,
            )
        dags[dag_id.replace("-", "_")] = dag
    return dags


def announce(lives: Path, context: Any) -> None:
    """Tell which processes this try has."""
    instance = context["ti"]
    lives.mkdir(exist_ok=True)
    file = lives / f"{instance.dag_id}.{time.time()}.json"
    unfinished = file.with_suffix(".part")
    # In Airflow 2 the executor has a process around the one that supervises the task.
    depth = 2 if AIRFLOW_VERSION.startswith("2.") else 1
    supervisors = [one.pid for one in psutil.Process().parents()[:depth]]
    unfinished.write_text(json.dumps(asdict(Life(os.getpid(), supervisors[::-1]))))
    unfinished.rename(file)


def lives_of(folder: Path, dag_id: str) -> list[Life]:
    """Return the processes of all tries of a DAG's task, the first one first."""
    files = sorted((folder / "lives").glob(f"{dag_id}.*.json"), key=lambda file: file.name)
    return [Life(**json.loads(file.read_text())) for file in files]
