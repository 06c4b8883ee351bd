"""A Kubectl with the fake behind it, for the tests of all that is done with kubectl."""

from __future__ import annotations

import errno
import os
import shlex
from pathlib import Path
from typing import Any, NoReturn

from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from tests.log_text import commands_in

HANG_SECONDS = 30.0
FILE = Path("/some where/job.yaml")
JOB = {"kind": "Job", "metadata": {"name": "a", "uid": "u1"}}
POD = {"kind": "Pod", "metadata": {"name": "p", "uid": "u2"}}
REFUSED = "The connection to the server 127.0.0.1:6553 was refused - did you specify the right host or port?\n"
VERSION_CALL = ("kubectl", "version", "--client", "-o", "json")

ACCESSES = {
    "the inherited configuration": (Access(), ()),
    "a kubeconfig and a context": (Access("/my config", "there"), ("--kubeconfig", "/my config", "--context", "there")),
    "the pod's service account": (Access(in_cluster=True), ("--kubeconfig", "/dev/null")),
}

BAD_VERSIONS: dict[str, dict[str, Any]] = {
    "too old": {"stdout": {"clientVersion": {"gitVersion": "v1.27.3"}}},
    "not JSON": {"stdout": "Client Version: v1.32.4"},
    "silent": {"stdout": ""},
    "failing": {"stderr": "error: unknown flag: --client", "return_code": 1},
}


class Desk:
    """A Kubectl with the fake behind it, and what it showed.

    :param access: which cluster.
    :param namespace: which namespace.
    """

    def __init__(self, access: Access | None = None, namespace: str | None = "here") -> None:
        self.processes = Processes(access_environment())
        self.shown: list[str] = []
        self.transcript = Transcript(self.shown.append)
        self.kubectl = Kubectl(access or Access(), namespace, self.processes, self.transcript)

    @property
    def commands(self) -> list[tuple[str, ...]]:
        """The commands that the task's log shows."""
        return [tuple(shlex.split(command)) for command in commands_in("\n".join(self.shown))]


def access_environment() -> dict[str, str]:
    """Return the environment that children get."""
    return dict(os.environ)


def no_room() -> NoReturn:
    """Fail as ``os.fork`` does on a machine that may have no further process."""
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
