"""A cluster of our own is started and taken away, and the machine is as it was before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.debian import packages
from tests.cluster.kind import engine, image
from tests.cluster.kubernetes import modules
from tests.cluster.paths import built_folder, repository
from tests.machine import snapshot


@pytest.fixture
def cache() -> Iterator[Path]:
    """Yield a cache folder that has what is built once and kept, and nothing of a cluster that is up."""
    packages.install(engine.TO_RUN)
    image.archive(modules.kubernetes())
    # Not pytest's own folder: another session of pytest's would clear it away while an engine lives in it.
    cache = Path(tempfile.mkdtemp(prefix="test-cluster-"))
    (cache / "kubectl-job-operator").mkdir()
    (cache / "kubectl-job-operator" / "built").symlink_to(built_folder())
    yield cache
    shutil.rmtree(cache)


@pytest.mark.timeout(600)
def test_a_kind_cluster_leaves_the_machine_as_it_was(cache: Path) -> None:
    before = snapshot.take()
    try:
        _cluster(cache, "up")
        assert snapshot.differences(before, snapshot.take()), "a cluster that changes nothing was not up"
    finally:
        _cluster(cache, "down")
    _assert_as_it_was(before)
    kept = sorted(path.name for path in (cache / "kubectl-job-operator").iterdir())
    assert kept == ["built", "lock"]


@pytest.mark.timeout(600)
def test_an_engine_that_was_killed_leaves_nothing_either(cache: Path) -> None:
    before = snapshot.take()
    try:
        _cluster(cache, "up")
        folder = cache / "kubectl-job-operator" / "engine"
        os.kill(int((folder / "dockerd.pid").read_text()), 9)
    finally:
        _cluster(cache, "down")
    _assert_as_it_was(before)


def _assert_as_it_was(before: snapshot.Snapshot) -> None:
    left = snapshot.differences(before, snapshot.take())
    assert not left, "\n".join(left)


def _cluster(cache: Path, command: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KUBECTL_JOB_OPERATOR_")}
    subprocess.run(
        (sys.executable, "-m", "tests.cluster", command),
        cwd=repository(),
        env={**environment, "XDG_CACHE_HOME": str(cache), "KUBECTL_JOB_OPERATOR_CLUSTER": "kind"},
        check=True,
    )
