"""A scripted namespace with Jobs of ours, for the tests of all that waits together."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from kubectl_job_operator.attempt.outcome import Outcome
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life.deferred_wait import Terms, wait_for_job
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.watch.shared_watch import SharedWatch, shared_watch
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import Log

Result = TypeVar("Result")

JOBS_WATCH = "get jobs --watch"
PODS_WATCH = "get pods --watch"
JOBS_LIST = "get jobs jsonpath={.items[*].metadata.uid}"
SECONDS = 20.0


def uid(number: int) -> str:
    """Return the UID of a Job."""
    return f"0b5b6d9e-0000-4000-8000-{number:012}"


def line(number: int, state: str = "running", type_: str = "MODIFIED") -> bytes:
    """Return what a watch prints of a Job.

    :param state: ``running``, ``complete`` or ``failed``.
    """
    job = stage.job(state, uid=uid(number))
    job["metadata"]["name"] = f"job-{number}"
    return json.dumps({"type": type_, "object": job}).encode() + b"\n"


def pod_line(number: int, scenario: str, type_: str = "ADDED") -> bytes:
    """Return what a watch prints of the first pod of a recorded scenario, as one of this Job's."""
    pod = recordings.pods(scenario)[0]
    metadata, spec = pod["metadata"], pod["spec"]
    fields = (
        type_,
        "Pod",
        metadata["name"],
        metadata["uid"],
        uid(number),
        metadata["creationTimestamp"],
        metadata.get("deletionTimestamp", ""),
        spec.get("nodeName", ""),
        "",
        json.dumps(pod["status"], separators=(",", ":")),
    )
    return "|".join(fields).encode() + b"\n"


def handover(number: int, *, began: float) -> Handover:
    """Return what the first half of a task has left of a Job."""
    return Handover(
        namespace=stage.NAMESPACE,
        name=f"job-{number}",
        uid=uid(number),
        pod_selector={"matchLabels": {"controller-uid": uid(number)}},
        kinds="job.v1.batch",
        selector=stage.US.selector(),
        began=began,
    )


def uids(*numbers: int) -> str:
    """Return what a list of these Jobs' UIDs is."""
    return " ".join(uid(number) for number in numbers)


def quiet(fake_kubectl: FakeKubectl) -> None:
    """Script what is of no interest: no pod, no event, and a watch that says nothing more."""
    fake_kubectl.answers(PODS_WATCH, after_seconds=NEVER)
    fake_kubectl.answers("get pods jsonpath={.items[*].metadata.uid}")
    fake_kubectl.answers("get events", {"items": []})


def watch(log: Log | None = None, access: Access | None = None) -> SharedWatch:
    """Return the watch of the namespace."""
    return shared_watch(access or Access(), stage.NAMESPACE, log or Log())


async def wait(
    number: int, *, terms: Terms | None = None, log: Log | None = None, began: float | None = None
) -> Outcome:
    """Wait for a Job as a trigger does."""
    known = handover(number, began=time.time() if began is None else began)
    return await wait_for_job(watch(), known, terms or Terms(), log or Log())


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run it in an event loop of its own, for a time that only ends what would hang."""
    return asyncio.run(asyncio.wait_for(coroutine, SECONDS))


async def eventually(condition: Callable[[], bool], otherwise: str) -> None:
    """Wait until a condition holds."""
    for _ in range(int(SECONDS / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(otherwise)
