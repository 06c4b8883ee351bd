"""The cluster, a namespace for each test, and a way to run one task through Airflow."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests import cluster as test_cluster
from tests.cluster.kind import nodes
from tests.integration.airflow_task import LOGGER, Listener, TaskRunner
from tests.integration.namespace import Namespace
from tests.integration.scenarios import Scenario
from tests.integration.side_by_side import Outcome, SideBySide
from tests.integration.tries import Tries, tries_in


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as one that needs the cluster."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def cluster() -> test_cluster.Cluster:
    """Return the cluster that is up; without one the tests fail and say what to do."""
    return test_cluster.current()


@pytest.fixture
def namespace(cluster: test_cluster.Cluster) -> Iterator[Namespace]:
    """Make a fresh namespace, and delete it after the test without waiting for it."""
    namespace = Namespace.create(cluster)
    yield namespace
    namespace.delete()


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Make Airflow's own database, once for all processes that run tests side by side; each has a copy."""
    home, run = Path(os.environ["AIRFLOW_HOME"]), Path(os.environ["KUBECTL_JOB_OPERATOR_TEST_RUN"])
    made = run / "airflow.db"
    with (run / "airflow.db.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists():
            shutil.copyfile(made, home / "airflow.db")
            return
        airflow = Path(sys.executable).with_name("airflow")
        subprocess.run([airflow, "db", "migrate"], check=True, capture_output=True)
        shutil.copyfile(home / "airflow.db", made)


@pytest.fixture
def task(
    airflow_database: None,  # noqa: ARG001 - made before the first task
    cluster: test_cluster.Cluster,
    namespace: Namespace,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[TaskRunner]:
    """Run KubernetesJobOperator as a task of Airflow, against the test's own namespace."""
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    runner = TaskRunner(Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]), namespace)
    yield runner
    shutil.rmtree(runner.folder)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Listen to the test's task."""
    listener = Listener()
    LOGGER.addHandler(listener)
    yield listener
    LOGGER.removeHandler(listener)


@pytest.fixture
def tries(
    airflow_database: None,  # noqa: ARG001 - made before the first task
    namespace: Namespace,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Tries]:
    """Run tries of one task, each as Airflow would start it, in the test's own namespace."""
    monkeypatch.setenv("KUBECONFIG", str(namespace.cluster.kubeconfig))
    with tries_in(namespace) as tries:
        yield tries


@pytest.fixture(scope="module")
def scenes(cluster: test_cluster.Cluster, request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Outcome]]]:
    """Start the tasks of all scenarios that the module's tests ask for, side by side."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    asked = [item.callspec.params.get("outcome") for item in items if item.module is request.module]
    minor, tasks = Namespace(cluster, "default").server_minor(), SideBySide(cluster)
    wanted = {one.name: one for one in asked if isinstance(one, Scenario) and one.since <= minor}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(cluster.kubeconfig))
        yield {name: tasks.play(scenario) for name, scenario in wanted.items()}
        tasks.close()


@pytest.fixture
def outcome(scenes: dict[str, Future[Outcome]], request: pytest.FixtureRequest) -> Outcome:
    """Return what came of the task of the scenario that ``outcome_of`` names."""
    scenario: Scenario = request.param
    if scenario.name not in scenes:
        pytest.skip(f"this server is older than Kubernetes 1.{scenario.since}, the first that does so by itself")
    return scenes[scenario.name].result()


@pytest.fixture
def breakable(cluster: test_cluster.Cluster) -> Iterator[None]:
    """Let only a cluster be broken that this machine runs itself, and mend it."""
    if not test_cluster.faults.can_break(cluster):
        pytest.skip("only a cluster that `make cluster` made can be broken")
    yield
    test_cluster.faults.mend()


@pytest.fixture
def worker_node(cluster: test_cluster.Cluster) -> Iterator[str]:
    """Let only a node of kind be broken, and mend it: give the name of the one that runs the pods."""
    if cluster.kind != "kind":
        pytest.skip("only a node of kind can be broken as a whole")
    yield nodes.WORKER
    for mend in (nodes.resume, nodes.start):
        with contextlib.suppress(test_cluster.ClusterError):
            mend(nodes.WORKER)
    Namespace(cluster, "default").kubectl("wait", f"node/{nodes.WORKER}", "--for=condition=Ready", "--timeout=120s")
