"""A scripted cluster with one Job in it, for the tests of all that runs commands in an order."""

from __future__ import annotations

import os
from typing import Any

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.memory import Done, Memory, essence
from kubectl_job_operator.attempt.settings import Settings
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life.runner import JobRunner
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.objects import Object
from kubectl_job_operator.replay.failed_try import Caller
from tests.unit import recordings
from tests.unit.fake_kubectl import NEVER, FakeKubectl

NAME = "countdown"
TARGET = f"job/{NAME}"
NAMESPACE = "here"
UID = "0b5b6d9e-0000-4000-8000-000000000001"
US = Identity("dag", "task", "manual__2026-01-01", try_number=2)
MANIFEST = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: countdown
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: busybox:1.36
"""
COMPLETE_WAIT = f"wait {TARGET} --for=condition=complete"
FAILED_WAIT = f"wait {TARGET} --for=condition=failed"
DELETED_WAIT = f"wait {TARGET} --for=delete"
ALL_RIGHTS = "*.*   []   []   [*]\n"
REFUSED: dict[str, Any] = {
    "stderr": "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?\n",
    "return_code": 1,
}
PODS_WAIT = "wait pods --for=delete"
FORBIDDEN: dict[str, Any] = {
    "stderr": 'Error from server (Forbidden): jobs.batch "countdown" is forbidden: User "u" cannot delete resource '
    '"jobs" in API group "batch" in the namespace "here"\n',
    "return_code": 1,
}
TIMED_OUT: dict[str, Any] = {
    "stderr": "error: timed out waiting for the condition on jobs/countdown\n",
    "return_code": 1,
}
CONFLICT: dict[str, Any] = {
    "stderr": 'error: Apply failed with 1 conflict: conflict with "kubectl-job-operator-0123456789abcdef-1": '
    ".metadata.labels.kubectl-job-operator/task-instance\nPlease review the fields above--they currently have other "
    "managers.\n",
    "return_code": 1,
}
HAS_CHANGED: dict[str, Any] = {
    "stderr": 'Error from server (Conflict): Operation cannot be fulfilled on Job.batch "countdown": the '
    "ResourceVersion in the precondition (1807) does not match the ResourceVersion in record (1808). The object might "
    "have been modified\n",
    "return_code": 1,
}
DELETED_AS_SEEN = {
    "kind": "Status",
    "status": "Success",
    "details": {"name": NAME, "group": "batch", "kind": "jobs", "uid": UID},
}
NOT_FOUND: dict[str, Any] = {
    "stderr": 'Error from server (NotFound): jobs.batch "countdown" not found\n',
    "return_code": 1,
}


def job(state: str = "running", owner: Identity | None = US, uid: str = UID) -> dict[str, Any]:
    """Return the Job of the stage as Kubernetes 1.36 shows one.

    :param state: ``running``, ``complete`` or ``failed``.
    :param owner: whose it is.
    :param uid: its UID.
    """
    scenario = {"running": "unschedulable", "complete": "complete", "failed": "failed-exit-code"}[state]
    made = recordings.job(scenario)
    made["metadata"].update(
        name=NAME,
        namespace=NAMESPACE,
        uid=uid,
        labels=owner.object_labels() if owner else {},
        annotations=owner.annotations() if owner else {},
    )
    return made


def script(fake_kubectl: FakeKubectl, *, end: str = "complete") -> None:
    """Script a Job's whole life; what a test scripted before goes first.

    :param end: ``complete``, ``failed``, or ``never``.
    """
    fake_kubectl.answers("auth can-i --list", ALL_RIGHTS)
    fake_kubectl.answers(f"get {TARGET}", "", times=1)
    fake_kubectl.answers(PODS_WAIT)
    fake_kubectl.answers("apply --server-side", job())
    fake_kubectl.answers(f"get {TARGET}", job())
    fake_kubectl.answers("get job.v1.batch -l", {"kind": "List", "items": [job()]})
    for wait, state, other in ((COMPLETE_WAIT, "complete", FAILED_WAIT), (FAILED_WAIT, "failed", COMPLETE_WAIT)):
        # Not before the other one runs: one that is stopped while it starts has not noted its call yet.
        fake_kubectl.answers(wait, job(state), once_called=other, after_seconds=0.0 if state == end else NEVER)
    fake_kubectl.answers(DELETED_WAIT, after_seconds=NEVER)
    fake_kubectl.answers("logs")
    fake_kubectl.answers("get pods --watch", after_seconds=NEVER)
    fake_kubectl.answers("get pods", recordings.pod_list("failed-exit-code"))
    fake_kubectl.answers("get events", recordings.event_list("failed-exit-code"))
    fake_kubectl.answers("label", f"job.batch/{NAME} labeled\n")
    fake_kubectl.answers("delete --raw", DELETED_AS_SEEN)
    fake_kubectl.answers("delete", f'job.batch "{NAME}" deleted\n')


class Log:
    """Notes what it is told, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []

    def info(self, message: str, /) -> None:
        """Note it."""
        self.lines.append(message)

    def warning(self, message: str, /) -> None:
        """Note it."""
        self.lines.append(message)
        self.warnings.append(message)

    def error(self, message: str, /) -> None:
        """Note it."""
        self.lines.append(message)

    def critical(self, message: str, /) -> None:
        """Note it."""
        self.lines.append(message)

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)


class Notebook:
    """A memory that outlives a try.

    :param noted: the Complete Job of an earlier try.
    """

    def __init__(self, noted: Object | None = None) -> None:
        self.noted = Done(noted) if noted is not None else None

    def note(self, done: Done) -> None:
        """Keep what is enough to tell the end."""
        self.noted = Done(essence(done.job), done.result, done.pod_names)

    def recall(self) -> Done | None:
        """Return it."""
        return self.noted


def runner(
    log: Log,
    *,
    memory: Memory | None = None,
    settings: Settings | None = None,
    access: Access | None = None,
    namespace: str | None = NAMESPACE,
    manifest: str = MANIFEST,
    identity: Identity = US,
    is_worker_stop: bool = False,
    stop: Stop | None = None,
    caller: Caller | None = None,
) -> JobRunner:
    """Make a runner for the Job of the stage."""
    parsed = Manifest.parse(manifest, "/dags/countdown.yaml.j2")
    return JobRunner(
        parsed,
        identity,
        access or Access(),
        namespace=namespace,
        settings=settings or Settings(),
        log=log,
        memory=memory,
        ask_stop=lambda: stop or (Stop("Only the worker was told to stop", True) if is_worker_stop else Stop()),
        caller=caller,
    )


def environment() -> dict[str, str]:
    """Return the environment that children get."""
    return dict(os.environ)
