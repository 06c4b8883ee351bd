"""A node that dies under a Job, and comes back: the verdict is right, each line comes once, and nothing runs twice."""

from __future__ import annotations

import json
import time

from tests.cluster.kind import nodes
from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.scenarios import acts
from tests.integration.scenarios.texts import for_two_pods
from tests.waiting import in_background, until

LEAVES_SOON = """\
tolerations:
  - {key: node-role.kubernetes.io/control-plane, operator: Exists}
  - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 3}
  - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 3}
affinity:
  nodeAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        preference:
          matchExpressions: [{key: node-role.kubernetes.io/control-plane, operator: DoesNotExist}]"""


def lines_of(log: str) -> list[str]:
    """Return the lines of the Job's containers."""
    texts = [line.partition("] ")[2] if line.startswith("[") else line for line in log.splitlines()]
    return [text for text in texts if text in ("begins", "ends")]


def test_a_task_waits_through_a_node_that_is_frozen_and_comes_back(
    task: TaskRunner, namespace: Namespace, worker_node: str
) -> None:
    task.write("job.yaml", job("echo begins; sleep 10; echo ends"))

    def freeze() -> None:
        acts.until_logged(namespace, acts.running_pod(namespace), "begins")
        nodes.pause(worker_node)
        time.sleep(15)
        nodes.resume(worker_node)

    thread = in_background(freeze)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures
    assert lines_of(run.log) == ["begins", "ends"]
    assert ": 1 succeeded." in run.log
    assert run.subcommands.count("apply") == 1


def test_a_job_whose_node_dies_goes_on_elsewhere_and_is_over_when_the_node_is_back(
    task: TaskRunner, namespace: Namespace, worker_node: str
) -> None:
    task.write("job.yaml", for_two_pods("lost-node", spec="backoffLimit: 1", pod=LEAVES_SOON))

    def die() -> None:
        acts.begun_pod(namespace)
        nodes.kill(worker_node)
        # A node is given up after 50 s; its pod stays, on its way out, until it is back.
        until(lambda: has_succeeded(namespace), "no other pod did the work", seconds=180)
        nodes.start(worker_node)

    thread = in_background(die)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures
    assert lines_of(run.log) == ["begins", "begins", "ends"]
    assert run.subcommands.count("apply") == 1
    assert namespace.living("jobs") == []


def has_succeeded(namespace: Namespace) -> bool:
    """Tell whether a pod of the Job has succeeded."""
    return '"succeeded": 1' in json.dumps([one.get("status") for one in namespace.objects("jobs")])
