"""A Pod, and an object of a kind that the cluster has just learnt, as a task runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.errors import JobFailedError, JobInUseError, JobVanishedError
from tests.cluster import Cluster
from tests.integration.airflow_task import TaskRunner
from tests.integration.namespace import Namespace
from tests.waiting import in_background, until

CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.test.kubectl-job-operator.dev
spec:
  group: test.kubectl-job-operator.dev
  scope: Namespaced
  names: {kind: Widget, singular: widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        x-kubernetes-preserve-unknown-fields: true
"""
WIDGET = """\
apiVersion: test.kubectl-job-operator.dev/v1
kind: Widget
metadata:
  name: widget
spec:
  size: 3
"""
SETTINGS = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  colour: blue\n"
PHASES: dict[str, Any] = {"success_when": "{.status.phase}=Done", "failure_when": "{.status.phase}=Broken"}
CONDITIONS: dict[str, Any] = {"success_when": ["Ready", "Skipped"], "failure_when": "Ready=False"}


CONTAINER = {
    "name": "main",
    "image": "busybox:1.36",
    "imagePullPolicy": "IfNotPresent",
    "command": ["sh", "-c", "echo from the template"],
}


def pod(script: str, *, name: str = "pod", labels: str = "{}") -> str:
    """Return the manifest of a Pod with one container that runs a shell script."""
    return f"""\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  labels: {labels}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: busybox:1.36
    imagePullPolicy: IfNotPresent
    command: [sh, -c, {json.dumps(script)}]
"""


@dataclass(frozen=True)
class Widgets:
    """What a controller of Widgets does, by hand."""

    namespace: Namespace

    def names(self) -> list[str]:
        """Return the names of the Widgets that are not being deleted."""
        return self.namespace.living("widgets")

    def say(self, status: dict[str, Any]) -> None:
        """Set the status of the Widget, once it is there."""
        until(lambda: "widget" in self.names(), "the Widget was not made")
        self.namespace.kubectl("patch", "widget", "widget", "--type=merge", "-p", json.dumps({"status": status}))

    def run_pod(self, script: str, labels: str) -> None:
        """Run a pod for the Widget to its end."""
        until(lambda: "widget" in self.names(), "the Widget was not made")
        self.namespace.kubectl("create", "-f", "-", given=pod(script, name="worker", labels=labels))
        until(
            lambda: self.namespace.objects("pods")[0]["status"]["phase"] in ("Succeeded", "Failed"),
            "the pod did not end",
        )


@pytest.fixture(scope="module")
def known_kind(cluster: Cluster) -> Iterator[None]:
    """Let the cluster know Widgets."""
    some = Namespace(cluster, "default")
    some.kubectl("apply", "-f", "-", given=CRD)
    some.kubectl("wait", "crd/widgets.test.kubectl-job-operator.dev", "--for=condition=Established", "--timeout=60s")
    yield
    some.kubectl("delete", "crd", "widgets.test.kubectl-job-operator.dev", "--wait=false")


@pytest.fixture
def widgets(known_kind: None, namespace: Namespace) -> Widgets:  # noqa: ARG001 - they are made with it
    return Widgets(namespace)


@pytest.fixture
def sigterm() -> Iterator[Callable[[Callable[[], bool]], threading.Thread]]:
    """Send SIGTERM to the worker as soon as something is the case."""
    handler = signal.getsignal(signal.SIGTERM)

    def send_when(condition: Callable[[], bool]) -> threading.Thread:
        def send() -> None:
            until(condition, "there was nothing to interrupt")
            os.kill(os.getpid(), signal.SIGTERM)

        return in_background(send)

    yield send_when
    signal.signal(signal.SIGTERM, handler)


