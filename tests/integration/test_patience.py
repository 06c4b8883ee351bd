"""What passes is waited for and said; what does not pass ends the task at once, with nothing created."""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.airflow_task import Listener, TaskRun, TaskRunner
from tests.integration.between import BROKEN, FORBIDDEN, UNAUTHORIZED, Answer, Line, Speaker
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.waiting import in_background, until

AT_ONCE_SECONDS = 2.0
RUNS = int(os.environ.get("KUBECTL_JOB_OPERATOR_RUNS", "2"))
"""How often what is left to chance is tried."""

_PLUGIN = """\
#!{python} -S
import os, sys
if os.urandom(1)[0] % 3 == 0:
    sys.stderr.write("Unable to locate credentials\\n")
    sys.exit(255)
sys.stdout.write({credential!r})
"""


@pytest.fixture
def line(namespace: Namespace, tmp_path: Path) -> Iterator[Line]:
    """Give a TCP line to the API server."""
    line = Line(namespace, tmp_path)
    yield line
    line.close()


@pytest.fixture
def speaker(namespace: Namespace, tmp_path: Path) -> Iterator[Speaker]:
    """Give a deputy of the API server."""
    speaker = Speaker(namespace, tmp_path)
    yield speaker
    speaker.close()


def _seconds(run: TaskRun, first: str, last: str = "") -> float:
    """Return the time between two lines of the log: the first with these words, and the last one or the last with."""
    began = next(record.created for record in run.records if first in record.getMessage())
    return [record.created for record in run.records if last in record.getMessage()][-1] - began


def _said(run: TaskRun, words: str) -> float:
    """Return when the words were first said."""
    return next(record.created for record in run.records if words in record.getMessage())


def _once_a_pod_runs(namespace: Namespace, action: Callable[[], None]) -> threading.Thread:
    def act() -> None:
        until(
            lambda: any((pod.get("status") or {}).get("phase") == "Running" for pod in namespace.objects("pods")),
            "no pod ran",
        )
        action()

    return in_background(act)


# --- what passes


def _plugin(namespace: Namespace, folder: Path) -> Path:
    """Write a kubeconfig whose credential plugin fails one time in three."""
    content = json.loads(namespace.kubectl("config", "view", "--minify", "--flatten", "--raw", "-o", "json"))
    user = content["users"][0]["user"]
    decoded = {
        new: base64.b64decode(user[old]).decode()
        for new, old in (
            ("clientCertificateData", "client-certificate-data"),
            ("clientKeyData", "client-key-data"),
        )
        if old in user
    } or {"token": user["token"]}
    version = "client.authentication.k8s.io/v1"
    credential = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": decoded})
    program = folder / "plugin"
    program.write_text(_PLUGIN.format(python=sys.executable, credential=credential))
    program.chmod(0o700)
    content["users"][0]["user"] = {"exec": {"apiVersion": version, "command": str(program), "interactiveMode": "Never"}}
    path = folder / "plugin.kubeconfig"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("number", range(RUNS))
def test_a_credential_plugin_that_fails_now_and_then_fails_no_task(
    number: int, task: TaskRunner, namespace: Namespace, tmp_path: Path
) -> None:
    task.write("job.yaml", job("sleep 5; echo survived", name=f"job-{number}"))
    run = task.run(yaml_file_name="job.yaml", config_file=str(_plugin(namespace, tmp_path)))
    assert run.state == "success", run.failures
    assert run.log.count("survived") == 1 + run.log.count("echo survived")


@pytest.mark.parametrize("answer", [FORBIDDEN, BROKEN], ids=lambda answer: answer.reason)
def test_a_server_that_has_just_started_is_not_believed_at_the_first_look(
    answer: Answer, task: TaskRunner, speaker: Speaker
) -> None:
    task.write("job.yaml", job("echo survived"))
    speaker.fail(answer)

    def mend() -> None:
        speaker.was_asked.wait()
        time.sleep(6)
        speaker.mend()

    thread = in_background(mend)
    run = task.run(yaml_file_name="job.yaml", config_file=str(speaker.kubeconfig))
    thread.join()
    assert run.state == "success", run.failures
    assert "The cluster refuses us (forbidden)" in run.log or "The cluster does not serve us now" in run.log
    assert "The cluster serves us again after" in run.log


