"""Jobs that Kueue lets in one by one: each waits for its turn, however long, and none is taken for a stuck one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest

from tests.cluster import Cluster
from tests.cluster.kubernetes import build
from tests.integration import kueue
from tests.integration.airflow_task import TaskRunner
from tests.integration.background import until
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.side_by_side import SideBySide

# Cold, the build takes minutes.
pytestmark = pytest.mark.timeout(1800)

PATIENCE_SECONDS = 20
SUSPENDED = "Nothing runs: the Job is suspended; waiting until somebody resumes it."


def queued(name: str, queue: str) -> str:
    """Return a Job for a queue; it takes all that the ClusterQueue has, and tells from when to when."""
    text = job("echo from $(date +%s); sleep 8; echo to $(date +%s)", name=name)
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


def test_a_deferred_task_waits_for_its_turn_as_long(task: TaskRunner, namespace: Namespace, cluster_queue: str) -> None:
    kueue.open_queues(namespace, cluster_queue, "first", "second")
    for number in (1, 2):
        namespace.kubectl("apply", "-f", "-", given=queued(f"before-{number}", "second"))
    until(lambda: len(namespace.objects("workloads")) == 2, "Kueue has not seen the Jobs")
    task.write("job.yaml", queued("deferred", "first"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True, startup_timeout_seconds=PATIENCE_SECONDS)
    assert run.state == "success", run.failures
    assert SUSPENDED in run.log
    begin, _ = times(run.log)
    ends = [times(namespace.kubectl("logs", f"job/before-{number}"))[1] for number in (1, 2)]
    assert begin >= max(ends), "it came last"
    assert run.subcommands.count("apply") == 1
