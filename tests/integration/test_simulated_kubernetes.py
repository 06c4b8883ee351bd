"""The simulation's small Kubernetes does what a real one does, as far as random scripts of kubectl show."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from kubectl_job_operator.errors import ErrorKind
from kubectl_job_operator.objects import Object
from tests.integration.namespace import Namespace
from tests.simulation.scripts import AS_SEEN, Model, Seen, are_pods_started, filled_in, jobs_in, outcome_of, script
from tests.waiting import until


@pytest.fixture
def idle_namespace(namespace: Namespace) -> Iterator[Namespace]:
    """Give a namespace whose pods do not take the time at the end that they ask for."""
    yield namespace
    namespace.kubectl("delete", "pods", "--all", "--force", "--grace-period=0", "--wait=false")


@pytest.mark.parametrize("seed", range(4))
def test_a_random_script_comes_to_the_same_on_the_model_and_on_a_real_cluster(
    idle_namespace: Namespace, tmp_path: Path, seed: int
) -> None:
    model = Model(seed)
    for command in script(seed, tmp_path):
        assert model.run(command) == _run(idle_namespace, command)


def test_who_deletes_in_the_background_lets_a_job_go_that_waits_for_its_pods(
    idle_namespace: Namespace, tmp_path: Path
) -> None:
    """So whoever waits for such a Job's end does not know that its pods have ended."""
    list(script(0, tmp_path))
    model = Model(0)
    for command in (
        ("apply", "--server-side", "--field-manager=ada", "-f", str(tmp_path / "one-ada.yaml"), "-o", "json"),
        ("delete", "job", "-l", "owner=ada", "--cascade=foreground", "--wait=false"),
        ("delete", "job", "-l", "owner=ada", "--wait=false"),
    ):
        seen = _run(idle_namespace, command)
        assert seen == model.run(command)
    assert seen.jobs == {}
    assert idle_namespace.running_pods()


def test_a_job_is_deleted_as_it_was_seen_or_not_at_all(idle_namespace: Namespace, tmp_path: Path) -> None:
    list(script(0, tmp_path))
    model = Model(0)
    outcomes = []
    for command in (
        ("apply", "--server-side", "--field-manager=ada", "-f", str(tmp_path / "one-ada.yaml"), "-o", "json"),
        ("delete", "--raw", AS_SEEN % ("one", "1")),
        ("label", "job", "-l", "owner=ada", "owner=bob", "--overwrite"),
        ("delete", "--raw", AS_SEEN % ("one", "{resourceVersion}")),
        ("delete", "--raw", AS_SEEN % ("one", "{resourceVersion}")),
    ):
        seen = _run(idle_namespace, command)
        assert seen == model.run(command)
        outcomes.append(seen.outcome)
    assert outcomes == ["ok", ErrorKind.CONFLICT.value, "ok", "ok", ErrorKind.NOT_FOUND.value]


def _run(namespace: Namespace, command: Sequence[str]) -> Seen:
    """Run a command on the real cluster, let new pods start, and tell what came of it."""
    whole = namespace.command(*filled_in(command, namespace.name, lambda: _jobs(namespace)))
    finished = subprocess.run(whole, capture_output=True, text=True, check=False)
    jobs: list[Object] = []

    def are_started() -> bool:
        jobs[:] = _jobs(namespace)
        return are_pods_started(jobs)

    until(are_started, "a Job has pods that do not run", seconds=120)
    return Seen(" ".join(command), outcome_of(command, finished.returncode, finished.stderr), jobs_in(jobs))


def _jobs(namespace: Namespace) -> list[Object]:
    found: list[Object] = json.loads(namespace.kubectl("get", "jobs", "-o", "json"))["items"]
    return found