@pytest.mark.parametrize("answer", [FORBIDDEN, UNAUTHORIZED, BROKEN], ids=lambda answer: answer.reason)
def test_a_server_that_refuses_everybody_for_some_seconds_while_the_job_runs_ends_no_task(
    answer: Answer, task: TaskRunner, namespace: Namespace, speaker: Speaker
) -> None:
    task.write("job.yaml", job("sleep 14; echo survived"))

    def trouble() -> None:
        with speaker.failing(answer):
            time.sleep(8)

    thread = _once_a_pod_runs(namespace, trouble)
    run = task.run(yaml_file_name="job.yaml", config_file=str(speaker.kubeconfig))
    thread.join()
    assert run.state == "success", run.failures
    assert run.log.count("\nsurvived") == 1
    assert namespace.living("jobs") == [], "it was deleted in the end"
    assert "The cluster refuses us (" in run.log or "The cluster does not serve us now (" in run.log


def test_a_server_that_refuses_everybody_when_the_job_ends_leaves_nothing_behind(
    task: TaskRunner, namespace: Namespace, speaker: Speaker
) -> None:
    task.write("job.yaml", job("sleep 4"))

    def trouble() -> None:
        time.sleep(3)
        with speaker.failing(FORBIDDEN):
            time.sleep(8)

    thread = _once_a_pod_runs(namespace, trouble)
    run = task.run(yaml_file_name="job.yaml", config_file=str(speaker.kubeconfig))
    thread.join()
    assert run.state == "success", run.failures
    assert namespace.living("jobs") == []


@pytest.mark.parametrize("fault", ["refuse", "hang"])
def test_an_outage_is_told_while_it_lasts_and_outlived(
    fault: str, task: TaskRunner, namespace: Namespace, line: Line, listener: Listener
) -> None:
    task.write("job.yaml", job("sleep 30; echo survived"))

    def outage() -> None:
        getattr(line, fault)()
        try:
            listener.until_said("The cluster does not serve us now (")
            time.sleep(5)
        finally:
            line.mend()

    thread = _once_a_pod_runs(namespace, outage)
    run = task.run(yaml_file_name="job.yaml", config_file=str(line.kubeconfig))
    thread.join()
    assert run.state == "success", run.failures
    assert run.log.count("\nsurvived") == 1
    assert "The cluster does not serve us now (" in run.log
    assert "The cluster serves us again after" in run.log


@pytest.mark.parametrize("fault", ["refuse", "hang"])
def test_an_outage_that_is_longer_than_the_tolerance_ends_the_task_and_a_retry_goes_on(
    fault: str, task: TaskRunner, namespace: Namespace, line: Line
) -> None:
    task.write("job.yaml", job("sleep 300"))
    began: list[float] = []

    def outage() -> None:
        began.append(time.time())
        getattr(line, fault)()

    thread = _once_a_pod_runs(namespace, outage)
    run = task.run(yaml_file_name="job.yaml", config_file=str(line.kubeconfig), outage_tolerance_seconds=20)
    thread.join()
    assert run.state == "failed"
    assert "trying for up to 20 s" in run.log
    assert _said(run, "was left as it is; it may still run, and a retry goes on with it.") - began[0] <= 75
    assert namespace.living("jobs") == ["job"]


# --- what does not pass


def _policy(namespace: Namespace) -> tuple[str, list[dict[str, Any]]]:
    name = f"few-{namespace.name}"
    group = "admissionregistration.k8s.io/v1"
    rules = [{"apiGroups": ["batch"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["jobs"]}]
    words = "'i/o timeout: connection refused (Unauthorized)'"
    policy = {
        "apiVersion": group,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": rules},
            "validations": [{"expression": "false", "messageExpression": words}],
        },
    }
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}}}
    binding = {
        "apiVersion": group,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": here},
    }
    return name, [policy, binding]


