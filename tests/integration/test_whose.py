"""Whose Job is it? Runs that are made again, two Airflows, a Clear, and who goes on with what."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import select

from kubectl_job_operator.airflow.compat.features import counts_clears
from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.errors import JobFailedError, JobInUseError, JobVanishedError
from kubectl_job_operator.manifest.labels import TRY_LABEL
from kubectl_job_operator.objects import labels_of
from tests.integration.airflow_task import TaskRunner
from tests.integration.held_kubectl import holds_the_first
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.tries import BEGUN_ANEW, CLEARED, FIRST, MADE_AGAIN, OTHER_RUN, RETRY, Tries, Try
from tests.waiting import in_background, until

INSTALLATION = "AIRFLOW__KUBECTL_JOB_OPERATOR__INSTALLATION"
SLEEPS = job("sleep 300")
SLEEPS_WITH_A_SECRET = f"{SLEEPS}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: token}}\nstringData: {{a: b}}\n"
LOSES_ITS_CONNECTION = "echo 'Unable to connect to the server: http2: client connection lost' >&2; exit 1"
counts_clears_only = pytest.mark.skipif(
    not counts_clears(),
    reason="before Airflow 3.1 a second process of a try looks like one of a run that was made again",
)


def pod(script: str) -> str:
    """Return the manifest of a Pod that runs a shell script."""
    container = {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script]}
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [container]}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": spec})


@pytest.mark.parametrize(
    ("script", "word"), [("echo from the old run", "before its run was"), ("exit 3", "and it failed")]
)
def test_a_run_that_was_deleted_and_made_again_does_its_own_work(tries: Tries, script: str, word: str) -> None:
    tries.run(FIRST, job(script), delete_policy="Never")
    old = tries.uid_of("jobs")
    run = tries.run(MADE_AGAIN, job("echo from the new run"), delete_policy="Never")
    assert run.state == "success", run.failures
    assert word in run.log
    assert "from the new run" in run.log.splitlines()
    assert tries.uid_of("jobs") != old


def test_a_job_that_runs_on_from_a_deleted_run_is_replaced(tries: Tries) -> None:
    old = tries.leave_running(replace(FIRST, number=3), SLEEPS)
    run = tries.run(MADE_AGAIN, job("echo from the new run"), delete_policy="Never")
    assert run.state == "success", run.failures
    assert "try 3, before its run was cleared or made again. It is replaced." in run.log
    assert tries.uid_of("jobs") != old


@pytest.mark.parametrize(("last", "held"), [(RETRY, "label"), (MADE_AGAIN, "delete")], ids=["adopts", "replaces"])
def test_a_try_that_is_ended_while_it_takes_an_earlier_job_leaves_none(
    last: Try, held: str, tries: Tries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Job still has the labels of the earlier try then, and its companion those of either."""
    tries.leave_running(FIRST, SLEEPS_WITH_A_SECRET)
    monkeypatch.setenv("AIRFLOW__KUBECTL_JOB_OPERATOR__KUBECTL", str(holds_the_first(held, tmp_path)))
    ended = tries.start(last, SLEEPS_WITH_A_SECRET)
    until((tmp_path / "held").exists, f"there was no kubectl {held}")
    tries.kill_last()
    run = ended.result()
    assert run.state == "failed"
    until(lambda: not tries.namespace.living("jobs"), f"the Job was left:\n{run.log}")
    until(lambda: "token" not in tries.namespace.living("secrets"), f"the Secret was left:\n{run.log}")


