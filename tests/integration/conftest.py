"""The cluster, a namespace for each test, and a way to run one task through Airflow."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import cluster as test_cluster
from tests.integration.airflow_task import TaskRunner
from tests.integration.namespace import Namespace


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
def breakable(cluster: test_cluster.Cluster) -> Iterator[None]:
    """Let only a cluster be broken that this machine runs itself, and mend it."""
    if cluster.kind != "debian":
        pytest.skip("only the node that runs on this machine can be broken")
    yield
    for name in ("etcd", "kube-apiserver", "kubelet"):
        test_cluster.faults.resume(name)
        test_cluster.faults.start(name)
    test_cluster.faults.wait_until_healthy()
