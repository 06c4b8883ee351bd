"""A Job's whole life in a task, as a user sees it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from datetime import timedelta
from typing import Any

import psutil
import pytest
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.errors import JobFailedError, JobInUseError, KubectlError
from kubectl_job_operator.manifest.manifest import Manifest
from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.log_text import commands_in
from tests.waiting import in_background, until


@pytest.fixture(autouse=True)
def no_child_is_left() -> object:
    """Whatever a test does, none of our kubectl processes survives it."""
    yield
    assert [child.cmdline() for child in psutil.Process().children(recursive=True) if child.name() == "kubectl"] == []


def test_a_job_that_completes_makes_the_task_a_success_and_is_deleted(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("for i in 3 2 1; do echo line $i; done"))
    run = task.run(yaml_file_name="job.yaml", tail_logs=True)
    assert run.state == "success", run.log
    # Whose version is known is not asked for it; the second get watches the pods. Where the cluster is slow, the pods
    # are listed beside their silent watch, the events are read as well, and failure and deletion are waited for.
    pairs = zip(run.commands, run.subcommands, strict=True)
    quick = [(command, word) for command, word in pairs if "pods" not in command or "--watch" in command]
    others = [word for command, word in quick if word not in ("wait", "version") and "events" not in command]
    assert others == ["auth", "get", "apply", "get", "logs", "delete"]
    assert run.subcommands.count("wait") in (1, 3)
    assert "line 3\nline 2\nline 1" in run.log
    assert "is Complete" in run.log
    assert namespace.living("jobs") == []
    assert not run.manifest_file.parent.exists()


def test_the_printed_commands_pasted_in_their_order_do_the_same_again(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("echo from the job; exit 3"))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "failed"
    old_uid = namespace.objects("jobs")[0]["metadata"]["uid"]
    namespace.kubectl("delete", "job", "job", "--cascade=foreground")
    printed = commands_in(run.log)
    said = ""
    for command in printed:
        if any(word in command for word in ("--for=condition=complete", "--for=delete", "--watch")):
            continue  # This Job fails: nobody waits for these.
        # The new Job has a UID of its own, and so has its selector; its pod has a name of its own.
        new_uid = "".join(thing["metadata"]["uid"] for thing in namespace.objects("jobs"))
        pasted = command.replace(old_uid, new_uid)
        if " logs job-" in pasted:
            continue
        finished = subprocess.run(["bash", "-c", pasted], check=False, capture_output=True, text=True)
        assert finished.returncode == 0, (pasted, finished.stderr)
        said += finished.stdout
    assert '"type": "Failed"' in said
    assert "from the job" in said


def test_a_job_that_fails_makes_the_task_fail_and_says_why(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("echo about to fail; exit 3"))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "failed"
    error = run.failures[0]
    assert isinstance(error, JobFailedError)
    assert error.reason == "BackoffLimitExceeded"
    pod = namespace.names("pods")[0]
    assert "exit code 3: about to fail\nWhat to do: " in run.error
    assert "(BackoffLimitExceeded)." in run.log
    assert f"Pod {pod} on node " in run.told
    assert "container main: exit code 3 (Error)" in run.told
    assert "about to fail" in run.told
    assert namespace.living("jobs") == ["job"]


def test_the_manifest_of_a_failed_try_is_kept_for_this_user_alone(task: TaskRunner) -> None:
    task.write("job.yaml", job("exit 1"))
    run = task.run(yaml_file_name="job.yaml")
    file = run.manifest_file
    assert f"kept to run it again by hand: {file}" in run.log
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_failed_job_of_an_earlier_run_is_replaced_with_a_word(task: TaskRunner) -> None:
    task.write("job.yaml", job("exit {{ code }}"))
    assert task.run(yaml_file_name="job.yaml", yaml_template_fields={"code": 1}).state == "failed"
    run = task.run(yaml_file_name="job.yaml", yaml_template_fields={"code": 0})
    assert run.state == "success", run.log
    assert "exists already: it belongs to task job of DAG" in run.log
    assert "It is replaced." in run.log


def test_a_running_job_of_somebody_else_is_not_touched(task: TaskRunner, namespace: Namespace) -> None:
    namespace.kubectl("apply", "-f", "-", given=job("sleep 60"))
    before = namespace.objects("jobs")[0]["metadata"]["uid"]
    task.write("job.yaml", job("true"))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "failed"
    assert isinstance(run.failures[0], JobInUseError)
    assert "it belongs to no task of Airflow and has not ended. It was not touched." in run.told
    assert "apply" not in run.subcommands
    assert namespace.objects("jobs")[0]["metadata"]["uid"] == before


@pytest.mark.alone
def test_a_job_that_is_deleted_while_it_runs_fails_the_task_within_seconds(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("sleep 120"))
    deleted_at: list[float] = []

    def delete_it() -> None:
        until(lambda: namespace.living("jobs") == ["job"], "it never came")
        time.sleep(2)
        namespace.kubectl("delete", "job", "job", "--wait=false")
        deleted_at.append(time.monotonic())

    thread = in_background(delete_it)
    run = task.run(yaml_file_name="job.yaml")
    noticed_after = time.monotonic() - deleted_at[0]
    thread.join()
    assert run.state == "failed"
    assert "was deleted while the task waited for it, so it has no verdict" in run.told
    assert noticed_after < 10, "it would have run for 120 s"


def test_two_runs_with_one_job_name_at_once_are_told_apart(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("true"))
    holder = {**job_of_another_run(task.dag_id)}
    namespace.kubectl("apply", "-f", "-", given=json.dumps(holder))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "failed"
    assert isinstance(run.failures[0], JobInUseError)
    assert f"it belongs to task job of DAG {task.dag_id}, run scheduled__before and has not ended" in run.told
    assert "unique_name=True" in run.told
    run = task.run(yaml_file_name="job.yaml", unique_name=True)
    assert run.state == "success", run.failures
    assert namespace.living("jobs") == ["job"]


def job_of_another_run(dag_id: str) -> dict[str, Any]:
    """Return the Job that another run of the same task would have applied."""
    other = Identity(dag_id, "job", "scheduled__before")
    manifest = Manifest.parse(job("sleep 60"), "other").with_labels(other.labels())
    return dict(manifest.with_annotations(other.annotations(), on_pods=False).job)


def test_a_finished_job_of_nobody_is_replaced_with_a_word(task: TaskRunner, namespace: Namespace) -> None:
    namespace.kubectl("apply", "-f", "-", given=job("true"))
    namespace.kubectl("wait", "job/job", "--for=condition=complete", "--timeout=60s")
    task.write("job.yaml", job("echo mine"))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "success", run.failures
    assert "it belongs to no task of Airflow and has ended (Complete). It is replaced." in run.log
    assert "mine" in run.log


def test_a_job_that_somebody_edits_while_it_runs_still_comes_to_its_verdict(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("sleep 5"))

    def edit_it() -> None:
        until(lambda: namespace.living("pods") != [], "it never came")
        namespace.kubectl("annotate", "job", "job", "edited=by-hand")
        namespace.kubectl("label", "job", "job", "app.kubernetes.io/managed-by=me", "--overwrite")

    thread = in_background(edit_it)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures
    assert namespace.living("jobs") == []


def test_a_broken_template_is_not_tried_again(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", "{{ nowhere }}")
    run = task.run(yaml_file_name="job.yaml", retries=3, retry_delay=timedelta(0))
    assert run.state == "failed"
    assert len(run.failures) == 1
    assert "'nowhere' is undefined" in run.told
    assert tries_of(task.dag_id) == [1]
    assert namespace.names("jobs") == []


def tries_of(dag_id: str) -> list[int]:
    """Read how many tries Airflow has counted for each task of a DAG."""
    with create_session() as session:
        return [one.try_number for one in session.scalars(select(TaskInstance).where(TaskInstance.dag_id == dag_id))]


def test_execution_timeout_deletes_the_job(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("sleep 120"))
    run = task.run(yaml_file_name="job.yaml", execution_timeout=timedelta(seconds=3))
    assert run.state == "failed"
    assert "AirflowTaskTimeout" in repr(run.failures[0])
    told = f"so Job {namespace.name}/job is deleted, unless it is Complete by now."
    assert f"The task ran into its execution_timeout, {told}" in run.log
    assert namespace.living("jobs") == []


def test_a_task_that_is_killed_fails_and_leaves_no_job(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("sleep 120"))

    def kill_it() -> None:
        until(lambda: namespace.living("pods") != [], "it never came")
        os.kill(os.getpid(), signal.SIGTERM)

    handler = signal.getsignal(signal.SIGTERM)
    thread = in_background(kill_it)
    try:
        run = task.run(yaml_file_name="job.yaml")
    finally:
        thread.join()
        signal.signal(signal.SIGTERM, handler)
    assert run.state == "failed"
    assert "told to stop" in run.log
    assert "told to stop" in run.error or "AirflowTaskTerminated" in repr(run.failures[0])
    assert namespace.living("jobs") == []


def test_kubectls_own_words_stand_in_the_error(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("true"))
    run = task.run(yaml_file_name="job.yaml", namespace="no-such-namespace")
    assert run.state == "failed"
    assert isinstance(run.failures[0], KubectlError)
    assert 'namespaces "no-such-namespace" not found' in run.told
    assert "return code 1" in run.told
    assert "$ kubectl -n no-such-namespace apply" in run.told
    assert "What to do: create the namespace" in run.told
    assert namespace.living("jobs") == []
