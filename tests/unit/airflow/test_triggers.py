"""What waits in the triggerer: nothing secret in the database, and a healthy task's Job is never deleted."""

from __future__ import annotations

import asyncio
import datetime
import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow import triggers
from kubectl_job_operator.airflow.compat.imports import Connection
from kubectl_job_operator.airflow.compat.states import UNKNOWN
from kubectl_job_operator.airflow.deferral import make_trigger, read_event
from kubectl_job_operator.airflow.triggers import KubernetesJobTrigger
from kubectl_job_operator.attempt.outcome import News
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life.deferred_deletion import UnwantedJob, delete_command
from kubectl_job_operator.watch import event_loop_watch
from tests.unit import stage
from tests.unit.airflow.test_operators import operator
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.shared import JOBS_WATCH, eventually, handover, line, quiet, run, uid

JOB = "get job/job-1"
KUBECONFIG = "apiVersion: v1\nkind: Config\nusers: [{name: u, user: {token: very-secret}}]\n"


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """End each watch at once."""
    monkeypatch.setattr(event_loop_watch, "_LINGER_SECONDS", 0.01)


def trigger(**arguments: Any) -> KubernetesJobTrigger:
    """Make a trigger as the triggerer does: from what the database keeps."""
    _, kept = KubernetesJobTrigger(handover=handover(1, began=time.time()).to_text(), **arguments).serialize()
    made = KubernetesJobTrigger(**json.loads(json.dumps(kept)))
    instance: Any = SimpleNamespace(dag_id="dag", task_id="task", run_id="run", map_index=-1)
    made.task_instance = instance
    return made


def in_state(state: str, monkeypatch: pytest.MonkeyPatch, *, has_on_kill: bool = True) -> None:
    """Let Airflow say that the task instance is in this state now."""

    async def state_of(_: Any) -> str:
        return state

    monkeypatch.setattr(triggers, "state_of_deferred", state_of)
    monkeypatch.setattr(triggers, "triggers_have_on_kill", lambda: has_on_kill)


