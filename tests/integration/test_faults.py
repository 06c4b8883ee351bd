"""What breaks while a task waits changes neither its verdict nor how many Jobs there were."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from kubectl_job_operator.errors import WorkspaceError
from tests import cluster as test_cluster
from tests.integration.airflow_task import Listener, TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.test_arguments import kubeconfig
from tests.waiting import in_background, until

_WORKER = """\
import sys
from kubectl_job_operator import KubernetesJobOperator
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for

class Log:
    info = warning = error = critical = staticmethod(lambda message: print(message, flush=True))

class Task(KubernetesJobOperator):
    log = Log

with DAG("faults", schedule=None) as dag:
    task = Task(task_id="job", yaml_file_name=sys.argv[1], config_file=sys.argv[2], retries=1, backoff_limit=0)
task.execute(context_for(task, run_id="one", try_number=int(sys.argv[3])))
print("SUCCESS", flush=True)
"""


@pytest.mark.usefixtures("breakable")
def test_a_task_waits_through_an_api_server_that_is_killed_and_comes_back(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("sleep 8; echo survived"))

    def outage() -> None:
        until(lambda: namespace.living("pods") != [], "there was no pod")
        test_cluster.faults.kill("kube-apiserver")
        time.sleep(3)
        test_cluster.faults.start("kube-apiserver")

    thread = in_background(outage)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures
    assert "survived" in run.log


@pytest.mark.usefixtures("breakable")
def test_a_task_starts_through_a_short_outage_and_says_so_twice(task: TaskRunner, listener: Listener) -> None:
    task.write("job.yaml", job("true"))
    test_cluster.faults.kill("kube-apiserver")

    def mend() -> None:
        listener.until_said("The cluster does not serve us now")
        test_cluster.faults.start("kube-apiserver")

    thread = in_background(mend)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures
    assert run.log.count("The cluster does not serve us now") == 1
    assert run.log.count("The cluster serves us again") == 1


@pytest.mark.usefixtures("breakable")
@pytest.mark.parametrize("component", ["etcd", "kubelet"])
def test_a_task_waits_through_a_frozen_store_and_a_frozen_node(component: str, task: TaskRunner) -> None:
    task.write("job.yaml", job("sleep 4; echo survived"))

    def freeze() -> None:
        time.sleep(2)
        test_cluster.faults.pause(component)
        time.sleep(5)
        test_cluster.faults.resume(component)

    thread = in_background(freeze)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures
    assert "survived" in run.log


@pytest.mark.usefixtures("breakable")
def test_a_task_waits_through_a_kubelet_that_is_killed_and_comes_back(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("sleep 6; echo survived"))

    def restart() -> None:
        until(lambda: namespace.living("pods") != [], "there was no pod")
        test_cluster.faults.kill("kubelet")
        time.sleep(2)
        test_cluster.faults.start("kubelet")

    thread = in_background(restart)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures


def test_a_pod_that_is_deleted_is_replaced_by_the_cluster_and_the_task_goes_on(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("sleep 4", spec="backoffLimit: 2"))

    def delete_it() -> None:
        until(lambda: namespace.living("pods") != [], "there was no pod")
        namespace.kubectl("delete", "pod", namespace.living("pods")[0], "--wait=false")

    thread = in_background(delete_it)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures
    assert run.subcommands.count("apply") == 1


def test_a_full_disk_is_said_so_before_anything_is_created(
    task: TaskRunner, namespace: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system that is full")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], check=True)
    try:
        with contextlib.suppress(OSError), (tmp_path / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        task.write("job.yaml", job("true"))
        run = task.run(yaml_file_name="job.yaml")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert run.state == "failed"
    assert isinstance(run.failures[0], WorkspaceError)
    assert "No space left on device" in run.told
    assert run.commands == []
    assert namespace.names("jobs") == []


@pytest.mark.parametrize("condition", ["condition=complete", "condition=failed", "delete"])
def test_a_wait_that_is_killed_is_started_again(condition: str, task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("sleep 6", spec="backoffLimit: 2"))

    def kill_it() -> None:
        def waits() -> list[psutil.Process]:
            children = psutil.Process().children(recursive=True)
            return [child for child in children if f"--for={condition}" in cmdline(child)]

        until(lambda: namespace.living("pods") != [], "there was no pod")
        if condition != "condition=complete":
            # As long as no pod shows anything of it, nobody waits for the Job's failure or deletion.
            namespace.kubectl("delete", "pod", namespace.living("pods")[0], "--wait=false")
        until(lambda: waits() != [], "there was no wait")
        for process in waits():
            process.kill()

    thread = in_background(kill_it)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures
    assert f"wait --for={condition}: ended by signal 9" in run.log
    assert len([command for command in run.commands if f"--for={condition}" in command]) == 2, run.log


def test_a_worker_that_dies_leaves_the_job_and_no_kubectl_and_the_next_try_goes_on(
    namespace: Namespace, tmp_path: Path
) -> None:
    template = tmp_path / "job.yaml"
    template.write_text(job("sleep 6; echo survived"))
    config = kubeconfig(namespace, tmp_path / "config", "c")
    first = worker(template, config, 1)
    until(lambda: namespace.living("pods") != [] and len(kubectls(config)) >= 2, "it never waited")
    (job_of_first,) = namespace.objects("jobs")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    until(lambda: kubectls(config) == [], "a kubectl outlived its worker")
    assert namespace.living("jobs") == ["job"]
    second = worker(template, config, 2)
    out, _ = second.communicate(timeout=90)
    assert "SUCCESS" in out, out
    assert "Going on with it." in out
    assert f"(uid {job_of_first['metadata']['uid']})" in out
    assert "apply" not in out
    assert len(re.findall(r"^survived$", out, re.MULTILINE)) == 1


def test_a_job_that_completed_after_its_worker_died_is_not_run_again(namespace: Namespace, tmp_path: Path) -> None:
    template = tmp_path / "job.yaml"
    template.write_text(job("sleep 2"))
    config = kubeconfig(namespace, tmp_path / "config", "c")
    first = worker(template, config, 1)
    until(lambda: namespace.living("pods") != [] and len(kubectls(config)) >= 2, "it never waited")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    namespace.kubectl("wait", "job/job", "--for=condition=complete", "--timeout=60s")
    out, _ = worker(template, config, 2).communicate(timeout=90)
    assert "SUCCESS" in out, out
    assert "is Complete. Going on with it." in out
    assert "apply" not in out


def worker(template: Path, config: Path, try_number: int) -> subprocess.Popen[str]:
    """Start a process that runs the task's ``execute``, as a worker of Airflow does."""
    command = [sys.executable, "-c", _WORKER, str(template), str(config), str(try_number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)


def kubectls(config: Path) -> list[int]:
    """Return the ids of the kubectl processes that use a kubeconfig."""
    return [process.pid for process in psutil.process_iter() if str(config) in cmdline(process)[:3]]


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []
