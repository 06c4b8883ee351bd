"""Pods as a watch prints them, and the loop that the chores live in, for the tests of all that follows pods."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.watch.waiting import Chore
from tests.unit import recordings

JOB = recordings.job("complete")
"""With one pod and one container."""
PARALLEL_JOB = recordings.job("parallel-indexed")
"""With four pods."""
WATCH = "get pods --watch --output-watch-events -o json"
LIST = "get pods -o json"
"""Matches the watch too: to be scripted behind it."""
FORBIDDEN: dict[str, Any] = {
    "stderr": 'Error from server (Forbidden): pods is forbidden: User "u" cannot watch resource "pods" in API group "" '
    'in the namespace "here"\n',
    "return_code": 1,
}


def pod(
    name: str = "p",
    phase: str = "Running",
    *,
    policy: str = "Never",
    restarts: int = 0,
    init: dict[str, str | int] | None = None,
    **containers: str | int,
) -> dict[str, Any]:
    """Make a pod.

    :param restarts: of each of its containers.
    :param init: its init containers.
    :param containers: by name, what each is doing: ``running``, ``waiting``, or the exit code with which it has ended.
    """

    def states(one: dict[str, str | int]) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "restartCount": restarts,
                "state": {"terminated": {"exitCode": state}} if isinstance(state, int) else {state: {}},
                "lastState": {"terminated": {"exitCode": 1}} if restarts else {},
            }
            for name, state in one.items()
        ]

    return {
        "kind": "Pod",
        "metadata": {"name": name, "uid": f"uid-of-{name}"},
        "spec": {
            "restartPolicy": policy,
            "containers": [{"name": one} for one in containers],
            "initContainers": [{"name": one} for one in init or {}],
        },
        "status": {
            "phase": phase,
            "containerStatuses": states(containers),
            "initContainerStatuses": states(init or {}),
        },
    }


def event(thing: dict[str, Any], kind: str = "MODIFIED") -> bytes:
    """Return an event as kubectl prints it."""
    return json.dumps({"type": kind, "object": thing}).encode() + b"\n"


def listed(*pods: dict[str, Any]) -> bytes:
    """Return a list as kubectl prints it."""
    return json.dumps({"kind": "List", "items": pods}).encode()


def live(mailbox: Mailbox, *chores: Chore, until: Callable[[], bool], seconds: float = 20.0) -> None:
    """Do what ``Waiter`` does, until a condition holds; the limit is only there to fail instead of hanging."""
    deadline = time.monotonic() + seconds
    while True:
        limits = [limit for chore in chores if (limit := chore.advance()) is not None]
        if until():
            return
        assert time.monotonic() < deadline, "the condition did not come"
        # Not as long as the chores say: the condition may depend on something that wakes nobody.
        process = mailbox.receive(min([*limits, 0.1]))
        for chore in chores:
            chore.handle(process)


def live_for(mailbox: Mailbox, *chores: Chore, seconds: float) -> None:
    """Do the same for some time."""
    end = time.monotonic() + seconds
    live(mailbox, *chores, until=lambda: time.monotonic() >= end)