def warnings_of_triggers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what triggers will have warned of."""
    log = stage.Log()
    monkeypatch.setattr(triggers, "own_log", lambda _: log)
    return log.warnings


def job(state: str = "running", number: int = 1) -> dict[str, Any]:
    """Return the Job of the trigger."""
    made = stage.job(state, uid=uid(number))
    made["metadata"]["name"] = "job-1"
    return made


async def first_event(of: KubernetesJobTrigger) -> dict[str, Any]:
    event: Any = await anext(aiter(of.run()))
    payload: dict[str, Any] = event.payload
    return payload


async def cancelled(of: KubernetesJobTrigger) -> None:
    """Wait for a while and be cancelled, as by a triggerer that loses the trigger."""
    waiting = asyncio.ensure_future(first_event(of))
    await asyncio.sleep(0.3)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


def test_the_database_gets_only_text_and_numbers_and_nothing_secret() -> None:
    task = operator(
        job_yaml=stage.MANIFEST + "\n# very-secret",
        env_vars={"PASSWORD": "very-secret"},
        kubernetes_conn_id="k8s",
        deferrable=True,
        logging_interval=30,
    )
    classpath, kept = make_trigger(task, handover(1, began=1.5)).serialize()
    assert classpath == "kubectl_job_operator.airflow.triggers.KubernetesJobTrigger"
    assert all(isinstance(value, (str, int, float)) for value in kept.values()), kept
    assert "very-secret" not in json.dumps(kept)
    assert "busybox" not in json.dumps(kept)
    assert kept["kubernetes_conn_id"] == "k8s"
    assert kept["logging_interval"] == 30
    assert "deadline" not in kept


def test_the_event_holds_all_that_the_second_half_needs_because_nothing_else_reaches_it(
    fake_kubectl: FakeKubectl,
) -> None:
    fake_kubectl.answers(JOBS_WATCH, line(1, "complete"), then=[NEVER])
    quiet(fake_kubectl)
    event = run(first_event(trigger()))
    assert all(isinstance(value, str) for value in event.values())
    known, outcome = read_event(json.loads(json.dumps(event)))
    assert outcome.news is News.ENDED
    assert (known.name, known.uid) == ("job-1", uid(1))
    assert any("--watch" in record.argv for record in known.commands)


def test_the_connection_is_looked_up_where_the_trigger_runs(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def get_connection(name: str) -> Connection:
        asked.append(name)
        return Connection(conn_id=name, conn_type="kubernetes", extra=json.dumps({"kube_config": KUBECONFIG}))

    monkeypatch.setattr("kubectl_job_operator.airflow.connection.get_connection", get_connection)
    fake_kubectl.answers(JOBS_WATCH, line(1, "complete"), then=[NEVER])
    quiet(fake_kubectl)
    assert run(first_event(trigger(kubernetes_conn_id="k8s")))["news"] == "ended"
    assert asked == ["k8s"]
    assert fake_kubectl.called("--kubeconfig get jobs")
    assert not any("very-secret" in word for call in fake_kubectl.calls for word in call)


def test_a_trigger_never_raises_but_tells_the_task_what_went_wrong() -> None:
    event = run(first_event(trigger(config_file="/nowhere/kubeconfig")))
    assert event["news"] == "gave up"
    assert "/nowhere/kubeconfig" in event["message"]


def test_the_tasks_time_is_kept_by_the_trigger_itself(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "resumes_after_timeout", lambda: True)
    fake_kubectl.answers(JOBS_WATCH, line(1), then=[NEVER])
    quiet(fake_kubectl)
    assert run(first_event(trigger(deadline=time.time() + 1.5)))["news"] == "time over"


def test_airflow_2_fails_the_task_before_it_comes_back_so_the_trigger_deletes_the_job_when_its_time_is_over(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "resumes_after_timeout", lambda: False)
    fake_kubectl.answers(JOBS_WATCH, line(1), then=[NEVER])
    fake_kubectl.answers(JOB, job())
    fake_kubectl.answers("delete")
    quiet(fake_kubectl)
    assert run(first_event(trigger(deadline=time.time() + 0.5)))["news"] == "time over"
    assert len(fake_kubectl.called("delete job.v1.batch --wait=false")) == 1


def test_a_worker_is_asked_for_the_logs_when_the_interval_is_over(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(JOBS_WATCH, line(1), then=[NEVER])
    quiet(fake_kubectl)
    assert run(first_event(trigger(logging_interval=1)))["news"] == "logs"


def test_a_task_that_was_marked_is_not_sent_to_a_worker_for_its_logs_but_loses_its_job(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("success", monkeypatch)
    fake_kubectl.answers(JOBS_WATCH, line(1), then=[NEVER])
    quiet(fake_kubectl)
    fake_kubectl.answers(JOB, job())
    fake_kubectl.answers("delete")
    waiting = trigger(logging_interval=1)

    async def wait_and_be_ended() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(first_event(waiting), 2.5)
        await waiting.on_kill()

    run(wait_and_be_ended())
    assert fake_kubectl.called("delete job.v1.batch -l")[0][6] == stage.US.selector()


@pytest.mark.parametrize("state", ["None", "success"])
def test_a_task_that_was_ended_is_not_sent_to_a_worker_because_its_time_is_over_but_loses_its_job(
    state: str, fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker would come, and a trigger that has fired deletes nothing when a cleared task is marked later."""
    in_state(state, monkeypatch)
    monkeypatch.setattr(triggers, "resumes_after_timeout", lambda: True)
    fake_kubectl.answers(JOBS_WATCH, line(1), then=[NEVER])
    quiet(fake_kubectl)
    fake_kubectl.answers(JOB, job())
    fake_kubectl.answers("delete")
    waiting = trigger(deadline=time.time() + 0.3)

    async def wait_and_be_ended() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(first_event(waiting), 1.5)
        await waiting.on_kill()

    run(wait_and_be_ended())
    assert fake_kubectl.called("delete job.v1.batch -l")[0][6] == stage.US.selector()