def test_a_pod_that_succeeds_shows_its_lines_once_and_is_deleted(task: TaskRunner, namespace: Namespace) -> None:
    task.write("pod.yaml", pod("for i in 3 2 1; do echo line $i; sleep 1; done") + SETTINGS)
    run = task.run(yaml_file_name="pod.yaml")
    assert run.state == "success", run.log
    assert [line for line in run.log.splitlines() if line.startswith("line ")] == ["line 3", "line 2", "line 1"]
    assert "wait pod/pod '--for=jsonpath={.status.phase}=Succeeded'" in run.log
    assert f"Pod {namespace.name}/pod is Complete after" in run.log
    assert ": .status.phase is Succeeded." in run.log
    assert "Pod pod: 0 succeeded, 1 running" in run.log
    assert namespace.living("pods") == []
    assert "settings" not in namespace.living("configmaps")


def test_a_pod_that_fails_makes_the_task_fail_and_says_why(task: TaskRunner, namespace: Namespace) -> None:
    task.write("pod.yaml", pod("echo about to fail; exit 3"))
    run = task.run(yaml_file_name="pod.yaml")
    assert run.state == "failed"
    error = run.failures[0]
    assert isinstance(error, JobFailedError)
    assert error.exit_codes == (3,)
    assert "exit code 3: about to fail\n" in run.error
    assert ": .status.phase is Failed" in run.log
    assert "container main: exit code 3 (Error)" in run.told
    assert namespace.living("pods") == ["pod"]


def test_a_failed_pod_of_an_earlier_run_is_replaced(task: TaskRunner) -> None:
    task.write("pod.yaml", pod("exit {{ code }}"))
    assert task.run(yaml_file_name="pod.yaml", yaml_template_fields={"code": 1}).state == "failed"
    run = task.run(yaml_file_name="pod.yaml", yaml_template_fields={"code": 0})
    assert run.state == "success", run.log
    assert "It is replaced." in run.log


def test_a_running_pod_of_somebody_else_is_not_touched(task: TaskRunner, namespace: Namespace) -> None:
    namespace.kubectl("apply", "-f", "-", given=pod("sleep 60"))
    task.write("pod.yaml", pod("true"))
    run = task.run(yaml_file_name="pod.yaml")
    assert isinstance(run.failures[0], JobInUseError)
    assert "apply" not in run.subcommands


def test_a_pod_that_is_deleted_while_it_runs_fails_the_task(task: TaskRunner, namespace: Namespace) -> None:
    task.write("pod.yaml", pod("echo begun; sleep 120"))

    def delete() -> None:
        until(lambda: [one["status"]["phase"] for one in namespace.objects("pods")] == ["Running"], "no pod ran")
        time.sleep(2)
        namespace.kubectl("delete", "pod", "pod")

    thread = in_background(delete)
    run = task.run(yaml_file_name="pod.yaml")
    thread.join()
    # The kubelet may have the time to say that its container was killed.
    assert isinstance(run.failures[0], (JobVanishedError, JobFailedError))
    assert f"Pod {namespace.name}/pod " in run.told


def test_a_killed_task_deletes_its_pod(
    task: TaskRunner, namespace: Namespace, sigterm: Callable[[Callable[[], bool]], threading.Thread]
) -> None:
    task.write("pod.yaml", pod("sleep 120"))
    thread = sigterm(lambda: bool(namespace.living("pods")))
    run = task.run(yaml_file_name="pod.yaml")
    thread.join()
    assert run.state == "failed"
    assert f", and no later try is to go on with it, so Pod {namespace.name}/pod is deleted, unless" in run.log
    assert namespace.living("pods") == []


def test_the_next_try_goes_on_with_the_pod_of_a_stopped_worker(
    task: TaskRunner, namespace: Namespace, sigterm: Callable[[Callable[[], bool]], threading.Thread]
) -> None:
    task.write("pod.yaml", pod("sleep 8; echo survived"))
    thread = sigterm(lambda: bool(namespace.living("pods")))
    run = task.run(yaml_file_name="pod.yaml", retries=1, retry_delay=timedelta(0))
    thread.join()
    if run.state == "failed":
        # dag.test() of Airflow 2 ends with the signal; the Pod is there for the next try all the same.
        assert namespace.living("pods") == ["pod"]
        return
    assert "Going on with it." in run.log
    assert run.subcommands.count("apply") == 1
    assert "survived" in run.log
    assert namespace.living("pods") == []


