"""Jobs that Kueue lets in one by one: each waits for its turn, however long, and none is taken for a stuck one."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator

import pytest

from tests.cluster import Cluster
from tests.cluster.kubernetes import build
from tests.integration import kueue
from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.side_by_side import SideBySide
from tests.waiting import in_background, until

# Cold, the build takes minutes.
pytestmark = pytest.mark.timeout(1800)

PATIENCE_SECONDS = 60
TELLS_WHEN = "echo from $(date +%s); sleep 6; echo to $(date +%s)"
SUSPENDED = "Nothing runs: the Job is suspended; waiting until somebody resumes it."


def queued(name: str, queue: str, script: str = TELLS_WHEN) -> str:
    """Return a Job for a queue, which takes all that the ClusterQueue has."""
    text = job(script, name=name)
    text = text.replace(f"{{name: {name}}}", f"{{name: {name}, labels: {{kueue.x-k8s.io/queue-name: {queue}}}}}")
    return text.replace("          command:", "          resources: {requests: {cpu: 50m}}\n          command:")


@pytest.fixture(scope="module")
def cluster_queue(cluster: Cluster) -> Iterator[str]:
    """Run Kueue with room for one of the Jobs at a time."""
    lacking = build.lacking(kueue.MODULE)
    if lacking:
        pytest.skip(f"Kueue cannot be built here: {lacking}")
    with kueue.kueue(cluster) as home, kueue.quota_of_one(home, "50m") as name:
        yield name


def times(log: str) -> tuple[int, int]:
    """Return from when to when a Job has run."""
    first, last = re.findall(r"^(?:from|to) (\d+)$", log, re.MULTILINE)
    return int(first), int(last)


def test_three_tasks_in_two_queues_run_one_after_another_and_each_waits_for_its_turn(
    cluster: Cluster, cluster_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    tasks = SideBySide(cluster)
    futures = [
        tasks.start(
            lambda namespace: kueue.open_queues(namespace, cluster_queue, "first", "second"),
            job_yaml=queued("queued", queue),
            startup_timeout_seconds=PATIENCE_SECONDS,
        )
        for queue in ("first", "second", "first")
    ]
    runs = [future.result().run for future in futures]
    tasks.close()
    assert [run.state for run in runs] == ["success"] * 3, [run.failures for run in runs]
    turns = sorted(times(run.log) for run in runs)
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(turns)), "one at a time"
    assert sum(SUSPENDED in run.log for run in runs) >= 2
    assert all(run.subcommands.count("apply") == 1 for run in runs)


def test_a_deferred_task_waits_for_its_turn_as_long(
    task: TaskRunner, namespace: Namespace, cluster_queue: str, capfd: pytest.CaptureFixture[str]
) -> None:
    kueue.open_queues(namespace, cluster_queue, "first", "second")
    before = [f"before-{number}" for number in (1, 2)]
    for name in before:
        namespace.kubectl("apply", "-f", "-", given=queued(name, "second", "sleep 600"))

    def end_one_after_another() -> None:
        until(lambda: is_suspended(namespace, "deferred"), "the task's Job does not wait for its turn", seconds=120)
        for name in before:
            until(lambda: not is_suspended(namespace, name), f"{name} was not let in")  # noqa: B023 - asked at once
            assert is_suspended(namespace, "deferred"), "it comes last"
            time.sleep(4)
            namespace.kubectl("delete", "job", name, "--wait=false")

    thread = in_background(end_one_after_another)
    task.write("job.yaml", queued("deferred", "first"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True, startup_timeout_seconds=PATIENCE_SECONDS)
    thread.join()
    assert run.state == "success", run.failures
    assert SUSPENDED in capfd.readouterr().out, "said by the triggerer"
    assert "is Complete after" in run.log
    assert run.subcommands.count("apply") == 1
    assert [name for name in namespace.living("jobs") if name not in before] == []


def is_suspended(namespace: Namespace, name: str) -> bool:
    """Tell whether a Job is there and held back."""
    found = [one for one in namespace.objects("jobs") if one["metadata"]["name"] == name]
    return any(one["spec"].get("suspend") for one in found)
