"""kubectl for the subcommands that only ask."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.cli.options import Options, access_of
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript


@dataclass(frozen=True)
class Connection:
    """kubectl, and a folder for the files that it reads."""

    kubectl: Kubectl
    workspace: Workspace


@contextlib.contextmanager
def connect(options: Options) -> Iterator[Connection]:
    """Give a kubectl that goes where the options say and shows no commands; nothing of it is left behind.

    :raises AccessError: if the way does not exist.
    """
    access = access_of(options)
    access.check()
    workspace = Workspace()
    processes = Processes(access.environment(os.environ, workspace.folder))
    try:
        yield Connection(Kubectl(access, options.namespace, processes, Transcript(_show_nowhere)), workspace)
    finally:
        processes.close()
        workspace.remove()


def _show_nowhere(line: str) -> None:
    """Commands that only ask are not worth a line each."""
