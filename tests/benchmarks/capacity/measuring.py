"""How one kind of task is measured, in an Airflow of its own."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests import cluster as test_cluster
from tests.benchmarks.capacity.airflow import CapacityAirflow
from tests.benchmarks.capacity.lanes import End, Took, capacity, overdue, took
from tests.benchmarks.telling import say
from tests.integration.namespace import Namespace
from tests.waiting import until

FEW = 6
"""So many lanes leave two cores time."""
_MOST = 90
"""A node takes 110 pods."""
_ROUNDS = 2
_TOLD_LANES, _TOLD_TASKS = 4, 5
_TASKS_PER_LANE = 12
_LOOK_SECONDS = 3.0
_TOLD_WITHIN_SECONDS = 10.0
_LIMIT_SECONDS = 300.0
_MEMORY_DISK = "/dev/shm"
_DAG = """\
from tests.benchmarks.capacity.columns import make_dag

dag = make_dag({column!r}, {namespace!r}, {seconds}, {tasks}, deferrable={deferrable})
"""


@dataclass(frozen=True)
class Terms:
    """Under what a kind of task is measured.

    :param column: which kind.
    :param deferrable: whether it waits in the triggerer.
    :param seconds: for how long each container sleeps.
    :param pace_seconds: between two further lanes.
    :param is_brief: whether its capacity is not looked for.
    """

    column: str
    deferrable: bool
    seconds: int
    pace_seconds: float
    is_brief: bool


@dataclass(frozen=True)
class Column:
    """What was measured of a kind of task.

    :param seconds: what a task takes with few lanes, as a median.
    :param cpu_seconds: of all of Airflow, for each task with few lanes.
    :param megabytes: of all of Airflow, for each task in flight.
    :param failures: how many tasks have failed.
    :param tasks: each task until most were late, in the order of their ends; none where that was not looked for.
    """

    seconds: float
    cpu_seconds: float
    megabytes: float
    failures: int
    tasks: Sequence[Took] = ()


def capacities(columns: Iterable[Column]) -> list[int | None]:
    """Return how many tasks of each kind can be in flight; ``None`` where that was not looked for.

    All are late by one measure, that of the kind which is quickest with few lanes: who is slow from the start is late
    from the start.
    """
    looked_for = [one for one in columns if one.tasks]
    quickest = min((one.seconds for one in looked_for), default=0.0)
    return [capacity(one.tasks, quickest) if one.tasks else None for one in columns]


def measure(terms: Terms) -> Column:
    """Measure a kind of task: with few lanes what it takes, then with one lane more each time until tasks are late."""
    with _airflow(terms) as airflow:
        idle = airflow.usage()
        lanes = _Lanes(airflow)
        for _ in range(FEW):
            lanes.start()
            lanes.look_for(terms.seconds / FEW)
        before, first = airflow.usage(), len(lanes.took())
        lanes.look_for(_ROUNDS * terms.seconds)
        after, few = airflow.usage(), lanes.took()[first:]
        assert few, f"no task of {terms.column} has ended: see the logs, or whether the machine has time"
        usual = statistics.median(one.seconds for one in few)
        tasks: list[Took] = []
        while capacity(tasks, usual) is None and not terms.is_brief and lanes.count < _MOST:
            lanes.start()
            lanes.look_for(terms.pace_seconds)
            tasks = [*lanes.took(), *lanes.overdue(usual)]
            if lanes.count % _TOLD_LANES == 0:
                say(f"    {lanes.count} lanes: the last tasks took {_seconds(tasks[-_TOLD_TASKS:])} s")
        return Column(
            seconds=usual,
            cpu_seconds=(after.cpu_seconds - before.cpu_seconds) / len(few),
            megabytes=(after.megabytes - idle.megabytes) / FEW,
            failures=sum(one.has_failed for one in lanes.took()),
            tasks=tasks,
        )


def _seconds(tasks: Sequence[Took]) -> str:
    return ", ".join(f"{task.seconds:.0f}" for task in tasks)


@contextmanager
def _airflow(terms: Terms) -> Iterator[CapacityAirflow]:
    """Give an Airflow that knows the DAG."""
    cluster = test_cluster.current()
    namespace = Namespace.create(cluster)
    # The database of a real deployment has a disk of its own.
    folder = Path(tempfile.mkdtemp(prefix="bench-capacity-", dir=_MEMORY_DISK))
    airflow = CapacityAirflow(folder, cluster.kubeconfig, _MOST)
    text = _DAG.format(
        column=terms.column,
        namespace=namespace.name,
        seconds=terms.seconds,
        tasks=_TASKS_PER_LANE,
        deferrable=terms.deferrable,
    )
    try:
        (airflow.dags / "lane.py").write_text(text)
        airflow.start()
        until(lambda: airflow.knows("lane"), "Airflow does not know the DAG", seconds=_LIMIT_SECONDS)
        yield airflow
    finally:
        airflow.stop()
        namespace.delete()
        shutil.rmtree(folder, ignore_errors=True)


class _Lanes:
    """The lanes, and what has ended in them.

    :param airflow: runs them.
    """

    def __init__(self, airflow: CapacityAirflow) -> None:
        self._airflow = airflow
        self._started: dict[str, float] = {}
        self._ends: set[End] = set()
        self._looked = time.time()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._started)

    def start(self) -> None:
        """Start another one."""
        self._started[self._airflow.trigger("lane")] = time.time()

    def look_for(self, seconds: float) -> None:
        """Let the time go by, and see what ends meanwhile."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))
            with suppress(OSError):  # an Airflow that has too much to do does not answer in time
                found = self._airflow.ends_since(self._looked - _TOLD_WITHIN_SECONDS)
                self._ends.update(found)
                self._looked = max([self._looked, *(end.at for end in found)])

    def took(self) -> list[Took]:
        """Return how long the tasks took that have ended."""
        return took(self._started, list(self._ends))

    def overdue(self, seconds: float) -> list[Took]:
        """Return the tasks that should have ended; such a one takes so many seconds at most."""
        return overdue(self._started, list(self._ends), time.time(), seconds)
