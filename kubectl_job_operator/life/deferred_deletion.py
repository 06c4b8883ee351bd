"""Ending a Job whose task was killed while nobody but the triggerer knew of it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.retrying import persist
from kubectl_job_operator.attempt.settings import DeletePolicy
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.errors import KubectlError, KubectlJobOperatorError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.printable import joined
from kubectl_job_operator.status import job_status

_SECONDS = 20.0
"""Airflow 3.3 listens to a trigger's ``on_kill`` for 30 s (``[triggerer] on_kill_timeout``)."""


async def delete_patiently(delete: Callable[[], None], handover: Handover, seconds: float, log: Log) -> bool:
    """Delete a Job, and while the cluster is away try it again and again; return whether that has worked.

    Nobody else will delete it. So this goes on for longer than Airflow listens: once a first round is over the task's
    log has the command that does it, for what is said later comes into the triggerer's own log only.

    :param delete: ``delete_unwanted`` with all that it needs.
    :param handover: whose Job.
    :param seconds: the last round begins at most this long after the first.
    :param log: takes what a person has to know.
    """
    deadline, has_told = time.monotonic() + seconds, False
    while True:
        try:
            await asyncio.to_thread(delete)
        except KubectlJobOperatorError as error:
            how = f"{error}\nTo delete it: {delete_command(handover)}"
            can_pass = isinstance(error, KubectlError) and error.kind.can_pass
            if not can_pass or time.monotonic() >= deadline:
                log.warning(f"Job {handover.full_name} could not be deleted.\n{how}")
                return False
            if not has_told:
                has_told = True
                log.warning(
                    f"Job {handover.full_name} is not deleted yet. The triggerer goes on trying for up to {seconds:g} "
                    f"s, and tells in its own log what comes of it.\n{how}"
                )
        else:
            return True


def delete_command(handover: Handover) -> str:
    """Return, for a person to paste, what deletes a Job and what was made with it; it hits no other try's."""
    return joined(["kubectl", "-n", handover.namespace, "delete", handover.kinds, "-l", handover.selector])


def delete_unwanted(
    access: Access,
    handover: Handover,
    of_ended: DeletePolicy,
    log: Log,
    make_processes: Callable[[Mapping[str, str]], Processes] = Processes,
    *,
    has_next_try: bool,
) -> None:
    """Delete a Job and what was made with it, if it is still this try's own. Blocks for seconds.

    What a later try has taken over or made anew does not have this try's labels, so nothing can hit it.

    :param of_ended: whether also if it has ended; nobody else is to come and look at it then.
    :param make_processes: makes, from an environment, what starts kubectl; default is on this machine.
    :param has_next_try: whether another try may come, which takes over what was made with a Job that is gone.
    :raises KubectlJobOperatorError: if that does not work.
    """
    workspace = Workspace()
    access = workspace.settle(access)
    processes = make_processes(access.environment(os.environ, workspace.folder))
    kubectl = Kubectl(access, handover.namespace, processes, Transcript(log.info))

    def delete() -> None:
        job = kubectl.get(f"job/{handover.name}")
        if job is None or objects.uid(job) != handover.uid:
            if has_next_try:
                log.info("The Job is gone already.")
                return
            log.info("The Job is gone already; so goes what was made for it.")
        elif (verdict := job_status.verdict(job)) and not of_ended.deletes(is_complete=verdict.is_complete):
            log.info("The Job has ended already; it is left as it is.")
            return
        kubectl.delete(handover.kinds, handover.selector)

    try:
        persist(delete, tolerance_seconds=_SECONDS, pause=time.sleep, show=log.warning, is_ready=kubectl.is_ready)
    finally:
        processes.close()
        workspace.remove()
