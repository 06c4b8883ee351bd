"""A Job whose author has chosen the selector runs as any other, whatever the selector's form is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace

SELECTOR = {
    "matchLabels": {"app": "mine"},
    "matchExpressions": [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "color", "operator": "NotIn", "values": ["red", "blue"]},
        {"key": "example.com/made", "operator": "Exists"},
        {"key": "example.com/gone", "operator": "DoesNotExist"},
    ],
}
LABELS = {"app": "mine", "tier": "b", "example.com/made": ""}
AS_KUBECTL_TAKES_IT = "app=mine,tier in (a,b),color notin (red,blue),example.com/made,!example.com/gone"


def with_own_selector(script: str) -> str:
    spec = f"backoffLimit: 0\nmanualSelector: true\nselector: {json.dumps(SELECTOR)}"
    return job(script, spec=spec).replace(
        "  template:\n", f"  template:\n    metadata: {{labels: {json.dumps(LABELS)}}}\n"
    )


@pytest.fixture(autouse=True)
def stranger(namespace: Namespace) -> None:
    """Make a pod that each single label of the Job's pods would pick too."""
    labels = {**LABELS, "example.com/gone": ""}
    metadata = {"name": "stranger", "labels": labels}
    container = {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", "echo strange"]}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }
    namespace.kubectl("apply", "-f", "-", given=json.dumps(pod))


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_job_with_a_selector_of_any_form_succeeds_with_its_own_lines(
    deferrable: bool, task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", with_own_selector("echo mine; sleep 2"))
    run = task.run(yaml_file_name="job.yaml", deferrable=deferrable, tail_logs=True)
    assert run.state == "success", run.error
    assert "mine" in run.log.splitlines()
    assert f"-l '{AS_KUBECTL_TAKES_IT}'" in run.log
    assert "strange" not in run.log
    assert namespace.living("jobs") == []


def test_the_kept_script_finds_the_pods_of_such_a_job(task: TaskRunner, namespace: Namespace, tmp_path: Path) -> None:
    task.write("job.yaml", with_own_selector("echo mine; exit 3"))
    run = task.run(yaml_file_name="job.yaml", delete_policy="Always", replay_dir=str(tmp_path))
    assert run.state == "failed"
    assert "mine" in run.told
    namespace.kubectl("wait", "job/job", "--for=delete", "--timeout=60s")
    (script,) = tmp_path.glob("*/replay.sh")
    done = subprocess.run([script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "mine" in done.stdout
    assert "strange" not in done.stdout
