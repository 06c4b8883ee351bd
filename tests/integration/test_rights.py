"""The operator works with the rights of examples/rbac, and with nothing less."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_job_operator.errors import RightsMissingError
from tests.demo import EXAMPLES
from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.test_arguments import kubeconfig

RBAC = EXAMPLES / "rbac"
ROLE: dict[str, Any] = yaml.safe_load((RBAC / "role.yaml").read_text())
RIGHTS = [
    (verb, resource, group)
    for rule in ROLE["rules"]
    for group in rule["apiGroups"]
    for resource in rule["resources"]
    for verb in rule["verbs"]
]


@pytest.fixture
def account(namespace: Namespace, tmp_path: Path) -> Path:
    """Make the example's service account, and a kubeconfig that speaks with its token."""
    namespace.kubectl("apply", "-k", str(RBAC))
    path = kubeconfig(namespace, tmp_path / "account", "account")
    content = json.loads(path.read_text())
    content["users"][0]["user"] = {"token": token(namespace)}
    path.write_text(json.dumps(content))
    return path


def token(namespace: Namespace) -> str:
    """Return a token of the service account, by a Secret that every version of Kubernetes fills."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": "token",
            "annotations": {"kubernetes.io/service-account.name": "kubectl-job-operator"},
        },
    }
    namespace.kubectl("apply", "-f", "-", given=json.dumps(secret))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        data = json.loads(namespace.kubectl("get", "secret", "token", "-o", "json")).get("data", {})
        if "token" in data:
            return base64.b64decode(data["token"]).decode()
        time.sleep(0.05)
    raise AssertionError("the service account got no token")


def test_the_example_role_is_enough(task: TaskRunner, account: Path) -> None:
    task.write("job.yaml", job("echo allowed"))
    run = task.run(yaml_file_name="job.yaml", config_file=str(account))
    assert run.state == "success", run.failures
    assert "allowed" in run.log
    run = task.run(yaml_file_name="job.yaml", config_file=str(account), delete_completed_job=False)
    assert run.state == "success", run.failures


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: f"{right[0]} {right[1]}")
def test_without_one_right_the_task_fails_at_once_and_names_it(
    right: tuple[str, str, str], task: TaskRunner, account: Path, namespace: Namespace
) -> None:
    verb, resource, group = right
    rules = [
        {"apiGroups": [other_group], "resources": [other], "verbs": [other_verb]}
        for other_verb, other, other_group in RIGHTS
        if (other_verb, other, other_group) != right
    ]
    namespace.kubectl("replace", "-f", "-", given=json.dumps({**ROLE, "rules": rules}))
    task.write("job.yaml", job("true"))
    run = task.run(yaml_file_name="job.yaml", config_file=str(account))
    assert run.state == "failed"
    error = run.failures[0]
    assert isinstance(error, RightsMissingError)
    name = f"{resource}.{group}" if group else resource
    assert error.missing == (f"{verb} {name}",)
    assert f"{verb} {name}" in run.error
    assert namespace.names("jobs") == []
