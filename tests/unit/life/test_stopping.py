"""Who stopped a task is said once, in a sentence, where anybody tells."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_job_operator.attempt.identity import selector_to_delete
from kubectl_job_operator.attempt.settings import Settings
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.errors import TaskKilledError
from tests.unit import stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.life.scenes import EARLIER, on_signal, once_called, signal_main_thread
from tests.unit.stage import COMPLETE_WAIT, TARGET, US, Log


class AirflowTaskTimeout(BaseException):
    """What Airflow raises in a signal handler; only its name is known below the room that imports Airflow."""


class AirflowTaskTerminated(BaseException):
    """The same for the end of a worker."""


def test_who_stopped_the_task_stands_in_the_log_and_in_the_exception(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log, stop=Stop("Somebody cleared the task"))
    with once_called(fake_kubectl, COMPLETE_WAIT, runner.kill), pytest.raises(TaskKilledError) as caught:
        runner.run()
    assert str(caught.value) == "Somebody cleared the task."
    assert log.text.count("Somebody cleared the task, so Job here/countdown is deleted.") == 1


def test_a_stopped_worker_whose_job_nobody_goes_on_with_is_told_so(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log, settings=Settings(keep_on_worker_stop=False), is_worker_stop=True)
    with once_called(fake_kubectl, COMPLETE_WAIT, runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    told = "and no later try is to go on with it, so Job here/countdown is deleted, unless it is Complete by now."
    assert told in log.text


@pytest.mark.parametrize(
    ("state", "is_unwanted", "deletes"), [("complete", False, 0), ("running", False, 1), ("complete", True, 1)]
)
def test_a_job_that_is_complete_when_only_its_worker_is_told_to_stop_stays_though_no_try_is_left(
    *, state: str, is_unwanted: bool, deletes: int, fake_kubectl: FakeKubectl, log: Log
) -> None:
    """A new scheduler that takes the task from its worker starts it again, however many tries it was to have."""
    fake_kubectl.answers("get job.v1.batch -l", {"kind": "List", "items": [stage.job(state)]})
    stage.script(fake_kubectl, end="never")
    stop = Stop("Somebody", is_unwanted=True) if is_unwanted else Stop("The worker", is_worker_only=True)
    runner = stage.runner(log, settings=Settings(keep_on_worker_stop=False), stop=stop)
    with once_called(fake_kubectl, COMPLETE_WAIT, runner.kill), pytest.raises(TaskKilledError):
        runner.run()
    assert len(fake_kubectl.called("delete")) == deletes
    assert ("Job here/countdown is Complete, so it stays" in log.text) is (deletes == 0)


@pytest.mark.parametrize(
    ("interruption", "words"),
    [
        (
            AirflowTaskTimeout,
            "The task ran into its execution_timeout, so Job here/countdown is deleted, unless it is Complete by now.",
        ),
        (AirflowTaskTerminated, "The task was told to stop, so Job here/countdown is deleted."),
    ],
)
def test_a_timeout_is_told_from_other_interruptions(
    interruption: type[BaseException], words: str, fake_kubectl: FakeKubectl, log: Log
) -> None:
    def interrupt(*_: object) -> None:
        raise interruption

    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log, stop=Stop("Nobody is asked"))
    with (
        on_signal(interrupt),
        once_called(fake_kubectl, COMPLETE_WAIT, signal_main_thread),
        pytest.raises(interruption),
    ):
        runner.run()
    assert words in log.text
    assert len(fake_kubectl.called("delete")) == 1


@pytest.mark.parametrize(
    ("interruption", "state", "deletes"),
    [
        (AirflowTaskTimeout, "complete", 0),
        (AirflowTaskTimeout, "failed", 1),
        (AirflowTaskTerminated, "complete", 1),
    ],
)
def test_a_job_that_was_complete_when_the_tasks_time_was_over_stays_for_a_later_try(
    interruption: type[BaseException], state: str, deletes: int, fake_kubectl: FakeKubectl, log: Log
) -> None:
    """It may have ended while the cluster was away; deleted, it would be run again."""

    def interrupt(*_: object) -> None:
        raise interruption

    fake_kubectl.answers("get job.v1.batch -l", **stage.REFUSED, times=1)
    fake_kubectl.answers("get job.v1.batch -l", {"kind": "List", "items": [stage.job(state)]})
    stage.script(fake_kubectl, end="never")
    with (
        on_signal(interrupt),
        once_called(fake_kubectl, COMPLETE_WAIT, signal_main_thread),
        pytest.raises(interruption),
    ):
        stage.runner(log).run()
    assert len(fake_kubectl.called("delete")) == deletes
    assert ("Job here/countdown is Complete, so it stays: a later try takes" in log.text) is (deletes == 0)


def test_a_job_that_gets_complete_before_it_has_the_labels_of_a_try_whose_time_is_over_stays(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    def interrupt(*_: object) -> None:
        raise AirflowTaskTimeout

    earlier = stage.job("complete", EARLIER)
    fake_kubectl.answers(f"get {TARGET}", stage.job("running", EARLIER))
    fake_kubectl.answers("label", after_seconds=NEVER)
    fake_kubectl.answers(f"get job.v1.batch -l {US.selector()}", {"kind": "List", "items": []})
    fake_kubectl.answers(f"get job.v1.batch -l {selector_to_delete(earlier)}", {"kind": "List", "items": [earlier]})
    stage.script(fake_kubectl)
    with (
        on_signal(interrupt),
        once_called(fake_kubectl, "label", signal_main_thread),
        pytest.raises(AirflowTaskTimeout),
    ):
        stage.runner(log).run()
    assert not fake_kubectl.called("delete")
    assert "Job here/countdown is Complete, so it stays" in log.text


def test_a_kill_that_comes_while_the_last_of_a_half_is_told_is_no_success(
    fake_kubectl: FakeKubectl, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Job is deleted, though the triggerer might have waited for it."""
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log, stop=Stop("Somebody cleared the task"))
    monkeypatch.setattr(runner._attempt.log, "tell_held", runner.kill)
    with pytest.raises(TaskKilledError):
        runner.start()
    assert len(fake_kubectl.called("delete")) == 1


