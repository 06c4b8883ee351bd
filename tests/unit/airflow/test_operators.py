"""What a DAG's author meets: arguments that contradict, input that cannot work, and how light the operator is."""

from __future__ import annotations

import copy
import datetime
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import kubectl_job_operator
from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow.compat.imports import AirflowFailException, AirflowSkipException
from kubectl_job_operator.airflow.settings import settings_of
from kubectl_job_operator.attempt.settings import DeletePolicy, KillAction, Settings
from kubectl_job_operator.errors import JobFailedError, KubectlError, TaskKilledError
from tests.airflow_dag import DAG
from tests.integration.manifests import job
from tests.integration.stub_context import context_for
from tests.unit import stage
from tests.unit.fake_kubectl import FakeKubectl

MANIFEST = stage.MANIFEST
WIDGET = "{apiVersion: example.com/v1, kind: Widget, metadata: {name: widget}}"
POD = "{apiVersion: v1, kind: Pod, metadata: {name: pod}, spec: {restartPolicy: Never, containers: [{name: a}]}}"

CONTRADICTIONS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"yaml_file_name": None}, ("yaml_file_name", "job_yaml")),
    ({"job_yaml": MANIFEST}, ("yaml_file_name", "job_yaml")),
    ({"in_cluster": True, "config_file": "c"}, ("in_cluster", "config_file")),
    ({"in_cluster": True, "cluster_context": "c"}, ("in_cluster", "cluster_context")),
    ({"tail_logs_every": 5, "tail_logs_only_at_end": True}, ("tail_logs_every", "tail_logs_only_at_end")),
    ({"yaml_write_filename": "f"}, ("yaml_write_filename", "yaml_write_path")),
    ({"tail_logs_line_count": -1}, ("tail_logs_line_count",)),
    ({"tail_logs_every": -5}, ("tail_logs_every",)),
    ({"log_drain_seconds": -1}, ("log_drain_seconds",)),
    ({"max_log_streams": 0}, ("max_log_streams",)),
    ({"log_formatter": "text"}, ("log_formatter",)),
    ({"backoff_limit": -1}, ("backoff_limit",)),
    ({"startup_timeout_seconds": -1}, ("startup_timeout_seconds",)),
    ({"image_pull_grace_seconds": -1}, ("image_pull_grace_seconds",)),
    ({"skip_on_exit_code": 0}, ("skip_on_exit_code", "0")),
    ({"skip_on_exit_code": "3"}, ("skip_on_exit_code", "'3'")),
    ({"skip_on_exit_code": True}, ("skip_on_exit_code", "True")),
    ({"fail_on_exit_code": [3, 256]}, ("fail_on_exit_code", "256")),
    ({"skip_on_exit_code": (3, 4), "fail_on_exit_code": 4}, ("skip_on_exit_code", "fail_on_exit_code", "4")),
    ({"outage_tolerance_seconds": -1}, ("outage_tolerance_seconds",)),
    ({"delete_policy": "Never", "delete_completed_job": False}, ("delete_policy", "delete_completed_job")),
    ({"delete_policy": "Sometimes"}, ("delete_policy", "IfSucceeded")),
    ({"on_kill_action": "stop"}, ("on_kill_action", "keep")),
    ({"on_worker_stop": "keep"}, ("on_worker_stop", "adopt")),
    ({"deadline_from_timeout": True}, ("deadline_from_timeout", "execution_timeout")),
    ({"success_when": "status.phase=Done"}, ("success_when", "'status.phase=Done'", "{.status.phase}=Succeeded")),
    ({"failure_when": ["Failed", "{.status.*}=x"]}, ("failure_when", "'{.status.*}'")),
    ({"success_when": []}, ("success_when", "empty")),
    ({"success_when": [3]}, ("success_when", "3")),
    ({"success_when": {"a": "b"}}, ("success_when", "{'a': 'b'}")),
    ({"success_when": "Ended", "failure_when": ["Failed", "Ended"]}, ("success_when", "failure_when", "'Ended'")),
    ({"kustomize_dir": "overlays/prod"}, ("yaml_file_name and kustomize_dir", "both")),
    ({"job_yaml": MANIFEST, "from_cronjob": "a"}, ("yaml_file_name and job_yaml and from_cronjob", "all")),
    (
        {"yaml_file_name": None, "from_cronjob": "a", "yaml_template_fields": {"b": "c"}},
        ("yaml_template_fields", "from_cronjob"),
    ),
    ({"yaml_file_name": None, "kustomize_dir": "https://me:secret@example.com/a"}, ("kustomize_dir", "password")),
    ({"main_container": "main", "success_when": "Ready"}, ("main_container", "success_when")),
    ({"main_container": "main", "backoff_limit": 2}, ("main_container", "backoff_limit is 2")),
    ({"main_container": "main", "completions": 3}, ("main_container", "completions is 3")),
]


