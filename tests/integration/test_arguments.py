"""Every argument of the operator does on the cluster what the reference says."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.airflow_task import TaskRun, TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace

THREE_LINES = job("for i in 1 2 3; do echo line $i; done", spec="completions: 1")
SEVEN_SECONDS = job("for i in $(seq 1 7); do echo line $i; sleep 1; done")


@dataclass(frozen=True)
class Row:
    """An argument, how it is given, and what must be true after the run."""

    argument: str
    given: dict[str, Any]
    holds: Callable[[TaskRun, Namespace], bool]
    template: str = THREE_LINES
    files: dict[str, str] = field(default_factory=dict)


def dumps(run: TaskRun) -> int:
    """Count how often the last lines of a container were shown."""
    return run.log.count("container main: the last")


def spec(namespace: Namespace) -> Any:
    return namespace.objects("jobs")[0]["spec"]


def env(namespace: Namespace) -> Any:
    return spec(namespace)["template"]["spec"]["containers"][0]["env"]


OWN = object()
"""Stands for the name of the test's own namespace."""
KEPT: dict[str, Any] = {"delete_completed_job": False}

ROWS = [
    Row("yaml_file_name", {"yaml_file_name": "job.yaml"}, lambda run, _: "line 3" in run.log),
    Row(
        "yaml_template_fields",
        {"yaml_template_fields": {"n": "{{ 40 + 2 }}"}},
        lambda run, _: "is 42" in run.log,
        template=job("echo the answer is {{ n }}"),
    ),
    Row("log_yaml=True", {}, lambda run, _: "kind: Job" in run.log),
    Row("log_yaml=False", {"log_yaml": False}, lambda run, _: "kind: Job" not in run.log),
    Row("tail_logs", {"tail_logs": True}, lambda run, _: dumps(run) == 1),
    # How often depends on when the server calls it Complete.
    Row("tail_logs_every", {"tail_logs_every": 4}, lambda run, _: dumps(run) >= 2, template=SEVEN_SECONDS),
    Row(
        "tail_logs_line_count",
        {"tail_logs_line_count": 2},
        lambda run, _: "the last 2 lines" in run.log and "line 2\nline 3\n" in run.log and "line 1" not in run.log,
    ),
    Row(
        "tail_logs_only_at_end", {"tail_logs_only_at_end": True}, lambda run, _: dumps(run) == 1, template=SEVEN_SECONDS
    ),
    # The transcript may come between two lines.
    Row(
        "get_logs=True",
        {},
        lambda run, _: re.findall(r"^line \d$", run.log, re.MULTILINE) == ["line 1", "line 2", "line 3"],
    ),
    Row("get_logs=False", {"get_logs": False}, lambda run, _: dumps(run) == 0 and "logs" not in run.subcommands),
    Row("delete_completed_job=True", {}, lambda _, namespace: namespace.living("jobs") == []),
    Row("delete_completed_job=False", KEPT, lambda _, namespace: namespace.living("jobs") == ["job"]),
    Row(
        "namespace, which wins over the manifest's",
        {"namespace": OWN},
        lambda run, namespace: all(namespace.name in command for command in run.commands if "-n" in command),
        template=THREE_LINES.replace("name: job}", "name: job, namespace: kube-system}"),
    ),
    Row(
        "job_yaml as text",
        {"yaml_file_name": None, "job_yaml": job("echo said {{ ti.task_id }}")},
        lambda run, _: "said job" in run.log,
    ),
    Row(
        "job_yaml as a dict",
        {"yaml_file_name": None, "job_yaml": yaml.safe_load(job("echo said {{ ti.task_id }}"))},
        lambda run, _: "said job" in run.log,
    ),
    Row(
        "job_yaml as a list",
        {"yaml_file_name": None, "job_yaml": [yaml.safe_load(THREE_LINES)]},
        lambda run, _: "line 3" in run.log,
    ),
    Row(
        "labels",
        {**KEPT, "labels": {"team": "data-{{ 1 + 1 }}"}},
        lambda _, namespace: (
            namespace.objects("jobs")[0]["metadata"]["labels"]["team"] == "data-2"
            and namespace.objects("pods")[0]["metadata"]["labels"]["team"] == "data-2"
        ),
    ),
    Row(
        "annotations",
        {**KEPT, "annotations": {"note": "a: b"}},
        lambda _, namespace: (
            namespace.objects("jobs")[0]["metadata"]["annotations"]["note"] == "a: b"
            and namespace.objects("pods")[0]["metadata"]["annotations"]["note"] == "a: b"
        ),
    ),
    Row(
        "env_vars",
        {"env_vars": {"WHO": "{{ 'wor' + 'ld' }}", "SET": "argument"}},
        lambda run, _: "hello world, set by argument" in run.log,
        template=job("echo hello $WHO, set by $SET").replace(
            "command:", "env: [{name: SET, value: template}]\n          command:"
        ),
    ),
    Row(
        "retries become backoffLimit", {**KEPT, "retries": 2}, lambda _, namespace: spec(namespace)["backoffLimit"] == 2
    ),
    Row(
        "a manifest's backoffLimit stays",
        {**KEPT, "retries": 2},
        lambda _, namespace: spec(namespace)["backoffLimit"] == 1,
        template=job("true", spec="backoffLimit: 1"),
    ),
    Row(
        "backoff_limit",
        {**KEPT, "retries": 2, "backoff_limit": 4},
        lambda _, namespace: spec(namespace)["backoffLimit"] == 4,
        template=job("true", spec="backoffLimit: 1"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.argument)
def test_an_argument_does_what_the_table_says(row: Row, task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", row.template)
    given: dict[str, Any] = {name: namespace.name if value is OWN else value for name, value in row.given.items()}
    run = task.run(**{"yaml_file_name": "job.yaml", **given})
    assert run.state == "success", run.failures
    assert row.holds(run, namespace), run.log


def test_the_rendered_yaml_is_also_written_where_asked_and_stays(task: TaskRunner, tmp_path: Path) -> None:
    task.write("job.yaml.j2", THREE_LINES)
    folder = tmp_path / "made" / "for it"
    run = task.run(yaml_file_name="job.yaml.j2", yaml_write_path=str(folder))
    assert run.state == "success", run.failures
    copy = folder / "job.yaml"
    assert yaml.safe_load(copy.read_text())["metadata"]["name"] == "job"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    run = task.run(yaml_file_name="job.yaml.j2", yaml_write_path=str(folder), yaml_write_filename="{{ 'my' }}.yml")
    assert run.state == "success", run.failures
    assert (folder / "my.yml").exists()


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_created(
    task: TaskRunner, namespace: Namespace, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    task.write("job.yaml", THREE_LINES)
    run = task.run(yaml_file_name="job.yaml", yaml_write_path=str(tmp_path / "file" / "folder"))
    assert run.state == "failed"
    assert "cannot be written to" in run.told
    assert run.subcommands == []
    assert namespace.names("jobs") == []


@pytest.mark.parametrize("context", ["plain", "with space", "quote'and$dollar", "ünï"])
def test_a_kubeconfig_and_a_context_of_any_name_lead_to_the_cluster(
    context: str, task: TaskRunner, namespace: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBECONFIG")
    config = kubeconfig(namespace, tmp_path / "a config's file", context)
    task.write("job.yaml", THREE_LINES)
    run = task.run(yaml_file_name="job.yaml", config_file=str(config), cluster_context=context, namespace=None)
    assert run.state == "success", run.failures
    here = [command for command in run.commands if "-n" in command]
    assert here
    assert all(command[1:5] == ["--kubeconfig", str(config), "--context", context] for command in here)
    assert all(command[5:7] == ["-n", namespace.name] for command in here), "the context's namespace"


def test_two_files_in_kubeconfig_are_merged_by_kubectl(
    task: TaskRunner, namespace: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = yaml.safe_load(kubeconfig(namespace, tmp_path / "whole", "merged").read_text())
    parts = [{**whole, "users": []}, {**whole, "clusters": [], "contexts": [], "current-context": ""}]
    for number, part in enumerate(parts):
        (tmp_path / f"part{number}").write_text(yaml.safe_dump(part))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'part0'}:{tmp_path / 'part1'}")
    task.write("job.yaml", THREE_LINES)
    run = task.run(yaml_file_name="job.yaml", cluster_context="merged")
    assert run.state == "success", run.failures


def test_a_kubeconfig_may_get_its_credentials_from_a_program(
    task: TaskRunner, namespace: Namespace, tmp_path: Path
) -> None:
    config = kubeconfig(namespace, tmp_path / "exec", "exec")
    content = yaml.safe_load(config.read_text())
    user = content["users"][0]["user"]
    if "client-certificate-data" not in user:
        pytest.fail("this test turns a client certificate into an exec credential; give it a cluster that has one")
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {
            "clientCertificateData": decoded(user["client-certificate-data"]),
            "clientKeyData": decoded(user["client-key-data"]),
        },
    }
    answer = tmp_path / "credential.json"
    answer.write_text(json.dumps(credential))
    content["users"][0]["user"] = {
        "exec": {
            "apiVersion": credential["apiVersion"],
            "command": "cat",
            "args": [str(answer)],
            "interactiveMode": "Never",
        }
    }
    config.write_text(yaml.safe_dump(content))
    task.write("job.yaml", THREE_LINES)
    run = task.run(yaml_file_name="job.yaml", config_file=str(config))
    assert run.state == "success", run.failures


@pytest.mark.parametrize("content_as", ["path", "text", "object"])
def test_a_connection_leads_to_the_cluster_without_the_kubernetes_provider(
    content_as: str, task: TaskRunner, namespace: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBECONFIG")
    config = kubeconfig(namespace, tmp_path / "config", "from-connection")
    extra: dict[str, Any] = {"cluster_context": "from-connection", "namespace": namespace.name}
    if content_as == "path":
        extra["kube_config_path"] = str(config)
    elif content_as == "text":
        extra["kube_config"] = config.read_text()
    else:
        extra["kube_config"] = yaml.safe_load(config.read_text())
    connection = json.dumps({"conn_type": "kubernetes", "extra": extra})
    monkeypatch.setenv("AIRFLOW_CONN_CLUSTER", connection)
    task.write("job.yaml", THREE_LINES)
    run = task.run(yaml_file_name="job.yaml", kubernetes_conn_id="cluster", namespace=None)
    assert run.state == "success", run.failures
    assert "client-key-data" not in run.log
    assert not run.manifest_file.parent.exists()


def test_a_kubeconfig_from_a_connection_does_not_outlive_a_failure(
    task: TaskRunner, namespace: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = kubeconfig(namespace, tmp_path / "config", "from-connection")
    connection = {"conn_type": "kubernetes", "extra": {"kube_config": config.read_text()}}
    monkeypatch.setenv("AIRFLOW_CONN_CLUSTER", json.dumps(connection))
    task.write("job.yaml", job("exit 1"))
    run = task.run(yaml_file_name="job.yaml", kubernetes_conn_id="cluster")
    assert run.state == "failed"
    assert [path.name for path in run.manifest_file.parent.glob("[!.]*")] == ["job.yaml"]
    assert "The kubeconfig of the connection is not kept" in run.log


def kubeconfig(namespace: Namespace, path: Path, context: str) -> Path:
    """Write a kubeconfig of one file whose one context leads to the test's namespace."""
    view = namespace.kubectl("config", "view", "--minify", "--flatten", "-o", "json")
    content = json.loads(view)
    content["current-context"] = content["contexts"][0]["name"] = context
    content["contexts"][0]["context"]["namespace"] = namespace.name
    path.write_text(json.dumps(content))
    path.chmod(0o600)
    return path


def decoded(data: str) -> str:
    return subprocess.run(["base64", "-d"], input=data, capture_output=True, text=True, check=True).stdout