@pytest.mark.parametrize(("is_unwanted", "is_deferred"), [(True, False), (False, True)])
def test_a_task_that_was_ended_while_its_job_came_into_being_is_not_deferred_and_leaves_no_job(
    is_unwanted: bool, is_deferred: bool, fake_kubectl: FakeKubectl, log: Log
) -> None:
    """Airflow would refuse it, and nobody would look after the Job."""
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log, stop=Stop("Somebody marked the task as failed", is_unwanted=is_unwanted))
    if is_deferred:
        assert runner.start() is not None
    else:
        with pytest.raises(TaskKilledError, match="Somebody marked the task as failed"):
            runner.start()
    assert bool(fake_kubectl.called("delete")) is is_unwanted
    assert ("The task is deferred" in log.text) is is_deferred


@pytest.mark.parametrize(("is_complete", "deletes"), [(True, 1), (False, 2)])
def test_a_job_that_changes_between_the_look_and_the_deletion_is_looked_at_again(
    *, is_complete: bool, deletes: int, fake_kubectl: FakeKubectl, log: Log
) -> None:
    now = stage.job("complete" if is_complete else "running")
    fake_kubectl.answers("get job.v1.batch -l", {"kind": "List", "items": [stage.job()]}, times=1)
    fake_kubectl.answers("get job.v1.batch -l", {"kind": "List", "items": [now]})
    fake_kubectl.answers("delete --raw", **stage.HAS_CHANGED, times=1)
    run_into_the_timeout(fake_kubectl, log)
    assert [call[4] for call in fake_kubectl.called("delete")] == ["--raw"] * deletes
    assert ("Job here/countdown is Complete, so it stays" in log.text) is is_complete


def test_a_job_that_changes_all_the_time_is_deleted_at_last(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("delete --raw", **stage.HAS_CHANGED)
    run_into_the_timeout(fake_kubectl, log)
    assert fake_kubectl.called("delete")[-1] == (
        *("kubectl", "-n", "here", "delete", "job.v1.batch", "-l", US.selector(), "--wait=false"),
    )


@pytest.mark.parametrize("answer", [stage.NOT_FOUND, {"stdout": "<html>a page</html>"}])
def test_a_server_that_does_not_delete_by_its_path_deletes_by_label(
    answer: dict[str, Any], fake_kubectl: FakeKubectl, log: Log
) -> None:
    """What path the server's address has, kubectl leaves out, and something else may answer there."""
    fake_kubectl.answers("delete --raw", **answer)
    run_into_the_timeout(fake_kubectl, log)
    assert [call[4] for call in fake_kubectl.called("delete")] == ["--raw", "job.v1.batch"]


def test_what_was_made_for_a_job_goes_with_it(fake_kubectl: FakeKubectl, log: Log) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}}
    fake_kubectl.answers("get -f")
    fake_kubectl.answers("apply", secret, times=1)
    run_into_the_timeout(fake_kubectl, log, manifest=f"{stage.MANIFEST}---\n{json.dumps(secret)}\n")
    assert [call[4] for call in fake_kubectl.called("delete")] == ["--raw", "job.v1.batch,secret"]


def run_into_the_timeout(fake_kubectl: FakeKubectl, log: Log, manifest: str = stage.MANIFEST) -> None:
    def interrupt(*_: object) -> None:
        raise AirflowTaskTimeout

    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log, manifest=manifest)
    with (
        on_signal(interrupt),
        once_called(fake_kubectl, COMPLETE_WAIT, signal_main_thread),
        pytest.raises(AirflowTaskTimeout),
    ):
        runner.run()