def test_a_try_that_is_ended_before_it_looks_leaves_no_companion_of_a_job_that_somebody_deleted(
    tries: Tries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries.leave_running(FIRST, SLEEPS_WITH_A_SECRET)
    tries.namespace.kubectl("delete", "job", "--all")
    monkeypatch.setenv("AIRFLOW__KUBECTL_JOB_OPERATOR__KUBECTL", str(holds_the_first("auth", tmp_path)))
    ended = tries.start(RETRY, SLEEPS_WITH_A_SECRET)
    until((tmp_path / "held").exists, "there was no kubectl auth can-i")
    assert "token" in tries.namespace.living("secrets")
    tries.kill_last()
    run = ended.result()
    assert run.state == "failed"
    until(lambda: "token" not in tries.namespace.living("secrets"), f"the Secret was left:\n{run.log}")


def test_a_try_whose_take_over_is_cut_off_leaves_the_job_to_a_later_one_that_has_it_by_then(
    tries: Tries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = tries.leave_running(FIRST, SLEEPS_WITH_A_SECRET)
    with monkeypatch.context() as once:
        once.setenv(
            "AIRFLOW__KUBECTL_JOB_OPERATOR__KUBECTL", str(holds_the_first("label", tmp_path, LOSES_ITS_CONNECTION))
        )
        cut_off = tries.start(RETRY, SLEEPS_WITH_A_SECRET)
        until((tmp_path / "held").exists, "there was no kubectl label")
    tries.start(replace(FIRST, number=3), SLEEPS_WITH_A_SECRET)
    until(lambda: labels_of(tries.namespace.objects("secrets")[0])[TRY_LABEL] == "3", "it was not taken over")
    (tmp_path / "held").rmdir()
    run = cut_off.result(timeout=60)
    assert run.state == "failed"
    assert "try 3 of this task has taken it over from try 2. It was not touched." in str(run.failures)
    assert tries.uid_of("jobs") == uid
    kept = [*tries.namespace.objects("jobs"), *tries.namespace.objects("secrets")]
    assert [labels_of(thing)[TRY_LABEL] for thing in kept] == ["3", "3"]


def test_a_companion_that_an_abandoned_try_applies_late_stays_that_of_the_run_that_was_made_again(
    tries: Tries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has seen that there is none, and its apply takes so long that the other run is at work by then."""
    with monkeypatch.context() as once:
        once.setenv("AIRFLOW__KUBECTL_JOB_OPERATOR__KUBECTL", str(holds_the_first("apply", tmp_path)))
        late = tries.start(FIRST, SLEEPS_WITH_A_SECRET)
        until((tmp_path / "held").exists, "there was no kubectl apply")
    tries.start(MADE_AGAIN, SLEEPS_WITH_A_SECRET)
    until(lambda: tries.namespace.running_pods() != [], "no pod ran")
    (before,) = tries.namespace.objects("secrets")
    (tmp_path / "held").rmdir()
    run = late.result(timeout=60)
    assert run.state == "failed"
    assert "belongs to try 1 of this task, which began later; Job job was not created." in str(run.failures)
    (after,) = tries.namespace.objects("secrets")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert labels_of(after) == labels_of(before)


def test_what_a_retry_has_no_more_in_a_companion_is_taken_away_from_it(tries: Tries) -> None:
    config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: "
    tries.run(FIRST, job("exit 1") + config + "{first: a, both: a}\n", delete_policy="Never")
    run = tries.run(RETRY, job("exit 1") + config + "{both: b}\n", delete_policy="Never")
    assert isinstance(run.failures[0], JobFailedError)
    (there,) = [one for one in tries.namespace.objects("configmaps") if one["metadata"]["name"] == "config"]
    assert there["data"] == {"both": "b"}
    assert labels_of(there)[TRY_LABEL] == "2"


@counts_clears_only
def test_a_try_that_airflow_begins_anew_does_no_work_twice(tries: Tries) -> None:
    tries.run(FIRST, job("echo did the work"), delete_policy="Never")
    done = tries.uid_of("jobs")
    run = tries.run(BEGUN_ANEW, job("echo did it again"), delete_policy="Never")
    assert run.state == "success", run.failures
    assert tries.uid_of("jobs") == done
    assert "did the work" in run.log.splitlines()


@counts_clears_only
def test_a_try_that_airflow_begins_anew_goes_on_with_its_job(tries: Tries) -> None:
    running = tries.leave_running(FIRST, job("sleep 5; echo done"))
    run = tries.run(BEGUN_ANEW, job("sleep 5; echo done"), delete_policy="Never")
    assert run.state == "success", run.failures
    assert tries.uid_of("jobs") == running
    assert "done" in run.log.splitlines()


def test_airflow_makes_a_run_again_and_it_does_its_own_work(task: TaskRunner, namespace: Namespace) -> None:
    """The same day tested twice: Airflow deletes the first run and makes one of the same day, with the same start."""
    task.write("job.yaml", job("echo ran in $(hostname)"))
    uids, runs = [], []
    for _ in range(2):
        dag = task.load(yaml_file_name="job.yaml", delete_policy="Never")
        runs.append(task.run_dag(dag, logical_date=dag.start_date))
        uids.append(namespace.objects("jobs")[0]["metadata"]["uid"])
    assert [run.state for run in runs] == ["success", "success"], runs[1].failures
    assert uids[0] != uids[1]
    assert "It is replaced." in runs[1].log
    with create_session() as session:
        assert len(list(session.scalars(select(DagRun).where(DagRun.dag_id == task.dag_id)))) == 1


def test_a_job_that_somebody_replaces_while_it_runs_fails_the_task_at_once(
    task: TaskRunner, namespace: Namespace
) -> None:
    """The other one has the name already when the task begins to wait for a deletion, and does not end for minutes."""
    task.write("job.yaml", SLEEPS)

    def replace_it() -> None:
        until(lambda: bool(namespace.running_pods()), "no pod runs")
        namespace.kubectl("replace", "--force", "-f", "-", given=SLEEPS)

    thread = in_background(replace_it)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert isinstance(run.failures[0], JobVanishedError), run.log
    assert "another Job has its name now" in run.told
    assert len(namespace.living("jobs")) == 1, "it is not the task's to delete"


def test_two_airflows_with_one_dag_in_one_namespace_take_nothing_from_each_other(
    tries: Tries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(INSTALLATION, "blue")
    blue = tries.leave_running(FIRST, SLEEPS)
    monkeypatch.setenv(INSTALLATION, "green")
    for which in (FIRST, RETRY):
        run = tries.run(which, SLEEPS)
        assert isinstance(run.failures[0], JobInUseError)
        assert f"task job of DAG {tries.dag_id}, run {FIRST.run_id}, of another Airflow" in run.told
        assert "[kubectl_job_operator] installation" in run.told
        assert tries.uid_of("jobs") == blue
    run = tries.run(FIRST, job("echo green"), unique_name=True)
    assert "green" in run.log.splitlines()
    monkeypatch.setenv(INSTALLATION, "blue")
    tries.namespace.kubectl("delete", "job", "job", "--cascade=foreground")
    tries.run(FIRST, job("true"), delete_policy="Never")
    monkeypatch.setenv(INSTALLATION, "green")
    run = tries.run(RETRY, job("echo green did its own"), delete_policy="Never")
    assert "green did its own" in run.log.splitlines(), "what the other Airflow has done is not this one's work"


def test_a_clear_of_a_running_task_whose_worker_is_dead_starts_anew(tries: Tries) -> None:
    old = tries.leave_running(FIRST, SLEEPS)
    run = tries.run(CLEARED, job("echo anew"), delete_policy="Never")
    assert run.state == "success", run.failures
    assert "from try 1, before the task was cleared. It is replaced." in run.log
    assert tries.uid_of("jobs") != old


@pytest.mark.parametrize("retries", [0, 9])
def test_a_job_is_gone_on_with_though_retries_was_changed_in_the_dag_while_it_ran(tries: Tries, retries: int) -> None:
    script = job("sleep 8; echo the end")
    old = tries.leave_running(FIRST, script, retries=3, backoff_limit=0)
    run = tries.run(RETRY, script, retries=retries, backoff_limit=0, delete_policy="Never")
    assert run.state == "success", run.failures
    assert "from try 1, and it has not ended. Going on with it." in run.log
    assert "the end" in run.log.splitlines()
    assert tries.uid_of("jobs") == old


@pytest.mark.parametrize("yaml", [SLEEPS, pod("sleep 300")], ids=["Job", "Pod"])
def test_a_frozen_worker_that_wakes_takes_nothing_from_a_later_try(tries: Tries, yaml: str) -> None:
    resource = "jobs" if yaml is SLEEPS else "pods"
    tries.leave_running(FIRST, yaml, resource)
    tries.start(RETRY, yaml)
    label = "kubectl-job-operator/try-number"
    until(
        lambda: [one["metadata"]["labels"][label] for one in tries.namespace.objects(resource)] == ["2"],
        "the second try did not go on with it",
    )
    later = tries.uid_of(resource)
    run = tries.run(FIRST, yaml)
    assert isinstance(run.failures[0], JobInUseError)
    assert "try 2 of this task has taken it over from try 1" in run.told
    assert tries.uid_of(resource) == later


def test_a_pod_is_gone_on_with_by_the_next_try(tries: Tries) -> None:
    yaml = pod("sleep 8; echo the end")
    uid = tries.leave_running(FIRST, yaml, "pods")
    run = tries.run(RETRY, yaml, delete_policy="Never")
    assert run.state == "success", run.failures
    assert "the end" in run.log.splitlines()
    assert tries.uid_of("pods") == uid
    third = tries.run(replace(RETRY, number=3), yaml, delete_policy="IfSucceeded")
    assert third.state == "success", third.failures
    assert "and it is Complete" in third.log
    assert tries.namespace.living("pods") == []


def test_a_complete_job_that_a_finalizer_holds_is_done(tries: Tries) -> None:
    tries.run(FIRST, job("echo the work"), delete_policy="Never")
    namespace = tries.namespace
    hold = {"metadata": {"finalizers": ["example.com/hold"]}}
    namespace.kubectl("patch", "job", "job", "--type=merge", "-p", json.dumps(hold))
    namespace.kubectl("delete", "job", "job", "--wait=false")
    try:
        run = tries.run(RETRY, job("echo the work again"))
        assert run.state == "success", run.failures
        assert "apply" not in run.subcommands
        assert "the work" in run.log.splitlines()
    finally:
        namespace.kubectl("patch", "job", "job", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')


def test_a_job_of_version_0_1_is_gone_on_with_and_gets_the_labels_of_today(tries: Tries) -> None:
    script = job("sleep 8; echo the end")
    retries: dict[str, Any] = {"retries": 3, "backoff_limit": 0}
    old = tries.leave_running(FIRST, script, **retries)
    namespace = tries.namespace
    labels = namespace.objects("jobs")[0]["metadata"]["labels"]
    digest = Identity(tries.dag_id, "job", FIRST.run_id).digest
    assert digest != labels["kubectl-job-operator/task-instance"], "it is another Airflow's by its settings"
    changes = [f"kubectl-job-operator/task-instance={digest}", "kubectl-job-operator/try-started-"]
    namespace.kubectl("label", "job", "job", "--overwrite", *changes)
    namespace.kubectl("annotate", "job", "job", "kubectl-job-operator/round-")
    run = tries.run(RETRY, script, delete_policy="Never", **retries)
    assert run.state == "success", run.failures
    assert "the end" in run.log.splitlines()
    assert tries.uid_of("jobs") == old
    now = namespace.objects("jobs")[0]["metadata"]["labels"]
    assert now["kubectl-job-operator/task-instance"] == labels["kubectl-job-operator/task-instance"]
    assert now["kubectl-job-operator/try-number"] == "2"


def test_a_template_that_breaks_while_its_task_is_deferred_does_not_hide_the_verdict(
    task: TaskRunner, namespace: Namespace
) -> None:
    template = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\n"
    file = task.write("job.yaml", job("sleep 5; echo the end") + template)

    def break_it() -> None:
        until(lambda: namespace.running_pods() != [], "no pod ran")
        file.write_text("{{ nowhere }}")

    thread = in_background(break_it)
    run = task.run(yaml_file_name="job.yaml", deferrable=True)
    thread.join()
    assert run.state == "success", run.failures
    assert "cannot be rendered any more" in run.log
    assert "'nowhere' is undefined" in run.log
    assert re.search(r"^\S+Z the end$", run.log, re.MULTILINE), run.log
    assert namespace.living("jobs") == []
    assert "config" not in namespace.living("configmaps"), "by the kinds that were handed over"


def test_an_ended_job_of_another_run_is_in_nobodys_way_and_a_running_one_is(tries: Tries) -> None:
    tries.run(FIRST, job("true"), delete_policy="Never")
    run = tries.run(OTHER_RUN, job("true"), delete_policy="Never")
    assert run.state == "success", run.failures
    assert f"run {FIRST.run_id} and has ended (Complete). It is replaced." in run.log
    tries.start(FIRST, SLEEPS)
    until(lambda: tries.namespace.running_pods() != [], "no pod ran")
    run = tries.run(OTHER_RUN, job("true"))
    assert isinstance(run.failures[0], JobInUseError)
    assert f"run {FIRST.run_id} and has not ended" in run.told
