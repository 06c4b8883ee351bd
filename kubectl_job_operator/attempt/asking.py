"""kubectl for whoever only asks, without a Job to run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript


@dataclass(frozen=True)
class Connection:
    """kubectl, and a folder for the files that it reads."""

    kubectl: Kubectl
    workspace: Workspace


@contextlib.contextmanager
def connect(access: Access, namespace: str | None, show: Callable[[str], None] | None = None) -> Iterator[Connection]:
    """Give a kubectl, of which nothing is left behind.

    :param namespace: where it works; ``None`` if that is yet to be found.
    :param show: takes its commands, line by line; without it they are not shown.
    :raises AccessError: if the way into the cluster does not exist.
    """
    access.check()
    workspace = Workspace()
    access = workspace.settle(access)
    processes = Processes(access.environment(os.environ, workspace.folder))
    try:
        yield Connection(Kubectl(access, namespace, processes, Transcript(show or _show_nowhere)), workspace)
    finally:
        processes.close()
        workspace.remove()


def _show_nowhere(line: str) -> None:
    """Commands that only ask are not worth a line each."""