def operator(**arguments: Any) -> KubernetesJobOperator:
    with DAG("dag", schedule=None, start_date=datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)):
        return KubernetesJobOperator(**{"task_id": "task", "namespace": stage.NAMESPACE, **arguments})


def settings(**arguments: Any) -> Settings:
    task = operator(yaml_file_name="job.yaml", **arguments)
    return settings_of(task, context_for(task))


def execute(task: KubernetesJobOperator) -> None:
    task.execute(context_for(task))


@pytest.mark.parametrize(("arguments", "names"), CONTRADICTIONS)
def test_a_contradiction_is_refused_when_the_dag_is_parsed_and_names_the_arguments(
    arguments: dict[str, Any], names: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="a") as refusal:
        operator(**{"yaml_file_name": "job.yaml", **arguments})
    assert all(name in str(refusal.value) for name in names)


@pytest.mark.parametrize(("given", "used"), [(1, 5), (5, 5), (7, 5), (8, 10), (12, 10), (13, 15), (60, 60), (0, 5)])
def test_tail_logs_every_is_rounded_to_the_nearest_five_seconds(given: int, used: int) -> None:
    assert settings(tail_logs_every=given).tail.every_seconds == used


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ({}, "all"),
        ({"get_logs": False}, "none"),
        ({"tail_logs": True}, "tail"),
        ({"tail_logs_line_count": 100}, "tail"),
        ({"tail_logs_every": 5}, "tail"),
        ({"get_logs": False, "tail_logs_only_at_end": True}, "tail"),
    ],
)
def test_any_tail_logs_argument_shows_ends_of_logs_instead_of_every_line(arguments: dict[str, Any], shown: str) -> None:
    chosen = settings(**arguments)
    assert (chosen.following.is_on, chosen.tail.is_on) == (shown == "all", shown == "tail")


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        ({}, {"main", "side", "init"}),
        ({"container_logs": "main"}, {"main", "init"}),
        ({"container_logs": ["main"], "init_container_logs": False}, {"main"}),
        ({"container_logs": False}, {"init"}),
        ({"container_logs": True, "init_container_logs": ["other"]}, {"main", "side"}),
    ],
)
def test_logs_are_chosen_by_the_names_of_containers(arguments: dict[str, Any], chosen: set[str]) -> None:
    following = settings(**arguments).following
    containers = {"main": False, "side": False, "init": True}
    assert {name for name, is_init in containers.items() if following.chooses(name, is_init=is_init)} == chosen


@pytest.mark.parametrize(
    ("arguments", "policy"),
    [
        ({}, DeletePolicy.IF_SUCCEEDED),
        ({"delete_completed_job": True}, DeletePolicy.IF_SUCCEEDED),
        ({"delete_completed_job": False}, DeletePolicy.NEVER),
        ({"delete_policy": "Always"}, DeletePolicy.ALWAYS),
        ({"delete_policy": "IfFailed"}, DeletePolicy.IF_FAILED),
    ],
)
def test_both_ways_to_say_when_to_delete_mean_a_policy(arguments: dict[str, Any], policy: DeletePolicy) -> None:
    assert settings(**arguments).delete_policy is policy


@pytest.mark.parametrize(
    ("arguments", "is_kept"),
    [
        ({"retries": 1}, True),
        ({"retries": 0}, False),
        ({"retries": 1, "on_worker_stop": "delete"}, False),
    ],
)
def test_a_job_is_kept_for_the_next_try_only_if_there_is_one(arguments: dict[str, Any], is_kept: bool) -> None:
    assert settings(**arguments).keep_on_worker_stop is is_kept
    assert settings(on_kill_action="keep").on_kill is KillAction.KEEP


def test_what_was_not_given_has_the_documented_default() -> None:
    task = operator(yaml_file_name="job.yaml")
    assert (task.tail_logs_line_count, task.delete_policy, task.delete_completed_job) == (100, "IfSucceeded", True)
    assert operator(yaml_file_name="job.yaml", delete_policy="Never").delete_completed_job is False


