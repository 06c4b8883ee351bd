"""What every task works with, whatever it does with kubectl: a folder, children, a log and patience."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from kubectl_job_operator.attempt.groups import GroupedLog
from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.attempt.retrying import Result, persist
from kubectl_job_operator.attempt.settings import Keeping
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.standing import Standing
from kubectl_job_operator.attempt.workspace import Workspace, sweep_workspaces
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.manifest.masking import Mask, masks_nothing


class Session:
    """kubectl for one try of a task.

    :param access: which cluster, as whom.
    :param namespace: where; ``None`` if that is yet to be found.
    :param log: takes every line, in the thread that runs the try.
    :param outage_tolerance_seconds: how long a cluster that has answered once may be away.
    :param mask: hides the secrets in what is too long to be shown whole.
    :param keeping: how much stays of the folders of earlier tries.
    :param make_processes: makes, from an environment, what starts the children; there may be several.
    """

    def __init__(
        self,
        access: Access,
        namespace: str | None,
        *,
        log: Log,
        outage_tolerance_seconds: float,
        mask: Mask = masks_nothing,
        keeping: Keeping | None = None,
        make_processes: Callable[[Mapping[str, str]], Processes] = Processes,
    ) -> None:
        self.log = GroupedLog(log)
        self.mask = mask
        sweep_workspaces(keeping or Keeping())
        self.workspace = Workspace(mask)
        self.access = access = self.workspace.settle(access)
        self.environment = access.environment(os.environ, self.workspace.folder)
        self._make_processes = make_processes
        self.processes = make_processes(self.environment)
        self.transcript = Transcript(self._tell, mask, hold=self.log.hold)
        self.kubectl = Kubectl(access, namespace, self.processes, self.transcript)
        self.mailbox = Mailbox()
        self.standing = Standing(self._warn)
        self._outage_tolerance_seconds = outage_tolerance_seconds

    @property
    def kubeconfig(self) -> Path | None:
        """The connection's kubeconfig, which does not outlive the try; ``None`` if there is none."""
        file = self.workspace.kubeconfig
        return file if file is not None and file.exists() else None

    def kill(self) -> None:
        """End what goes on, and all that would come; never waits, is safe in a signal handler and twice."""
        self.mailbox.kill()
        self.processes.stop()

    def persist(self, action: Callable[[], Result], tolerance_seconds: float | None = None) -> Result:
        """Do it again while what fails can pass.

        :param tolerance_seconds: how long; default is ``outage_tolerance_seconds``.
        """
        return persist(
            action,
            tolerance_seconds=self._outage_tolerance_seconds if tolerance_seconds is None else tolerance_seconds,
            pause=self.mailbox.pause,
            show=self.log.warning,
            standing=self.standing,
            is_ready=self.kubectl.is_ready,
        )

    def persist_in_spite_of_a_kill(self, action: Callable[[Kubectl], Result], tolerance_seconds: float) -> Result:
        """Do it with kubectls of its own, as a kill has stopped all others, and through a short outage."""
        processes = self._make_processes(self.environment)
        kubectl = self.kubectl.with_processes(processes)
        try:
            return persist(
                lambda: action(kubectl),
                tolerance_seconds=tolerance_seconds,
                pause=time.sleep,
                show=self.log.warning,
                is_ready=kubectl.is_ready,
            )
        finally:
            processes.close()

    def _tell(self, line: str) -> None:
        self.log.info(line)

    def _warn(self, line: str) -> None:
        self.log.warning(line)
