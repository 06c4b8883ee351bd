"""A deferred task ends like one that keeps its worker: the same states, logs, reasons and clean-up."""

from __future__ import annotations

import re
import threading
import time
from datetime import timedelta

from kubectl_job_operator.errors import JobFailedError, JobStartupError, JobVanishedError, TaskTimeoutError
from tests.integration.airflow_task import TaskRun, TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.unit.fake_kubectl import running, until


def lines_of(run: TaskRun, pattern: str) -> list[str]:
    return [line for line in run.log.splitlines() if re.fullmatch(pattern, line)]


def test_a_deferred_task_succeeds_with_its_job_shows_each_line_once_and_cleans_up(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("for i in 1 2 3; do echo line-$i; sleep 1; done"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True)
    assert run.state == "success", run.failures
    assert lines_of(run, r"line-\d") == ["line-1", "line-2", "line-3"]
    first, _, second = run.log.partition("The task is deferred")
    assert " apply " in first
    assert " wait " not in first
    assert "is Complete after" in second
    assert namespace.living("jobs") == []


def test_a_failed_job_fails_the_deferred_task_with_the_reason_its_last_lines_and_all_commands_to_replay(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("echo no route to host; exit 3"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True)
    assert run.state == "failed"
    print(run.log)
    assert isinstance(run.failures[0], JobFailedError)
    assert "exit code 3" in run.error
    assert "no route to host" in run.error
    replay = run.log.partition("::group::Replay")[2]
    assert " apply --server-side" in replay
    assert "--watch" in replay
    assert namespace.living("jobs") == ["job"]


def test_a_job_that_cannot_start_fails_the_deferred_task_early_with_the_reason_and_is_deleted(
    task: TaskRunner, namespace: Namespace
) -> None:
    began = time.monotonic()
    pod = "volumes: [{name: v, configMap: {name: absent}}]"
    task.write("job.yaml", job("true").replace("busybox:1.36", "not/A/name"))
    assert pod
    run = task.run(yaml_file_name="job.yaml", deferrable=True)
    print(run.log)
    assert run.state == "failed"
    assert isinstance(run.failures[0], JobStartupError)
    assert "it cannot start." in run.error
    assert namespace.living("jobs") == []
    assert time.monotonic() - began < 60