def test_importing_the_package_imports_no_airflow() -> None:
    assert loaded_by("import kubectl_job_operator", "airflow") == []


def test_importing_the_operator_imports_nothing_that_only_a_run_needs() -> None:
    code = "import kubectl_job_operator.airflow.operators"
    assert loaded_by(code, "sh", "kubernetes", "kubectl_job_operator.kubectl.process") == []


def test_running_a_task_imports_neither_the_kubernetes_client_nor_requests_by_us() -> None:
    ours = "import kubectl_job_operator.life.runner, kubectl_job_operator.kubectl.process"
    assert loaded_by(ours, "kubernetes", "requests", "airflow") == []


def loaded_by(code: str, *modules: str) -> list[str]:
    """Return which of the modules a fresh interpreter has loaded after some code."""
    check = f"{code}\nimport json, sys\nprint(json.dumps([name for name in {modules!r} if name in sys.modules]))"
    out = subprocess.run([sys.executable, "-c", check], check=True, capture_output=True, text=True).stdout
    names: list[str] = json.loads(out.splitlines()[-1])
    return names


def test_the_public_names_are_there_and_no_others() -> None:
    assert kubectl_job_operator.KubernetesJobOperator is KubernetesJobOperator
    assert set(kubectl_job_operator.__all__) <= set(dir(kubectl_job_operator))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = kubectl_job_operator.Nothing


def test_an_operator_can_be_copied_as_airflow_copies_tasks() -> None:
    task = operator(yaml_file_name="job.yaml", labels={"a": "b"})
    assert copy.deepcopy(task).labels == {"a": "b"}


BAD_INPUT: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("no template", {"yaml_file_name": "absent.yaml"}, ("no template 'absent.yaml'", "Looked for:", "/absent.yaml")),
    ("undefined variable", {"job_yaml": "a: {{ b }}"}, ("job_yaml, line 1", "'b' is undefined", "a: {{ b }}")),
    ("invalid Jinja", {"job_yaml": "a:\n  {% if %}"}, ("job_yaml, line 2", "not valid Jinja")),
    ("invalid YAML", {"job_yaml": "a: 1\nb: c: d"}, ("line 2, column 5", "2 | b: c: d", "^")),
    ("no document", {"job_yaml": "# nothing\n"}, ("has no document",)),
    (
        "no Job",
        {"job_yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"},
        ("has no Job", "only ConfigMap"),
    ),
    ("no such rule", {"job_yaml": WIDGET}, ("has no Job", "only Widget", "success_when")),
    ("a limit for a Pod", {"job_yaml": POD, "backoff_limit": 1}, ("Pod pod", "backoff_limit")),
    ("completions for a Pod", {"job_yaml": POD, "completions": 2}, ("completions cannot be filled into a Pod",)),
    ("two Jobs", {"job_yaml": f"{MANIFEST}---\n{MANIFEST}"}, ("has 2 Jobs",)),
    ("no name", {"job_yaml": f"{MANIFEST}---\n{{apiVersion: v1, kind: Secret}}\n"}, ("Secret", "without metadata")),
    (
        "generateName",
        {"job_yaml": f"{MANIFEST}---\n{{apiVersion: v1, kind: Secret, metadata: {{generateName: a-}}}}\n"},
        ("Secret", "generateName"),
    ),
    ("restartPolicy", {"job_yaml": MANIFEST.replace("Never", "Always")}, ("restartPolicy: Always", "Never or OnFail")),
    ("no restartPolicy", {"job_yaml": MANIFEST.replace("restartPolicy: Never", "x: 1")}, ("no restartPolicy",)),
    ("no kubeconfig", {"job_yaml": MANIFEST, "config_file": "/absent"}, ("kubeconfig '/absent' does not exist",)),
    ("not in a pod", {"job_yaml": MANIFEST, "in_cluster": True}, ("in_cluster=True", "not run in a pod")),
]


@pytest.mark.parametrize(("arguments", "words"), [row[1:] for row in BAD_INPUT], ids=[row[0] for row in BAD_INPUT])
def test_bad_input_is_refused_before_kubectl_is_run_and_a_retry_is_not_tried(
    arguments: dict[str, Any], words: tuple[str, ...], fake_kubectl: FakeKubectl
) -> None:
    with pytest.raises(AirflowFailException) as refusal:
        execute(operator(**arguments))
    assert [word for word in words if word not in str(refusal.value)] == [], str(refusal.value)
    assert "What to do:" in str(refusal.value)
    assert fake_kubectl.calls == []