def test_a_widget_that_gets_its_phase_is_a_success_with_the_lines_of_its_pods(
    task: TaskRunner, namespace: Namespace, widgets: Widgets
) -> None:
    task.write("widget.yaml", WIDGET + SETTINGS)

    def control() -> None:
        widgets.run_pod("echo from the worker", "{widget-name: widget}")
        widgets.say({"phase": "Done"})

    thread = in_background(control)
    run = task.run(
        yaml_file_name="widget.yaml", pod_selector="widget-name={{ params.name }}", params={"name": "widget"}, **PHASES
    )
    thread.join()
    assert run.state == "success", run.log
    assert run.log.splitlines().count("from the worker") == 1
    target = "widget.v1.test.kubectl-job-operator.dev/widget"
    assert f"wait {target} '--for=jsonpath={{.status.phase}}=Done'" in run.log
    assert f"Widget {namespace.name}/widget is Complete after" in run.log
    assert widgets.names() == []
    assert "settings" not in namespace.living("configmaps")


def test_a_widget_with_a_failed_condition_fails_the_task_with_its_reason(task: TaskRunner, widgets: Widgets) -> None:
    task.write("widget.yaml", WIDGET)
    said = {"type": "Ready", "status": "False", "reason": "TooBig", "message": "size 3 is too big"}
    thread = in_background(lambda: widgets.say({"conditions": [said]}))
    run = task.run(yaml_file_name="widget.yaml", **CONDITIONS)
    thread.join()
    error = run.failures[0]
    assert isinstance(error, JobFailedError)
    assert (error.reason, error.condition_message) == ("TooBig", "size 3 is too big")
    assert widgets.names() == ["widget"]


def test_any_condition_of_a_list_is_enough(task: TaskRunner, widgets: Widgets) -> None:
    task.write("widget.yaml", WIDGET)
    thread = in_background(lambda: widgets.say({"conditions": [{"type": "Skipped", "status": "True"}]}))
    run = task.run(yaml_file_name="widget.yaml", **CONDITIONS)
    thread.join()
    assert run.state == "success", run.log


def test_a_widget_with_a_phase_of_failure_fails_the_task_with_what_stands_beside_it(
    task: TaskRunner, namespace: Namespace, widgets: Widgets
) -> None:
    task.write("widget.yaml", WIDGET)

    def control() -> None:
        widgets.run_pod("echo it is broken; exit 4", "{widget-name: widget}")
        widgets.say({"phase": "Broken", "message": "a wheel came off"})

    thread = in_background(control)
    run = task.run(yaml_file_name="widget.yaml", pod_selector="widget-name=widget", **PHASES)
    thread.join()
    assert run.state == "failed"
    headline = f"Widget {namespace.name}/widget failed: .status.phase is Broken (a wheel came off)"
    assert headline in run.told
    assert "Pod worker on node" in run.told
    assert "exit code 4" in run.told
    assert run.log.splitlines().count("it is broken") == 1


def test_a_deleted_widget_fails_the_task(task: TaskRunner, namespace: Namespace, widgets: Widgets) -> None:
    task.write("widget.yaml", WIDGET)

    def delete() -> None:
        until(lambda: "widget" in widgets.names(), "the Widget was not made")
        time.sleep(2)
        namespace.kubectl("delete", "widget", "widget")

    thread = in_background(delete)
    run = task.run(yaml_file_name="widget.yaml", **PHASES)
    thread.join()
    assert isinstance(run.failures[0], JobVanishedError)
    assert f"Widget {namespace.name}/widget was deleted while the task waited for it" in run.told


