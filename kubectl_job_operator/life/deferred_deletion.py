"""Ending a Job whose task was killed while nobody but the triggerer knew of it."""

from __future__ import annotations

import asyncio
import contextvars
import os
import random
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.as_seen import look_and_delete
from kubectl_job_operator.attempt.identity import selector_to_delete
from kubectl_job_operator.attempt.retrying import persist
from kubectl_job_operator.attempt.settings import DeletePolicy
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.standing import Standing
from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.kubeconfig_paths import joined_paths
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.printable import joined, quoted
from kubectl_job_operator.status import job_status

_threads = ThreadPoolExecutor(16, thread_name_prefix="deletes unwanted Jobs")
"""Not the event loop's own, which are few: a network that hangs holds each of these up for 20 s."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 15.0


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
        self._processes: Processes | None = None
        self._is_broken_off = False

    async def delete(self, patience_seconds: float) -> None:
        """Delete it; a cancellation breaks that off.

        :param patience_seconds: for how long it is tried again while the cluster is away; nobody else will delete it.
        :raises KubectlJobOperatorError: if that does not work.
        """
        loop, standing, pause = asyncio.get_running_loop(), Standing(self._log.warning), _FIRST_PAUSE_SECONDS
        deadline, is_after_outage = time.monotonic() + patience_seconds, False
        try:
            while True:
                # By what is kept for a coroutine, Airflow knows whose log a line is for; a thread has none of it.
                here = contextvars.copy_context()
                try:
                    await loop.run_in_executor(_threads, here.run, self._delete, standing, is_after_outage)
                except KubectlError as error:
                    if not error.kind.can_pass or time.monotonic() >= deadline:
                        raise
                    standing.is_away(error.kind.value, patience_seconds)
                    is_after_outage = True
                else:
                    return
                await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - it only spreads the work
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        except asyncio.CancelledError:
            self._is_broken_off = True
            if self._processes is not None:
                self._processes.stop()
            raise

    def _delete(self, standing: Standing, is_after_outage: bool) -> None:
        """Try it once, but for refusals that are not to be believed yet."""
        workspace = Workspace()
        access = workspace.settle(self._access)
        self._processes = processes = self._make_processes(access.environment(os.environ, workspace.folder))
        kubectl = Kubectl(access, self._handover.namespace, processes, Transcript(self._log.info))
        try:
            persist(
                lambda: self._look_and_delete(kubectl),
                tolerance_seconds=0.0,
                pause=time.sleep,
                show=self._log.warning,
                standing=standing,
                is_ready=kubectl.is_ready,
                is_after_outage=is_after_outage,
            )
        finally:
            processes.close()
            workspace.remove()

    def _look_and_delete(self, kubectl: Kubectl) -> None:
        if self._of_ended.deletes(is_complete=True):
            self._delete_by(kubectl, only_as_seen=False)
        else:
            look_and_delete(lambda only_as_seen: self._delete_by(kubectl, only_as_seen=only_as_seen))

    def _delete_by(self, kubectl: Kubectl, *, only_as_seen: bool) -> None:
        job = kubectl.get(f"job/{self._handover.name}")
        if job is None or objects.uid(job) != self._handover.uid:
            if self._has_next_try:
                self._log.info("The Job is gone already.")
                return
            self._log.info("The Job is gone already; so goes what was made for it.")
            job = None
        elif (verdict := job_status.verdict(job)) and not self._of_ended.deletes(is_complete=verdict.is_complete):
            self._log.info("The Job has ended already; it is left as it is.")
            return
        if self._is_broken_off:
            return
        kinds, selector = self._handover.kinds, self._handover.selector
        # What a later try has taken over, the selector picks no longer.
        is_job_gone = (
            only_as_seen and job is not None and selector_to_delete(job) == selector and kubectl.delete_as_seen(job)
        )
        if not is_job_gone or "," in kinds:
            kubectl.delete(kinds, selector)


def delete_command(handover: Handover, access: Access | None = None) -> str:
    """Return, for a person to paste, what deletes a Job and what was made with it; it hits no other try's.

    :param access: the way into the cluster; default is whatever kubectl takes.
    """
    flags, files = (access.flags(), access.config_files()) if access is not None else ((), ())
    command = ["kubectl", *flags, "-n", handover.namespace, "delete", handover.kinds, "-l", handover.selector]
    several = f"KUBECONFIG={quoted(joined_paths(files))} " if len(files) > 1 else ""
    return several + joined(command)