def _is_denied(namespace: Namespace) -> bool:
    try:
        namespace.kubectl("create", "--dry-run=server", "-f", "-", given=job("true", name="probe"))
    except AssertionError:
        return True
    return False


def test_a_policy_that_denies_is_named_and_ends_the_task_at_once(task: TaskRunner, namespace: Namespace) -> None:
    name, objects = _policy(namespace)
    for one in objects:
        namespace.kubectl("apply", "-f", "-", given=json.dumps(one))
    try:
        until(lambda: _is_denied(namespace), "the policy does not work yet")
        task.write("job.yaml", job("true"))
        run = task.run(yaml_file_name="job.yaml", retries=3)
    finally:
        for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
            namespace.kubectl("delete", kind, name)
    assert run.state == "failed"
    assert type(run.failures[0]).__name__ == "AirflowFailException", "a retry is in vain"
    assert f"What to do: ValidatingAdmissionPolicy '{name}' with binding '{name}' does not let this in" in run.told
    assert "i/o timeout: connection refused (Unauthorized)" in run.told
    assert _seconds(run, "apply --server-side", "apply: ") < AT_ONCE_SECONDS
    assert "does not serve us" not in run.log
    assert namespace.names("jobs") == []


def test_pod_security_that_denies_is_named_and_ends_the_task_at_once(task: TaskRunner, namespace: Namespace) -> None:
    namespace.kubectl("label", "namespace", namespace.name, "pod-security.kubernetes.io/enforce=restricted")
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod"},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox:1.36"}]},
    }
    task.write("pod.yaml", json.dumps(pod))
    run = task.run(yaml_file_name="pod.yaml", retries=3)
    assert run.state == "failed"
    assert type(run.failures[0]).__name__ == "AirflowFailException"
    assert 'What to do: PodSecurity "restricted:latest" does not let this in' in run.told
    assert namespace.names("pods") == []


def test_a_quota_of_jobs_that_is_used_up_is_told_as_one(task: TaskRunner, namespace: Namespace) -> None:
    namespace.kubectl("create", "quota", "few", "--hard=count/jobs.batch=0")
    until(lambda: bool(namespace.objects("resourcequotas")[0].get("status", {}).get("hard")), "nobody counts")
    task.write("job.yaml", job("true"))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "failed"
    assert "kubectl failed (quota exceeded" in run.told
    assert "have the ResourceQuota of the namespace raised" in run.told
    assert namespace.names("jobs") == []


def test_a_manifest_that_is_too_large_is_told_with_its_bytes(task: TaskRunner, namespace: Namespace) -> None:
    annotation = {"large": "x" * 4_000_000}
    manifest: dict[str, Any] = {"apiVersion": "batch/v1", "kind": "Job"}
    manifest |= {"metadata": {"name": "job"}, "spec": {"template": {"spec": {"restartPolicy": "Never"}}}}
    containers = [
        {"name": "main", "image": "busybox:1.36", "env": [{"name": key, "value": value}]}
        for key, value in annotation.items()
    ]
    manifest["spec"]["template"]["spec"]["containers"] = containers
    task.write("job.yaml", json.dumps(manifest))
    run = task.run(yaml_file_name="job.yaml", log_yaml=False)
    assert run.state == "failed"
    assert "kubectl failed (too large" in run.told
    assert "the manifest has 4,000," in run.told
    assert namespace.names("jobs") == []


def test_credentials_that_nobody_knows_end_the_task_within_two_seconds(
    task: TaskRunner, namespace: Namespace, speaker: Speaker
) -> None:
    task.write("job.yaml", job("true"))
    with speaker.failing(UNAUTHORIZED):
        run = task.run(yaml_file_name="job.yaml", config_file=str(speaker.kubeconfig))
    assert run.state == "failed"
    assert "kubectl failed (unauthorized" in run.told
    assert _seconds(run, "auth can-i --list", "") < AT_ONCE_SECONDS
    assert namespace.names("jobs") == []


