"""Deleting the Job of a deferred task while the cluster is away, and what a person pastes to do it."""

from __future__ import annotations

import asyncio
import contextvars
import shlex
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from kubectl_job_operator.attempt.identity import selector_to_delete
from kubectl_job_operator.attempt.settings import DeletePolicy
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life import deferred_deletion
from kubectl_job_operator.life.deferred_deletion import UnwantedJob, delete_command
from kubectl_job_operator.life.handover import Handover
from tests.unit import stage
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.shared import eventually, handover, run

_JOB, _OTHER = handover(1, began=0.0), handover(2, began=0.0)
_STAGED = replace(_JOB, name=stage.NAME, uid=stage.UID, selector=selector_to_delete(stage.job()))


def test_the_command_is_what_a_shell_takes_and_hits_only_what_this_try_has_made() -> None:
    words = shlex.split(delete_command(_JOB, Access(config_file="~/kube config", context="prod")))
    assert words == [
        *("kubectl", "--kubeconfig", str(Path.home() / "kube config"), "--context", "prod", "-n", "here"),
        *("delete", "job.v1.batch", "-l", stage.US.selector()),
    ]
    assert "try-number" in stage.US.selector()


def test_the_command_names_several_kubeconfigs_as_kubectl_takes_them() -> None:
    assert delete_command(_JOB, Access(config_file="/a:/b")).startswith("KUBECONFIG=/a:/b kubectl -n here delete ")


def test_those_that_wait_for_a_cluster_hold_no_thread_up(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the event loop's own, nor those that delete in another cluster, which are fewer than the waiting."""
    monkeypatch.setattr(deferred_deletion, "_FIRST_PAUSE_SECONDS", 30.0)
    monkeypatch.setattr(deferred_deletion, "_threads", ThreadPoolExecutor(2))
    fake_kubectl.answers("get job/job-1", stderr="connection refused", return_code=1)
    fake_kubectl.answers("get job/job-2", {"metadata": {"name": "job-2", "uid": _OTHER.uid}})
    fake_kubectl.answers("delete")

    async def many() -> None:
        waiting = [asyncio.ensure_future(unwanted(_JOB).delete(600.0)) for _ in range(6)]
        await unwanted(_OTHER).delete(0.0)
        await asyncio.to_thread(threading.get_ident)
        assert not any(one.done() for one in waiting)

    run(many())
    assert len(fake_kubectl.called("delete")) == 1


def test_an_outage_is_told_once_with_all_of_its_patience_and_its_end(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deferred_deletion, "_FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(deferred_deletion, "_LONGEST_PAUSE_SECONDS", 0.02)
    fake_kubectl.answers("get job/job-2", stderr="connection refused", return_code=1, times=4)
    fake_kubectl.answers("get job/job-2", {"metadata": {"name": "job-2", "uid": _OTHER.uid}})
    fake_kubectl.answers("delete")
    log = stage.Log()
    run(unwanted(_OTHER, log).delete(600.0))
    away, back = log.warnings
    assert away.startswith("The cluster does not serve us now (unreachable), since ")
    assert away.endswith("trying for up to 600 s.")
    assert back.startswith("The cluster serves us again")


def test_what_it_does_is_told_where_airflow_knows_whose_log_it_is(fake_kubectl: FakeKubectl) -> None:
    """Airflow tells a trigger's lines apart by a context variable, which a thread of its own has not."""
    whose = contextvars.ContextVar("whose", default="nobody's")
    told: dict[str, str] = {}

    class Listener(stage.Log):
        def info(self, message: str) -> None:
            told[message] = whose.get()

    fake_kubectl.answers("get job/job-2", {"metadata": {"name": "job-2", "uid": _OTHER.uid}})
    fake_kubectl.answers("delete")

    async def delete() -> None:
        whose.set("the task's")
        await unwanted(_OTHER, Listener()).delete(60.0)

    run(delete())
    assert any(message.startswith("$ kubectl -n here delete") for message in told)
    assert set(told.values()) == {"the task's"}


def test_what_is_broken_off_stops_its_kubectl_and_deletes_nothing_afterwards(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get job/job-2", {"metadata": {"name": "job-2", "uid": _OTHER.uid}}, after_seconds=60)

    async def break_off() -> None:
        deletion = asyncio.ensure_future(unwanted(_OTHER).delete(600.0))
        await eventually(lambda: bool(fake_kubectl.running()), "it does not look")
        deletion.cancel()
        await asyncio.wait([deletion])
        assert deletion.cancelled()
        await eventually(lambda: not fake_kubectl.running(), "its kubectl runs on")

    run(break_off())
    assert fake_kubectl.called("delete") == []


@pytest.mark.parametrize(("state", "deletes"), [("complete", ["--raw"]), ("running", ["--raw", "--raw"])])
def test_what_a_later_try_may_take_is_looked_at_again_if_it_has_changed(
    state: str, deletes: list[str], fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get job/countdown", stage.job(), times=1)
    fake_kubectl.answers("get job/countdown", stage.job(state))
    fake_kubectl.answers("delete --raw", **stage.HAS_CHANGED, times=1)
    fake_kubectl.answers("delete --raw", stage.DELETED_AS_SEEN)
    run(unwanted(_STAGED, of_ended=DeletePolicy.NEVER).delete(60.0))
    assert [call[4] for call in fake_kubectl.called("delete")] == deletes


def test_what_a_later_try_has_taken_over_is_deleted_by_no_path(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get job/countdown", stage.job(owner=replace(stage.US, try_number=3)))
    fake_kubectl.answers("delete", "No resources found\n")
    run(unwanted(_STAGED, of_ended=DeletePolicy.NEVER).delete(60.0))
    (delete,) = fake_kubectl.called("delete")
    assert delete[4:7] == ("job.v1.batch", "-l", _STAGED.selector)


def unwanted(
    handover: Handover, log: stage.Log | None = None, of_ended: DeletePolicy = DeletePolicy.ALWAYS
) -> UnwantedJob:
    return UnwantedJob(Access(), handover, of_ended, log or stage.Log(), has_next_try=False)