def test_the_rules_and_the_selector_are_written_on_the_object(fake_kubectl: FakeKubectl, tmp_path: Path) -> None:
    fake_kubectl.answers("auth can-i", stage.ALL_RIGHTS)
    fake_kubectl.answers("api-resources", "widgets   example.com/v1   true   Widget\n")
    fake_kubectl.answers("get widget.v1.example.com/widget", **stage.FORBIDDEN)
    task = operator(
        job_yaml=WIDGET,
        success_when=["Done", "{.status.phase}=Done"],
        failure_when="Broken",
        pod_selector="app=widget",
        yaml_write_path=str(tmp_path),
    )
    with pytest.raises(KubectlError):
        execute(task)
    (written,) = tmp_path.glob("*.yaml")
    annotations = yaml.safe_load(written.read_text())["metadata"]["annotations"]
    assert annotations["kubectl-job-operator/success-when"] == "Done\n{.status.phase}=Done"
    assert annotations["kubectl-job-operator/failure-when"] == "Broken"
    assert annotations["kubectl-job-operator/pod-selector"] == "app=widget"


def test_a_kubectl_that_is_too_old_is_refused_before_anything_is_created(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("version --client", {"clientVersion": {"gitVersion": "v1.27.16"}})
    stage.script(fake_kubectl)
    with pytest.raises(AirflowFailException, match=r"is version 1\.27, but 1\.28 or later is needed"):
        execute(operator(job_yaml=MANIFEST))
    assert fake_kubectl.called("apply") == []


@pytest.mark.usefixtures("no_kubectl")
def test_a_missing_kubectl_is_said_so() -> None:
    with pytest.raises(AirflowFailException, match="There is no kubectl on the PATH"):
        execute(operator(job_yaml=MANIFEST))


def test_a_failed_job_is_no_reason_to_give_retries_up(fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError):
        execute(operator(job_yaml=MANIFEST))


@pytest.mark.parametrize("codes", [3, [4, 3], (3,)])
def test_exit_codes_may_skip_the_task(codes: Any, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(AirflowSkipException, match="exit code 3"):
        execute(operator(job_yaml=MANIFEST, skip_on_exit_code=codes))


@pytest.mark.parametrize("codes", [3, [4, 3], (3,)])
def test_exit_codes_may_end_the_retries(codes: Any, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(AirflowFailException, match="exit code 3"):
        execute(operator(job_yaml=MANIFEST, skip_on_exit_code=99, fail_on_exit_code=codes))


def test_other_exit_codes_fail_the_task_as_usual(fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError):
        execute(operator(job_yaml=MANIFEST, skip_on_exit_code=[], fail_on_exit_code=(4, 5)))


def test_a_kill_that_comes_before_the_run_still_ends_it(fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    task = operator(job_yaml=MANIFEST)
    task.on_kill()
    with pytest.raises(TaskKilledError):
        execute(task)
    assert fake_kubectl.called("apply") == []


def test_on_kill_after_the_end_as_after_a_timeout_does_not_end_the_next_try(fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    task = operator(job_yaml=MANIFEST)
    execute(task)
    task.on_kill()
    assert not task._is_killed


def test_on_kill_without_a_run_does_nothing_and_may_come_twice() -> None:
    task = operator(job_yaml=MANIFEST)
    task.on_kill()
    task.on_kill()


@pytest.mark.parametrize("limit", [None, 3])
def test_a_backoff_limit_is_written_even_where_kubernetes_has_a_default(
    limit: int | None, fake_kubectl: FakeKubectl, tmp_path: Path
) -> None:
    stage.script(fake_kubectl)
    execute(
        operator(
            job_yaml=job("true", name="countdown", spec="completions: 1"),
            backoff_limit=limit,
            retries=1,
            yaml_write_path=str(tmp_path),
        )
    )
    (written,) = tmp_path.glob("*.yaml")
    assert f"backoffLimit: {limit or 1}\n" in written.read_text()


def test_rendered_template_shows_the_manifest_first_and_of_the_arguments_those_that_were_given() -> None:
    task = operator(job_yaml=MANIFEST, labels={"a": "b"})
    task.render_template_fields(context_for(task))
    assert task.template_fields == ("rendered_yaml", "labels", "namespace")
    task.namespace = "set-{{ 'later' }}"
    task.render_template_fields(context_for(task))
    assert task.namespace == "set-later", "what a cluster policy sets is rendered too"
    assert KubernetesJobOperator.template_fields[0] == "rendered_yaml"
