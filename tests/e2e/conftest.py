"""The deployment that all checks share; it takes minutes to start."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import cluster as test_cluster
from tests.e2e import images
from tests.e2e.deployment import Deployment


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    """Start Airflow with the DAGs in its image; take it away after the last check."""
    cluster = test_cluster.current()
    if cluster.kind != "debian":
        pytest.fail(
            "The images can only be brought to the node that runs on this machine.\n"
            "What to do: `make cluster-down`, then `KUBECTL_JOB_OPERATOR_CLUSTER=node make e2e`.",
            pytrace=False,
        )
    built = images.build_all()

    with tempfile.TemporaryDirectory(prefix="airflow-e2e-", ignore_cleanup_errors=True) as folder:
        # Pods of other users go through it to their volumes.
        Path(folder).chmod(0o755)
        deployment = Deployment(cluster, built, Path(folder))
        deployment.delete()
        deployment.make_volumes()
        try:
            deployment.apply("dags-in-image")
            yield deployment
        finally:
            deployment.delete()