# --- who is waited for


def test_a_job_that_is_held_by_a_finalizer_is_told_with_its_name(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("sleep 8").replace("{name: job}", "{name: job, finalizers: [example.com/audit]}"))
    release = json.dumps({"metadata": {"finalizers": None}})

    def delete() -> None:
        namespace.kubectl("delete", "job", "job", "--wait=false")
        namespace.kubectl("delete", "pods", "--all", "--wait=false")
        time.sleep(25)
        namespace.kubectl("patch", "job", "job", "--type=merge", "-p", release)

    thread = _once_a_pod_runs(namespace, delete)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "failed"
    assert "but is held by finalizer example.com/audit: whoever has put that on it has yet to take it off." in run.log


def test_a_pod_that_is_evicted_is_told_with_its_node(task: TaskRunner, namespace: Namespace) -> None:
    pod = "terminationGracePeriodSeconds: 8"
    manifest = job("trap '' TERM; sleep 20", spec="backoffLimit: 1").replace("terminationGracePeriodSeconds: 1", pod)
    task.write("job.yaml", manifest)
    asked: list[float] = []

    def evict() -> None:
        (name,) = namespace.living("pods")
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
        asked.append(time.time())
        path = f"/api/v1/namespaces/{namespace.name}/pods/{name}/eviction"
        namespace.kubectl("create", "--raw", path, "-f", "-", given=json.dumps(eviction))

    thread = _once_a_pod_runs(namespace, evict)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures
    told = "is being ended: it was evicted through the API, as by a drain of its node."
    assert _said(run, told) - asked[0] <= 15
    assert "1 terminating" in run.log


def test_a_job_that_another_controller_runs_is_waited_for(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("true", spec="backoffLimit: 0\nmanagedBy: example.com/elsewhere"))

    def status(**change: Any) -> None:
        patch = json.dumps({"status": change})
        namespace.kubectl("patch", "job", "job", "--subresource=status", "--type=merge", "-p", patch)

    def run_elsewhere() -> None:
        until(lambda: namespace.names("jobs") == ["job"], "there is no Job")
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        for active in (1, 2, 1):
            status(startTime=now, active=active, ready=active, terminating=0)
            time.sleep(5)
        met = {"type": "SuccessCriteriaMet", "status": "True", "lastTransitionTime": now, "lastProbeTime": now}
        done = {**met, "type": "Complete"}
        status(active=0, ready=0, terminating=0, succeeded=1, uncountedTerminatedPods={}, conditions=[met])
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        status(completionTime=end, conditions=[met, done])

    thread = in_background(run_elsewhere)
    run = task.run(yaml_file_name="job.yaml", startup_timeout_seconds=5)
    thread.join()
    assert run.state == "success", run.failures
    assert "The Job is run by example.com/elsewhere (spec.managedBy): its pods and their logs are elsewhere" in run.log


def test_a_secret_that_somebody_makes_later_is_waited_for(task: TaskRunner, namespace: Namespace) -> None:
    manifest: dict[str, Any] = {"apiVersion": "batch/v1", "kind": "Job"}
    env = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "late", "key": "token"}}}]
    container = {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", "echo has $TOKEN"], "env": env}
    manifest["metadata"] = {"name": "job", "annotations": {"kubectl-job-operator/secrets-come-late": "true"}}
    manifest["spec"] = {"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}
    task.write("job.yaml", json.dumps(manifest))

    def make() -> None:
        until(lambda: namespace.names("pods") != [], "there is no pod")
        time.sleep(25)
        namespace.kubectl("create", "secret", "generic", "late", "--from-literal=token=arrived")

    thread = in_background(make)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures
    assert "has arrived" in run.log
    assert 'CreateContainerConfigError: secret "late" not found' in run.log
