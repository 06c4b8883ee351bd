"""A Job's life in one task try: begin, wait, end; in one go, or in halves with somebody else's waiting between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.attempt import Attempt
from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.memory import Done, Memory, NoMemory
from kubectl_job_operator.attempt.observer import Nobody, Observer
from kubectl_job_operator.attempt.outcome import Outcome
from kubectl_job_operator.attempt.retrying import Result
from kubectl_job_operator.attempt.settings import Settings
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.attempt.workspace import manifest_file_name
from kubectl_job_operator.errors import TaskKilledError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.life.beginning import Beginning
from kubectl_job_operator.life.ending import Ending
from kubectl_job_operator.life.handover import STAND_IN, Handover
from kubectl_job_operator.life.meanwhile import Meanwhile
from kubectl_job_operator.life.reading import Reading
from kubectl_job_operator.life.unwinding import Unwinding
from kubectl_job_operator.manifest import kinds, main_container
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.objects import Object
from kubectl_job_operator.replay.aftermath import Aftermath
from kubectl_job_operator.replay.failed_try import Caller, FailedTry
from kubectl_job_operator.status import job_status


class JobRunner:
    """Runs one Job for one try of a task.

    :param manifest: what to apply.
    :param identity: the task try that it is for.
    :param access: which cluster, as whom.
    :param namespace: where, if the manifest names no namespace; default is the one that kubectl itself would use.
    :param settings: how.
    :param log: takes every line, in the thread that called ``run``.
    :param container_log: takes those that containers have written; default is the same.
    :param memory: where it is kept that the Job was Complete, for a later try; default is nowhere.
    :param ask_stop: after ``kill``: tells who wants the end.
    :param observer: is shown the Job as it changes.
    :param caller: what the caller knows of secrets and versions, for what a failed try leaves.
    :param make_processes: makes, from an environment, what starts kubectl; default is on this machine.
    """

    def __init__(
        self,
        manifest: Manifest,
        identity: Identity,
        access: Access,
        *,
        namespace: str | None,
        settings: Settings,
        log: Log,
        memory: Memory | None = None,
        ask_stop: Callable[[], Stop] = Stop,
        observer: Observer | None = None,
        caller: Caller | None = None,
        container_log: Log | None = None,
        make_processes: Callable[[Mapping[str, str]], Processes] = Processes,
    ) -> None:
        caller = caller or Caller()
        self._attempt = attempt = Attempt(
            manifest,
            identity,
            access,
            namespace=namespace,
            settings=settings,
            log=log,
            memory=memory or NoMemory(),
            observer=observer or Nobody(),
            container_log=container_log,
            mask=caller.mask,
            make_processes=make_processes,
        )
        failed = FailedTry(
            manifest, identity, attempt.access, attempt.environment, attempt.kubeconfig, attempt.transcript, caller
        )
        self._aftermath = Aftermath(failed, settings, attempt.workspace, attempt.log)
        self._reading = Reading(attempt)
        self._beginning = Beginning(attempt, caller.mask)
        self._ending = Ending(attempt, self._reading, self._aftermath)
        self._meanwhile = Meanwhile(attempt, self._reading, self._ending)
        self._unwinding = Unwinding(attempt, self._reading, self._aftermath, ask_stop)
        self._ask_stop = ask_stop

    def run(self) -> Object:
        """Run the Job to its end and return it as it then was.

        :raises InputError: if something that was asked for cannot work; nothing was created.
        :raises WorkspaceError: if the worker has no room for the manifest; nothing was created.
        :raises RightsMissingError: if the account may not do all that is needed; nothing was created.
        :raises JobInUseError: if a running Job of somebody else has the name.
        :raises JobStartupError: if no container ran in time.
        :raises JobFailedError: if the Job got the condition Failed.
        :raises JobVanishedError: if the Job was deleted or replaced before its end.
        :raises ResultError: if the Job is Complete, but what it hands over cannot be used.
        :raises KubectlError: if kubectl fails in a way that does not pass, or for too long.
        :raises TaskKilledError: after ``kill``.
        """
        return self._in_one_go(self._run)

    def start(self) -> Handover | None:
        """Run the first half only: bring the Job into being, so that another process can wait for it.

        :returns: what ``go_on`` needs; ``None`` if the Job was over already, and all is done.
        :raises KubectlJobOperatorError: as ``run``.
        """
        return self._in_one_go(self._run_first_half)

    def go_on(self, handover: Handover, outcome: Outcome) -> Handover | None:
        """Run the second half, after somebody has waited; there may be several.

        :param handover: what the half before has returned.
        :param outcome: what the waiting came to.
        :returns: what the next half needs; ``None`` if the Job is over, and all is done.
        :raises DeferralError: if waiting has failed.
        :raises TaskTimeoutError: if the task's time is over.
        :raises KubectlJobOperatorError: as ``run``.
        """
        return self._in_one_go(lambda: self._run_later_half(handover, outcome))

    def kill(self) -> None:
        """Make ``run`` end at once, delete or keep the Job as asked, and raise.

        Never waits, is safe in a signal handler and twice: ``run`` itself does the rest while it unwinds.
        """
        self._attempt.kill()

    @property
    def done(self) -> Done | None:
        """What came of the Job; ``None`` before its end, and where it failed."""
        return self._ending.done

    @property
    def replay_folder(self) -> Path | None:
        """What was kept of a failed try; ``None`` if nothing was."""
        return self._aftermath.folder

    def _in_one_go(self, action: Callable[[], Result]) -> Result:
        """Do it, and leave nothing behind in this process, however it ends."""
        try:
            result = action()
            self._attempt.log.tell_held()
            self._attempt.processes.close()
            # Last of all: what goes before takes its time, and a kill may come in it.
            self._attempt.mailbox.check()
        except BaseException as error:
            self._unwinding.unwind(error)
            if type(error) is TaskKilledError:
                raise TaskKilledError(f"{self._unwinding.stop.words}.") from None
            raise
        self._attempt.workspace.remove()
        return result

    def _run(self) -> Object:
        began = time.time()
        job = self._beginning.bring_into_being()
        job = self._meanwhile.wait(job)
        self._ending.conclude(job, time.time() - began)
        return job

    def _run_first_half(self) -> Handover | None:
        attempt = self._attempt
        main = main_container.name_in(attempt.manifest.job)
        if main or not kinds.is_job(attempt.manifest.job):
            what = f"container {main}" if main else f"the {kinds.word(attempt.manifest.job)}"
            attempt.log.info(f"The triggerer can wait for a whole Job only, so the worker waits for {what} itself.")
            self._run()
            return None
        began = time.time()
        job = self._beginning.bring_into_being()
        if job_status.verdict(job) is not None:
            if attempt.recalled is None:
                self._reading.begin(job)
            self._ending.conclude(job, time.time() - began)
            return None
        self._check_wanted()
        attempt.log.info(f"{attempt.full_name} is there. The task is deferred: the worker is free until there is news.")
        return self._handover(job, began)

    def _run_later_half(self, handover: Handover, outcome: Outcome) -> Handover | None:
        self._take(handover)
        waited = time.time() - handover.began
        self._attempt.log.info(
            f"Going on with {self._attempt.full_name} (uid {handover.uid}) after {waited:.0f} s: {outcome}."
        )
        job = self._meanwhile.find_again(handover, outcome)
        if job_status.verdict(job) is not None:
            watch = self._reading.begin(job, handover.positions, tells_times=True)
            if self._reading.follower is None:
                watch.replace(self._attempt.pods_of(job))
            self._ending.conclude(job, waited)
            return None
        self._reading.begin(job, handover.positions, follows=False, tells_times=True)
        self._meanwhile.look_in(job, outcome)
        self._check_wanted()
        self._attempt.log.info("The task is deferred again.")
        return self._handover_again(handover)

    def _check_wanted(self) -> None:
        """Look before the worker is left: Airflow defers no task that was ended, and tells it so seconds later.

        :raises TaskKilledError: if somebody has ended the task; once it is deferred, nobody would delete its Job.
        """
        if self._ask_stop().is_unwanted:
            self.kill()
            self._attempt.mailbox.check()

    def _take(self, handover: Handover) -> None:
        """Be again where the half before has ended."""
        attempt = self._attempt
        attempt.may_run_on = True
        attempt.kubectl.namespace = handover.namespace
        if handover.name != attempt.manifest.name:
            attempt.manifest = attempt.manifest.with_name(handover.name)
        attempt.ttl_seconds = handover.ttl_seconds
        attempt.belongings.go_on_with(handover.kinds, handover.selector)
        attempt.access.check()
        if attempt.manifest.source != STAND_IN:
            name = manifest_file_name(attempt.manifest.source)
            attempt.file = attempt.workspace.write_documents(name, [attempt.manifest.job])
        commands = handover.commands_in(attempt.workspace.folder, attempt.workspace.secret_folder)
        attempt.transcript.go_on_from(commands, handover.left_out)

    def _handover(self, job: Object, began: float) -> Handover:
        attempt = self._attempt
        return Handover(
            namespace=str(attempt.kubectl.namespace),
            name=attempt.manifest.name,
            uid=objects.uid(job),
            pod_selector=dict(job["spec"]["selector"]),
            kinds=attempt.manifest.kinds,
            selector=attempt.identity.selector(),
            began=began,
            folder=str(attempt.workspace.folder),
            secret_folder=str(attempt.workspace.secret_folder),
            ttl_seconds=attempt.ttl_seconds,
        ).with_commands(attempt.transcript.records)

    def _handover_again(self, handover: Handover) -> Handover:
        attempt = self._attempt
        return replace(
            handover,
            folder=str(attempt.workspace.folder),
            secret_folder=str(attempt.workspace.secret_folder),
            positions=self._reading.positions(),
        ).with_commands(attempt.transcript.records, attempt.transcript.left_out)
