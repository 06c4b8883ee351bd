"""What a person pastes to delete the Job of a deferred task, and which threads wait for a cluster that is away."""

from __future__ import annotations

import asyncio
import shlex
import threading

import pytest

from kubectl_job_operator.attempt.settings import DeletePolicy
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life.deferred_deletion import UnwantedJob, delete_command
from tests.unit import stage
from tests.unit.shared import handover, run

_JOB = handover(1, began=0.0)


def test_the_command_is_what_a_shell_takes_and_hits_only_what_this_try_has_made() -> None:
    words = shlex.split(delete_command(_JOB, ["--kubeconfig", "/etc/kube config"]))
    assert words == [
        *("kubectl", "--kubeconfig", "/etc/kube config", "-n", "here"),
        *("delete", "job.v1.batch", "-l", stage.US.selector()),
    ]
    assert "try-number" in stage.US.selector()


def test_deletions_that_are_held_up_take_no_thread_from_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(UnwantedJob, "_delete", lambda *_: released.wait(20))

    async def many() -> int:
        jobs = [UnwantedJob(Access(), _JOB, DeletePolicy.ALWAYS, stage.Log(), has_next_try=False) for _ in range(100)]
        deletions = [asyncio.ensure_future(job.delete(600.0)) for job in jobs]
        others = await asyncio.gather(*(asyncio.to_thread(threading.get_ident) for _ in range(100)))
        assert not any(deletion.done() for deletion in deletions)
        released.set()
        await asyncio.gather(*deletions)
        return len(others)

    assert run(many()) == 100
