"""Tries that are ended at an awkward moment: work that is done is not done again, and nothing runs on unwatched."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kubectl_job_operator.airflow import running
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.errors import TaskKilledError
from tests.integration.airflow_task import Listener, TaskRunner
from tests.integration.between import BROKEN, Line, Speaker
from tests.integration.held_kubectl import UNTIL_TOLD, ends_the_job_meanwhile, holds_the_first
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.tries import FIRST, RETRY, Tries
from tests.waiting import in_background, until


def test_a_job_that_became_complete_unseen_stays_at_the_timeout_and_the_retry_takes_what_it_came_to(
    task: TaskRunner, namespace: Namespace, listener: Listener, tmp_path: Path
) -> None:
    task.write("job.yaml", job("sleep 3; echo survived"))
    limit = timedelta(seconds=30)
    with closing(Line(namespace, tmp_path)) as line:

        def away() -> None:
            until(lambda: namespace.running_pods() != [], "no pod ran")
            line.refuse()
            try:
                listener.until_said("The task ran into its execution_timeout")
            finally:
                line.mend()

        thread = in_background(away)
        run = task.run(
            yaml_file_name="job.yaml",
            config_file=str(line.kubeconfig),
            execution_timeout=limit,
            retries=1,
            retry_delay=timedelta(0),
        )
        thread.join()
    assert run.state == "success", run.failures
    assert f"Job {namespace.name}/job is Complete, so it stays: a later try takes what it came to" in run.log
    assert run.subcommands.count("apply") == 1, "it ran twice"
    assert namespace.living("jobs") == []


def test_a_job_that_becomes_complete_while_it_is_about_to_be_deleted_at_the_timeout_stays_too(
    task: TaskRunner, namespace: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The try has looked, and the Job was at work; then kubectl takes long to ask for its deletion."""
    monkeypatch.setenv("AIRFLOW__KUBECTL_JOB_OPERATOR__KUBECTL", str(holds_the_first("delete", tmp_path)))
    task.write("job.yaml", job(f"{UNTIL_TOLD}; echo survived"))
    thread = ends_the_job_meanwhile(namespace, tmp_path)
    run = task.run(
        yaml_file_name="job.yaml", execution_timeout=timedelta(seconds=20), retries=1, retry_delay=timedelta(0)
    )
    thread.join()
    assert run.state == "success", run.failures
    assert f"Job {namespace.name}/job is Complete, so it stays: a later try takes what it came to" in run.log
    assert run.subcommands.count("apply") == 1, "it ran twice"


@pytest.mark.parametrize(("on_kill_action", "left"), [("delete", []), ("keep", ["job"])])
def test_a_try_that_is_killed_before_it_sees_an_earlier_trys_job_does_with_it_as_with_its_own(
    on_kill_action: str, left: list[str], tries: Tries, namespace: Namespace, tmp_path: Path
) -> None:
    tries.leave_running(FIRST, job("sleep 300"))
    with closing(Speaker(namespace, tmp_path)) as speaker:
        speaker.fail(BROKEN)
        config = str(speaker.kubeconfig)
        retry = tries.start(RETRY, job("sleep 300"), config_file=config, on_kill_action=on_kill_action)
        assert speaker.was_asked.wait(60), "it never looked"
        tries.kill_last()
        speaker.mend()
        run = retry.result()
    assert isinstance(run.failures[0], TaskKilledError)
    assert "apply" not in run.subcommands
    assert namespace.living("jobs") == left


@pytest.mark.parametrize(("delete_policy", "left"), [("Always", []), ("IfFailed", ["job"])])
def test_a_try_that_somebody_ends_before_it_sees_an_earlier_trys_complete_job_does_with_it_as_the_policy_says(
    *,
    delete_policy: str,
    left: list[str],
    tries: Tries,
    namespace: Namespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries.leave_running(FIRST, job("sleep 3"))
    namespace.kubectl("wait", "job/job", "--for=condition=complete", "--timeout=60s")
    monkeypatch.setattr(running, "stop_of", lambda _: Stop("Somebody marked the task", is_unwanted=True))
    with closing(Speaker(namespace, tmp_path)) as speaker:
        speaker.fail(BROKEN)
        retry = tries.start(RETRY, job("sleep 3"), config_file=str(speaker.kubeconfig), delete_policy=delete_policy)
        assert speaker.was_asked.wait(60), "it never looked"
        tries.kill_last()
        speaker.mend()
        run = retry.result()
    assert isinstance(run.failures[0], TaskKilledError)
    assert namespace.living("jobs") == left
