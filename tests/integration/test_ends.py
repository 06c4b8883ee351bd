"""Killing, cleaning up and time limits: what is left on the cluster, and what is not."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from kubectl_job_operator.errors import JobFailedError, JobStartupError, TaskKilledError
from tests.integration.airflow_task import TaskRun, TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.waiting import in_background, until

SLEEPS = job("sleep 120")


@pytest.fixture
def killed(task: TaskRunner, namespace: Namespace) -> Iterator[Callable[..., TaskRun]]:
    """Run a task whose worker gets SIGTERM as soon as its pod is there."""
    handler = signal.getsignal(signal.SIGTERM)

    def kill_it() -> None:
        until(lambda: namespace.living("pods") != [], "there was no pod")
        os.kill(os.getpid(), signal.SIGTERM)

    def run(**arguments: Any) -> TaskRun:
        task.write("job.yaml", SLEEPS)
        thread = in_background(kill_it)
        try:
            return task.run(yaml_file_name="job.yaml", **arguments)
        finally:
            thread.join()
            signal.signal(signal.SIGTERM, handler)

    yield run
    signal.signal(signal.SIGTERM, handler)


def test_a_stopped_worker_without_a_next_try_deletes_the_job(
    killed: Callable[..., TaskRun], namespace: Namespace
) -> None:
    run = killed()
    assert run.state == "failed"
    assert namespace.living("jobs") == []


def test_on_kill_action_keep_keeps_the_job(killed: Callable[..., TaskRun], namespace: Namespace) -> None:
    run = killed(on_kill_action="keep")
    assert run.state == "failed"
    assert 'by on_kill_action="keep"' in run.log
    assert namespace.living("jobs") == ["job"]


def test_a_stopped_worker_with_a_next_try_keeps_the_job_and_the_next_try_goes_on_with_it(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("sleep 8; echo survived"))
    handler = signal.getsignal(signal.SIGTERM)
    uids: list[str] = []

    def kill_it() -> None:
        until(lambda: namespace.living("pods") != [], "there was no pod")
        uids.append(namespace.objects("jobs")[0]["metadata"]["uid"])
        os.kill(os.getpid(), signal.SIGTERM)

    thread = in_background(kill_it)
    try:
        run = task.run(yaml_file_name="job.yaml", retries=1, retry_delay=timedelta(0), backoff_limit=0)
    finally:
        thread.join()
        signal.signal(signal.SIGTERM, handler)
    if run.state == "failed":
        # dag.test() of Airflow 2 ends with the signal; the Job is there for the next try all the same.
        assert namespace.living("jobs") == ["job"]
        return
    assert "Only the worker was told to stop" in run.log
    assert "Going on with it." in run.log
    assert f"(uid {uids[0]})" in run.log.partition("Going on with it.")[2]
    assert run.subcommands.count("apply") == 1
    assert namespace.living("jobs") == []


@pytest.mark.parametrize(
    ("policy", "script", "stays"),
    [
        ("Always", "true", False),
        ("Always", "exit 1", False),
        ("IfSucceeded", "true", False),
        ("IfSucceeded", "exit 1", True),
        ("IfFailed", "true", True),
        ("IfFailed", "exit 1", False),
        ("Never", "true", True),
        ("Never", "exit 1", True),
    ],
)
def test_the_delete_policy_decides_what_stays(
    policy: str, script: str, stays: bool, task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job(script))
    run = task.run(yaml_file_name="job.yaml", delete_policy=policy)
    assert run.state == ("success" if script == "true" else "failed"), run.failures
    assert (namespace.living("jobs") == ["job"]) is stays


def test_a_job_that_does_not_start_in_time_fails_the_task_with_the_reason_and_is_deleted(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("true", pod="nodeSelector: {nowhere: here}"))
    run = task.run(yaml_file_name="job.yaml", startup_timeout_seconds=3, delete_policy="Never")
    assert run.state == "failed"
    assert isinstance(run.failures[0], JobStartupError)
    assert "No container has started within 3 s" in run.told
    assert "cannot be scheduled" in run.told
    assert namespace.living("jobs") == []


def test_the_startup_timeout_does_not_end_a_job_that_runs(task: TaskRunner) -> None:
    # On a busy machine a pod takes its time to start.
    task.write("job.yaml", job("sleep 14"))
    run = task.run(yaml_file_name="job.yaml", startup_timeout_seconds=10)
    assert run.state == "success", run.failures


def test_a_suspended_job_waits_until_it_is_resumed_and_says_so(task: TaskRunner, namespace: Namespace) -> None:
    version = json.loads(namespace.kubectl("version", "-o", "json"))["serverVersion"]
    if int(version["minor"].rstrip("+")) < 24:
        pytest.skip("this server is older than suspend; tests/unit/life/test_obstacles.py shows it with a recorded Job")
    task.write("job.yaml", job("true", spec="backoffLimit: 0\nsuspend: true"))

    def resume() -> None:
        time.sleep(20)  # longer than it may take to start, which on a busy machine takes some seconds
        namespace.kubectl("patch", "job", "job", "--type=merge", "-p", '{"spec": {"suspend": false}}')

    thread = in_background(resume)
    run = task.run(yaml_file_name="job.yaml", startup_timeout_seconds=15)
    thread.join()
    assert run.state == "success", run.failures
    assert "is suspended; waiting until somebody resumes it." in run.log


@pytest.mark.parametrize("script", ["true", "exit 1"])
def test_a_job_that_the_cluster_deletes_at_once_still_gets_its_true_verdict(
    script: str, task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job(script, spec="backoffLimit: 0\nttlSecondsAfterFinished: 0"))
    run = task.run(yaml_file_name="job.yaml", delete_policy="Never")
    assert run.state == ("success" if script == "true" else "failed"), run.failures
    if script == "exit 1":
        assert isinstance(run.failures[0], JobFailedError)
    until(lambda: namespace.living("jobs") == [], "its author wants it gone", seconds=30)


def test_the_cluster_gets_the_execution_timeout_as_its_own_deadline(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("true"))
    run = task.run(
        yaml_file_name="job.yaml",
        execution_timeout=timedelta(minutes=5),
        deadline_from_timeout=True,
        termination_grace_period_seconds=7,
        delete_policy="Never",
    )
    assert run.state == "success", run.failures
    spec = namespace.objects("jobs")[0]["spec"]
    assert spec["activeDeadlineSeconds"] == 300
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 7


def test_a_unique_name_is_the_same_on_a_retry_and_another_on_the_next_run(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("exit 1", name="a-rather-long-name-that-leaves-no-room-for-any-suffix-at-all-x"))
    arguments: dict[str, Any] = {"yaml_file_name": "job.yaml", "unique_name": True}
    run = task.run(**arguments, retries=1, retry_delay=timedelta(0), backoff_limit=0)
    assert run.state == "failed"
    assert "and it failed. It is replaced." in run.log
    assert len(namespace.living("jobs")) == 1
    task.run(**arguments)
    names = namespace.living("jobs")
    assert len(names) == 2
    assert all(len(name) <= 63 for name in names)


CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config%s}\ndata: {word: %s}\n---\n"
READS_CONFIG = job("echo read $WORD").replace(
    "command:",
    "env: [{name: WORD, valueFrom: {configMapKeyRef: {name: config, key: word}}}]\n          command:",
)


def test_companions_are_applied_before_the_job_and_go_with_it(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", CONFIG % ("", "ours") + READS_CONFIG)
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "success", run.failures
    assert "read ours" in run.log
    assert "config" not in namespace.living("configmaps")


def test_a_companion_stays_with_a_job_that_stays(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", CONFIG % ("", "ours") + READS_CONFIG.replace("echo read $WORD", "exit 1"))
    assert task.run(yaml_file_name="job.yaml").state == "failed"
    assert "config" in namespace.living("configmaps")
    task.write("job.yaml", CONFIG % ("", "newer") + READS_CONFIG)
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "success", run.failures
    assert "read newer" in run.log, "one of an earlier run of the same task is ours to change"
    assert "config" not in namespace.living("configmaps")


def test_a_companion_that_is_to_be_kept_outlives_the_job(task: TaskRunner, namespace: Namespace) -> None:
    keep = ', annotations: {kubectl-job-operator/keep: "true"}'
    task.write("job.yaml", CONFIG % (keep, "kept") + READS_CONFIG)
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "success", run.failures
    assert namespace.living("jobs") == []
    assert "config" in namespace.living("configmaps")


def test_a_companion_of_somebody_else_is_used_and_neither_changed_nor_deleted(
    task: TaskRunner, namespace: Namespace
) -> None:
    namespace.kubectl("create", "configmap", "config", "--from-literal=word=theirs")
    task.write("job.yaml", CONFIG % ("", "ours") + READS_CONFIG)
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "success", run.failures
    assert "read theirs" in run.log
    assert "ConfigMap config exists already and belongs to no task of Airflow: it is used as it is" in run.log
    (config,) = [one for one in namespace.objects("configmaps") if one["metadata"]["name"] == "config"]
    assert config["data"] == {"word": "theirs"}
    assert "labels" not in config["metadata"]


def test_a_job_that_the_server_refuses_leaves_no_companion_behind(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", CONFIG % ("", "ours") + job("true", spec="parallelism: -1"))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "failed"
    assert "config" not in namespace.living("configmaps")
    assert not isinstance(run.failures[0], TaskKilledError)


SHAPES = {
    "parallel": ("echo done", "parallelism: 2\ncompletions: 4\nbackoffLimit: 0", ""),
    "replaced pods": ("test -e /shared/once || { touch /shared/once; exit 1; }", "backoffLimit: 3", "shared"),
    "restarts in place": ("test -e /shared/once || { touch /shared/once; exit 1; }", "backoffLimit: 3", "on-failure"),
    "init container": ("echo main", "backoffLimit: 0", "init"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_jobs_of_every_shape_come_to_their_verdict(shape: str, task: TaskRunner, namespace: Namespace) -> None:
    script, spec, extra = SHAPES[shape]
    text = job(script, spec=spec)
    if extra in ("shared", "on-failure"):
        folder = f"/tmp/{namespace.name}"
        text = text.replace(
            "      containers:",
            f"      volumes: [{{name: v, hostPath: {{path: {folder}, type: DirectoryOrCreate}}}}]\n      containers:",
        ).replace("command:", "volumeMounts: [{name: v, mountPath: /shared}]\n          command:")
    if extra == "on-failure":
        text = text.replace("restartPolicy: Never", "restartPolicy: OnFailure")
    if extra == "init":
        text = text.replace(
            "      containers:",
            "      initContainers: [{name: first, image: busybox:1.36, command: [echo, init]}]\n      containers:",
        )
    task.write("job.yaml", text)
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "success", run.failures
    assert namespace.living("jobs") == []


def test_a_job_past_its_own_deadline_is_failed_with_that_reason(task: TaskRunner) -> None:
    task.write("job.yaml", job("sleep 60", spec="activeDeadlineSeconds: 2"))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "failed"
    assert "DeadlineExceeded" in run.told
