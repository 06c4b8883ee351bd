"""Ending a Job whose task was killed while nobody but the triggerer knew of it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.retrying import persist
from kubectl_job_operator.attempt.settings import DeletePolicy
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.printable import joined
from kubectl_job_operator.status import job_status

_threads = ThreadPoolExecutor(4, thread_name_prefix="deletes unwanted Jobs")
"""Not the event loop's own, which are few: while the cluster is away these are held up for long."""


class UnwantedJob:
    """A Job that nobody wants any more, with what was made with it; it is deleted if it is still this try's own.

    What a later try has taken over or made anew does not have this try's labels, so nothing can hit it.

    :param access: the way into the cluster.
    :param handover: which Job.
    :param of_ended: whether also if it has ended; nobody else is to come and look at it then.
    :param log: takes the commands.
    :param make_processes: makes, from an environment, what starts kubectl; default is on this machine.
    :param has_next_try: whether another try may come, which takes over what was made with a Job that is gone.
    """

    def __init__(
        self,
        access: Access,
        handover: Handover,
        of_ended: DeletePolicy,
        log: Log,
        make_processes: Callable[[Mapping[str, str]], Processes] = Processes,
        *,
        has_next_try: bool,
    ) -> None:
        self._access = access
        self._handover = handover
        self._of_ended = of_ended
        self._log = log
        self._make_processes = make_processes
        self._has_next_try = has_next_try
        self._is_broken_off = False

    async def delete(self, patience_seconds: float) -> None:
        """Delete it in another thread; a cancellation breaks it off.

        :param patience_seconds: for how long it is tried again while the cluster is away; nobody else will delete it.
        :raises KubectlJobOperatorError: if that does not work.
        """
        loop, deadline = asyncio.get_running_loop(), time.monotonic() + patience_seconds
        try:
            await loop.run_in_executor(_threads, self._delete, deadline)
        finally:
            self._is_broken_off = True

    def _delete(self, deadline: float) -> None:
        workspace = Workspace()
        access = workspace.settle(self._access)
        processes = self._make_processes(access.environment(os.environ, workspace.folder))
        kubectl = Kubectl(access, self._handover.namespace, processes, Transcript(self._log.info))
        try:
            persist(
                lambda: self._delete_by(kubectl),
                tolerance_seconds=max(0.0, deadline - time.monotonic()),
                pause=self._pause,
                show=self._log.warning,
                is_ready=kubectl.is_ready,
            )
        finally:
            processes.close()
            workspace.remove()

    def _delete_by(self, kubectl: Kubectl) -> None:
        job = kubectl.get(f"job/{self._handover.name}")
        if job is None or objects.uid(job) != self._handover.uid:
            if self._has_next_try:
                self._log.info("The Job is gone already.")
                return
            self._log.info("The Job is gone already; so goes what was made for it.")
        elif (verdict := job_status.verdict(job)) and not self._of_ended.deletes(is_complete=verdict.is_complete):
            self._log.info("The Job has ended already; it is left as it is.")
            return
        kubectl.delete(self._handover.kinds, self._handover.selector)

    def _pause(self, seconds: float) -> None:
        time.sleep(seconds)
        if self._is_broken_off:
            raise asyncio.CancelledError


def delete_command(handover: Handover, flags: Sequence[str] = ()) -> str:
    """Return, for a person to paste, what deletes a Job and what was made with it; it hits no other try's.

    :param flags: those that lead kubectl to the cluster.
    """
    return joined(["kubectl", *flags, "-n", handover.namespace, "delete", handover.kinds, "-l", handover.selector])
