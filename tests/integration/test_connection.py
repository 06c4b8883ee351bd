"""A connection of type kubectl from the command that makes it to the Job that runs by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace


def airflow(*arguments: str) -> str:
    """Run Airflow's command line and return what it prints."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("airflow")), *arguments],
        env={**os.environ, "AIRFLOW__CORE__TEST_CONNECTION": "Enabled"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.usefixtures("airflow_database")
def test_a_connection_made_on_the_command_line_works_when_it_is_tested_and_when_a_task_runs_by_it(
    task: TaskRunner, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, name = namespace.cluster, f"by_{task.dag_id}"
    # A kubeconfig itself is a secret, and others can read a command line.
    extra = {"kube_config_path": str(cluster.kubeconfig), "cluster_context": cluster.context, "namespace": "default"}
    said = airflow("connections", "add", name, "--conn-type", "kubectl", "--conn-extra", json.dumps(extra))
    assert f"Successfully added `conn_id`={name}" in said, said
    monkeypatch.delenv("KUBECONFIG")
    said = airflow("connections", "test", name)
    assert "Connection success!" in said, said

    task.write("job.yaml", job("echo here"))
    run = task.run(yaml_file_name="job.yaml", kubernetes_conn_id=name)
    assert run.state == "success", run.failures
    assert "here" in run.log.splitlines()
    assert all("--kubeconfig" in command for command in run.commands if "version" not in command)