@pytest.mark.parametrize("state", ["failed", "success", "None", "no such"])
def test_a_task_that_somebody_has_marked_or_cleared_leaves_no_job(
    state: str, fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state(state, monkeypatch)
    fake_kubectl.answers(JOB, job())
    fake_kubectl.answers("delete")
    run(trigger().on_kill())
    assert fake_kubectl.called("delete job.v1.batch -l")[0][6] == stage.US.selector()


def test_on_kill_action_keep_keeps_the_job_of_a_marked_task(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("failed", monkeypatch)
    run(trigger(on_kill_action="keep").on_kill())
    assert fake_kubectl.calls == []


def test_a_triggerer_that_was_frozen_and_has_lost_its_triggers_deletes_nothing_of_a_healthy_task(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state in ("deferred", "scheduled", "queued", "running", "up_for_retry"):
        in_state(state, monkeypatch)
        run(trigger().on_kill())
    assert fake_kubectl.calls == []


def test_a_job_is_deleted_to_the_end_though_airflow_cancels_its_trigger_again_and_again(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow_answer(_: Any) -> str:
        await asyncio.sleep(0.2)
        return "failed"

    monkeypatch.setattr(triggers, "state_of_deferred", slow_answer)
    fake_kubectl.answers(JOB, job())
    fake_kubectl.answers("delete")

    async def kill_and_cancel() -> None:
        killed = asyncio.create_task(asyncio.wait_for(trigger().on_kill(), 30))
        while not fake_kubectl.called("delete job.v1.batch"):
            await asyncio.sleep(0.05)
            killed.cancel()

    run(asyncio.wait_for(kill_and_cancel(), 20))
    assert fake_kubectl.called("delete job.v1.batch -l")[0][6] == stage.US.selector()


def test_airflow_is_asked_again_while_it_does_not_tell_the_state(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["unknown", "unknown", "failed"])

    async def late_answer(_: Any) -> str:
        return next(answers)

    monkeypatch.setattr(triggers, "state_of_deferred", late_answer)
    monkeypatch.setattr(triggers, "_STATE_PAUSE_SECONDS", 0.01)
    fake_kubectl.answers(JOB, job())
    fake_kubectl.answers("delete")
    run(trigger().on_kill())
    assert fake_kubectl.called("delete job.v1.batch -l")


def test_a_job_whose_task_airflow_tells_nothing_of_stays_and_the_log_has_the_command_that_deletes_it(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("unknown", monkeypatch)
    monkeypatch.setattr(triggers, "_STATE_SECONDS", 0.05)
    monkeypatch.setattr(triggers, "_STATE_PAUSE_SECONDS", 0.01)
    killed = trigger()
    told = warnings_of_triggers(monkeypatch)
    run(killed.on_kill())
    assert fake_kubectl.calls == []
    assert len(told) == 1
    assert f"stays. If nobody wants it: {delete_command(handover(1, began=0.0), Access())}" in told[0]


def test_the_job_of_a_task_that_was_marked_while_the_cluster_was_away_is_deleted_when_it_is_back(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("failed", monkeypatch)
    fake_kubectl.answers(JOB, stderr="connection refused", return_code=1, times=3)
    fake_kubectl.answers(JOB, job())
    fake_kubectl.answers("delete")
    run(trigger().on_kill())
    assert len(fake_kubectl.called(JOB)) == 4
    assert fake_kubectl.called("delete job.v1.batch -l")


def test_a_job_that_is_to_be_deleted_is_tried_for_as_long_as_an_outage_is_borne(
    monkeypatch: pytest.MonkeyPatch, fake_kubectl: FakeKubectl
) -> None:
    in_state("failed", monkeypatch)
    fake_kubectl.answers(JOB, stderr="connection refused", return_code=1)
    killed = trigger(outage_tolerance_seconds=0.0)
    told = warnings_of_triggers(monkeypatch)
    run(killed.on_kill())
    assert fake_kubectl.called("delete") == []
    assert told[-1].startswith("Job here/job-1 could not be deleted.\n")


def test_the_command_is_told_before_anything_that_can_take_long(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow 3.3 closes the log two seconds after it has cancelled a trigger, on Python 3.10 and 3.11."""
    in_state("failed", monkeypatch)
    killed = trigger(config_file="/etc/kube config", cluster_context="prod")
    told = warnings_of_triggers(monkeypatch)
    told_before: list[str] = []

    async def delete(*_: Any, **__: Any) -> None:
        told_before.extend(told)

    monkeypatch.setattr(killed, "_delete", delete)
    run(killed.on_kill())
    assert told_before == told
    command = delete_command(handover(1, began=0.0), Access(config_file="/etc/kube config", context="prod"))
    assert told[0].endswith(f"By hand: {command}")
    assert fake_kubectl.calls == []


def test_the_command_is_told_soon_where_airflow_takes_long_to_answer(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = warnings_of_triggers(monkeypatch)
    monkeypatch.setattr(triggers, "_SOON_SECONDS", 0.05)
    told_before: list[str] = []

    async def slow_answer(_: Any) -> str:
        await eventually(lambda: bool(told), "nothing is told")
        told_before.extend(told)
        return "deferred"

    monkeypatch.setattr(triggers, "state_of_deferred", slow_answer)
    run(trigger().on_kill())
    assert told_before == told
    assert told[0].endswith(f"If nobody wants it: {delete_command(handover(1, began=0.0), Access())}")
    assert fake_kubectl.calls == []


@pytest.mark.parametrize(
    ("way", "where"),
    [
        ({"kubernetes_conn_id": "prod"}, "in the cluster of connection prod"),
        ({"in_cluster": True}, "in the triggerer's pod"),
    ],
)
def test_a_command_that_does_not_work_everywhere_says_where(
    way: dict[str, Any], where: str, monkeypatch: pytest.MonkeyPatch, fake_kubectl: FakeKubectl
) -> None:
    in_state("failed", monkeypatch)
    fake_kubectl.answers(JOB, stderr="connection refused", return_code=1)
    told = warnings_of_triggers(monkeypatch)
    run(trigger(**way, outage_tolerance_seconds=0.0).on_kill())
    assert f" By hand {where}: kubectl " in told[0]
    assert told[-1].startswith("Job here/job-1 could not be deleted.\n")
    assert f"\nTo delete it {where}: kubectl " in told[-1]


def test_a_triggerer_that_ends_while_it_deletes_says_so_with_the_command(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("failed", monkeypatch)
    fake_kubectl.answers(JOB, stderr="connection refused", return_code=1)
    told = warnings_of_triggers(monkeypatch)

    async def begin_to_delete() -> asyncio.Task[None]:
        deleting = asyncio.create_task(trigger().on_kill())
        await eventually(lambda: bool(fake_kubectl.called(JOB)), "it does not look")
        return deleting

    assert run(begin_to_delete()).cancelled()
    words = "Job here/job-1 may not be deleted yet, and that is broken off here.\nTo delete it: kubectl "
    assert any(one.startswith(words) for one in told), told


def test_a_task_whose_time_is_over_does_not_wait_for_a_deletion_that_is_held_up(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "resumes_after_timeout", lambda: False)
    monkeypatch.setattr(triggers, "_LAST_SECONDS", 0.1)
    monkeypatch.setattr(UnwantedJob, "delete", lambda *_: asyncio.sleep(60))
    fake_kubectl.answers(JOBS_WATCH, line(1), then=[NEVER])
    quiet(fake_kubectl)
    told = warnings_of_triggers(monkeypatch)
    event = run(first_event(trigger(deadline=time.time())))
    assert News(event["news"]) is News.TIME_OVER
    assert any("may not be deleted yet" in words for words in told)


def test_after_a_clear_the_job_of_the_next_try_is_not_hit_by_the_old_trigger(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The next try may have started already: its Job has the same name and another UID.
    in_state("None", monkeypatch)
    fake_kubectl.answers(JOB, job(number=2))
    run(trigger().on_kill())
    assert not fake_kubectl.called("delete")


@pytest.mark.parametrize("policy", ["Never", "IfSucceeded"])
@pytest.mark.parametrize("there", ["", job(number=2)], ids=["gone", "another"])
def test_the_companions_of_a_job_that_somebody_deleted_before_its_task_was_marked_are_deleted(
    there: Any, policy: str, fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("success", monkeypatch)
    fake_kubectl.answers(JOB, there)
    fake_kubectl.answers("delete")
    run(trigger(delete_policy=policy).on_kill())
    (delete,) = fake_kubectl.called("delete")
    assert delete[delete.index("-l") + 1] == stage.US.selector()


def test_after_a_clear_the_companions_of_a_job_that_is_gone_are_left_to_the_next_try(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("None", monkeypatch)
    fake_kubectl.answers(JOB)
    run(trigger().on_kill())
    assert not fake_kubectl.called("delete")


@pytest.mark.parametrize(
    ("policy", "states", "is_deleted"),
    [
        ("IfSucceeded", ("success", "complete"), True),
        ("IfSucceeded", ("failed", "failed"), False),
        ("IfFailed", ("failed", "failed"), True),
        ("Never", ("failed", "complete"), False),
        ("Always", ("None", "complete"), False),  # the next try goes on with it
    ],
)
def test_a_job_that_has_ended_before_its_task_was_marked_is_deleted_as_the_policy_says(
    policy: str, states: tuple[str, str], is_deleted: bool, fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_task, of_job = states
    in_state(of_task, monkeypatch)
    fake_kubectl.answers(JOB, job(of_job))
    fake_kubectl.answers("delete")
    run(trigger(delete_policy=policy).on_kill())
    assert bool(fake_kubectl.called("delete")) is is_deleted


def test_a_trigger_of_an_older_version_leaves_a_job_that_has_ended_as_it_is(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("success", monkeypatch)
    fake_kubectl.answers(JOB, job("complete"))
    run(trigger().on_kill())
    assert not fake_kubectl.called("delete")


def test_a_trigger_that_has_fired_and_is_killed_afterwards_deletes_nothing(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("failed", monkeypatch, has_on_kill=False)
    fake_kubectl.answers(JOBS_WATCH, line(1, "complete"), then=[NEVER])
    quiet(fake_kubectl)
    fired = trigger()

    async def fire_and_be_killed() -> None:
        assert (await first_event(fired))["news"] == "ended"
        await fired.on_kill()
        await fired.cleanup()

    run(fire_and_be_killed())
    assert not fake_kubectl.called(JOB)
    assert not fake_kubectl.called("delete")


def test_no_time_is_left_to_airflow_whose_timeout_would_call_nothing_of_ours(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    deferred: dict[str, Any] = {}

    def defer(self: Any, **arguments: Any) -> None:  # noqa: ARG001 - as Airflow's
        deferred.update(arguments)

    assert fake_kubectl.program.exists()
    monkeypatch.setattr(KubernetesJobOperator, "defer", defer)
    task = operator(job_yaml=stage.MANIFEST, deferrable=True, execution_timeout=datetime.timedelta(seconds=90))
    known = handover(1, began=1000.0)
    task._defer_if_need_be(known)
    assert deferred.get("timeout") is None
    assert deferred["trigger"].deadline == 1090.0


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this machine's clock be nine hours ahead of UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def of_airflow_2(monkeypatch: pytest.MonkeyPatch, over_since_seconds: float, **arguments: Any) -> KubernetesJobTrigger:
    """Make a trigger of Airflow 2, whose database keeps without a time zone when the task's time is over."""
    monkeypatch.setattr(triggers, "resumes_after_timeout", lambda: False)
    made = trigger(deadline=time.time() + 60, **arguments)
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    made.task_instance.trigger_timeout = now - datetime.timedelta(seconds=over_since_seconds)  # type: ignore[union-attr]
    return made


@pytest.mark.usefixtures("far_east")
@pytest.mark.parametrize(("over_since_seconds", "deletes"), [(1.0, 1), (-60.0, 0)])
@pytest.mark.parametrize("state", ["deferred", "scheduled", "queued", "running", UNKNOWN])
def test_the_job_goes_where_airflow_2_is_the_first_to_see_that_the_tasks_time_is_over(
    state: str, over_since_seconds: float, deletes: int, fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its scheduler counts from the task's start, and its worker would only raise the timeout."""
    in_state(state, monkeypatch, has_on_kill=False)
    warnings = warnings_of_triggers(monkeypatch)
    fake_kubectl.answers(JOBS_WATCH, line(1), then=[NEVER])
    fake_kubectl.answers(JOB, job())
    fake_kubectl.answers("delete")
    quiet(fake_kubectl)
    over = of_airflow_2(monkeypatch, over_since_seconds)

    async def end() -> None:
        await cancelled(over)
        await over.cleanup()

    run(end())
    assert len(fake_kubectl.called("delete job.v1.batch")) == deletes
    told = [one for one in warnings if "ran into its execution_timeout, so Job" in one]
    assert ["kubectl -n here delete job.v1.batch -l" in one for one in told] == [True] * deletes


def test_on_kill_action_keep_keeps_the_job_of_a_task_whose_time_is_over_and_says_so(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("running", monkeypatch, has_on_kill=False)
    warnings = warnings_of_triggers(monkeypatch)
    run(of_airflow_2(monkeypatch, 1.0, on_kill_action="keep").cleanup())
    assert fake_kubectl.calls == []
    assert warnings == [
        'The task ran into its execution_timeout; by on_kill_action="keep" Job here/job-1 stays.',
    ]


def test_before_airflow_3_3_too_it_is_told_that_a_job_may_stay_where_the_state_is_not_known(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state(UNKNOWN, monkeypatch, has_on_kill=False)
    warnings = warnings_of_triggers(monkeypatch)
    run(trigger().cleanup())
    assert fake_kubectl.calls == []
    (told,) = warnings
    assert "in any case, Job here/job-1 stays. If nobody wants it: kubectl -n here delete" in told


def test_a_triggerer_that_is_restarted_deletes_nothing_and_goes_on_from_what_the_database_keeps(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    for has_on_kill in (True, False):
        in_state("deferred", monkeypatch, has_on_kill=has_on_kill)
        fake_kubectl.answers(JOBS_WATCH, line(1), then=["end", line(1, "complete"), NEVER])
        quiet(fake_kubectl)
        old = trigger()

        async def restart(old: KubernetesJobTrigger) -> dict[str, Any]:
            await cancelled(old)
            await old.cleanup()
            fake_kubectl.open_gate("end")
            return await first_event(KubernetesJobTrigger(**old.serialize()[1]))

        assert run(restart(old))["news"] == "ended"
        assert not fake_kubectl.called("delete")


def test_where_airflow_has_no_on_kill_cleanup_deletes_the_job_of_a_marked_task(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("failed", monkeypatch, has_on_kill=False)
    fake_kubectl.answers(JOBS_WATCH, line(1), then=[NEVER])
    fake_kubectl.answers(JOB, job())
    fake_kubectl.answers("delete")
    quiet(fake_kubectl)
    marked = trigger()

    async def mark() -> None:
        await cancelled(marked)
        await marked.cleanup()

    run(mark())
    assert len(fake_kubectl.called("delete job.v1.batch")) == 1


def test_cleanup_at_the_end_of_a_triggerer_asks_nobody_where_airflow_has_on_kill(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_state("failed", monkeypatch, has_on_kill=True)
    run(trigger().cleanup())
    assert fake_kubectl.calls == []


def test_a_hundred_triggers_share_two_kubectls(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(JOBS_WATCH, line(1), then=["end", line(1, "complete"), NEVER])
    quiet(fake_kubectl)

    async def all_of_them() -> list[dict[str, Any]]:
        waiting = [asyncio.ensure_future(first_event(trigger())) for _ in range(100)]
        await eventually(lambda: len(fake_kubectl.called("--watch")) == 2, "nobody watches")
        fake_kubectl.open_gate("end")
        return await asyncio.gather(*waiting)

    assert {event["news"] for event in run(all_of_them())} == {"ended"}
    assert len(fake_kubectl.called("--watch")) == 2