def test_a_killed_task_deletes_its_widget(
    task: TaskRunner, widgets: Widgets, sigterm: Callable[[Callable[[], bool]], threading.Thread]
) -> None:
    task.write("widget.yaml", WIDGET)
    thread = sigterm(lambda: bool(widgets.names()))
    run = task.run(yaml_file_name="widget.yaml", **PHASES)
    thread.join()
    assert run.state == "failed"
    assert widgets.names() == []


def test_a_failed_widget_of_an_earlier_run_is_replaced(
    task: TaskRunner, namespace: Namespace, widgets: Widgets
) -> None:
    task.write("widget.yaml", WIDGET)
    thread = in_background(lambda: widgets.say({"phase": "Broken"}))
    assert task.run(yaml_file_name="widget.yaml", **PHASES).state == "failed"
    thread.join()
    uid = namespace.objects("widgets")[0]["metadata"]["uid"]

    def control() -> None:
        until(
            lambda: uid not in [one["metadata"]["uid"] for one in namespace.objects("widgets")], "it was not replaced"
        )
        widgets.say({"phase": "Done"})

    thread = in_background(control)
    run = task.run(yaml_file_name="widget.yaml", **PHASES)
    thread.join()
    assert run.state == "success", run.log
    assert "It is replaced." in run.log


def test_the_kept_script_of_a_failed_pod_runs_it_anew(task: TaskRunner, tmp_path: Path) -> None:
    task.write("pod.yaml", pod("echo about to fail; exit 3"))
    assert task.run(yaml_file_name="pod.yaml", replay_dir=str(tmp_path)).state == "failed"
    (script,) = tmp_path.glob("*/replay.sh")
    done = subprocess.run([script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "has ended; it is deleted, to be run anew." in done.stderr
    assert done.stdout == "[pod/pod/main] about to fail\n"


def test_the_kept_script_of_a_failed_widget_waits_for_its_rules(
    task: TaskRunner, namespace: Namespace, widgets: Widgets, tmp_path: Path
) -> None:
    task.write("widget.yaml", WIDGET)
    thread = in_background(lambda: widgets.say({"phase": "Broken"}))
    assert task.run(yaml_file_name="widget.yaml", replay_dir=str(tmp_path), **PHASES).state == "failed"
    thread.join()
    namespace.kubectl("delete", "widget", "widget")
    (script,) = tmp_path.glob("*/replay.sh")
    thread = in_background(lambda: widgets.say({"phase": "Done"}))
    done = subprocess.run([script], capture_output=True, text=True, check=False, timeout=120)
    thread.join()
    assert done.returncode == 0, done.stderr
    assert f"Widget widget in namespace {namespace.name} is Complete." in done.stderr


def test_a_pod_hands_over_its_result(task: TaskRunner) -> None:
    task.write("pod.yaml", pod("echo [1, 2] > /airflow/xcom/return.json"))
    run = task.run(yaml_file_name="pod.yaml", do_xcom_push=True)
    assert run.state == "success", run.log
    assert "The Job handed over a result." in run.log


def test_the_pods_of_a_widget_are_found_by_the_label_on_its_pod_template(
    task: TaskRunner, namespace: Namespace, widgets: Widgets
) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [CONTAINER]}}
    document = {
        "apiVersion": "test.kubectl-job-operator.dev/v1",
        "kind": "Widget",
        "metadata": {"name": "widget"},
        "spec": {"template": template},
    }

    def control() -> None:
        until(lambda: "widget" in widgets.names(), "the Widget was not made")
        made = namespace.objects("widgets")[0]["spec"]["template"]
        made = {"apiVersion": "v1", "kind": "Pod", **made, "metadata": {**made["metadata"], "name": "worker"}}
        namespace.kubectl("create", "-f", "-", given=json.dumps(made))
        namespace.kubectl("wait", "pod/worker", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
        widgets.say({"phase": "Done"})

    thread = in_background(control)
    run = task.run(job_yaml=document, **PHASES)
    thread.join()
    assert run.state == "success", run.log
    assert run.log.splitlines().count("from the template") == 1
