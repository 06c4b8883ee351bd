"""A Job's life in one task try: look, apply, wait, logs, verdict, clean up."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.belongings import Belongings
from kubectl_job_operator.attempt.identity import Decision, Identity, decide, selector_of
from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.attempt.memory import Done, Memory, NoMemory
from kubectl_job_operator.attempt.observer import Nobody, Observer
from kubectl_job_operator.attempt.outcome import News, Outcome
from kubectl_job_operator.attempt.persistence import Result, persist
from kubectl_job_operator.attempt.settings import KillAction, Settings
from kubectl_job_operator.attempt.sink import HeardLog, Log
from kubectl_job_operator.attempt.workspace import KUBECONFIG, Workspace, manifest_file_name, write_copy
from kubectl_job_operator.errors import (
    DeferralError,
    JobFailedError,
    JobInUseError,
    JobStartupError,
    JobVanishedError,
    KubectlError,
    KubectlJobOperatorError,
    ResultError,
    RightsMissingError,
    TaskTimeoutError,
)
from kubectl_job_operator.kubectl.access import Access, settings_in
from kubectl_job_operator.kubectl.client import PROGRAM, Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.life.obstacles import Obstacles
from kubectl_job_operator.life.progress import Progress
from kubectl_job_operator.logs.follower import LogFollower
from kubectl_job_operator.logs.lines import SavedPosition
from kubectl_job_operator.logs.results import read_result
from kubectl_job_operator.logs.tails import LogTails, RepeatedTail
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.labels import KEEP
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.objects import Object
from kubectl_job_operator.replay.aftermath import Aftermath, Caller
from kubectl_job_operator.status import diagnosis, events, job_status, pod_status, rights
from kubectl_job_operator.watch.event_reader import KubectlEvents
from kubectl_job_operator.watch.pods import PodWatch
from kubectl_job_operator.watch.waiting import Chore, Waiter, vanished

_FIRST_CONTACT_SECONDS = 45.0
_REPLACE_SECONDS = 300
_KILL_SECONDS = 30.0
_SHORTEST_TTL_SECONDS = 3600


def _nobody_stopped_the_worker() -> bool:
    """Take every kill for a user's, where nobody can tell."""
    return False


class JobRunner:
    """Runs one Job for one try of a task.

    :param manifest: what to apply.
    :param identity: the task try that it is for.
    :param access: which cluster, as whom.
    :param namespace: where, if the manifest names no namespace; default is the one that kubectl itself would use.
    :param settings: how.
    :param log: takes every line, in the thread that called ``run``.
    :param memory: where it is kept that the Job was Complete, for a later try; default is nowhere.
    :param is_worker_stop: after ``kill``: whether only the worker was told to stop, and nobody wants the work to end.
    :param observer: is shown the Job as it changes.
    :param caller: what the caller knows of secrets and versions, for what a failed try leaves.
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
        is_worker_stop: Callable[[], bool] = _nobody_stopped_the_worker,
        observer: Observer | None = None,
        caller: Caller | None = None,
    ) -> None:
        # Until the task has seen the Job's end, the cluster must not delete it: its verdict would be lost.
        self._ttl_seconds = _short_ttl(manifest)
        if self._ttl_seconds is not None:
            manifest = manifest.with_ttl(_SHORTEST_TTL_SECONDS)
        self._manifest = (
            manifest.with_labels(identity.labels())
            .with_labels(identity.try_label(), on_pods=False)
            .with_annotations(identity.annotations(), on_pods=False)
            .with_keep_labels(KEEP)
        )
        self._identity = identity
        self._settings = settings
        self._log = log = HeardLog(log)
        self._memory = memory or NoMemory()
        self._is_worker_stop = is_worker_stop
        self._observer = observer or Nobody()
        self._caller = caller or Caller()
        self._workspace = Workspace()
        self._access = access = self._workspace.settle(access)
        self._environment = access.environment(os.environ, self._workspace.folder)
        self._processes = Processes(self._environment)
        self._transcript = transcript = Transcript(log.info)
        self._kubectl = Kubectl(access, manifest.namespace or namespace, self._processes, transcript)
        self._belongings = Belongings(self._manifest, identity, self._workspace, log)
        self._tails = LogTails(self._kubectl, log, hides_results=settings.hides_results)
        self._mailbox = Mailbox()
        self._watch: PodWatch | None = None
        self._follower: LogFollower | None = None
        self._file: Path | None = None
        self._recalled: Done | None = None
        self._job: Object | None = None
        self._may_run_on = False
        self.done: Done | None = None
        """What came of the Job; ``None`` before its end, and where it failed."""
        kubeconfig = self._workspace.folder / KUBECONFIG
        self._aftermath = Aftermath(
            manifest,
            identity,
            settings,
            access=access,
            environment=self._environment,
            workspace=self._workspace,
            kubeconfig=kubeconfig if kubeconfig.exists() else None,
            transcript=transcript,
            log=log,
            caller=self._caller,
        )

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

    def _in_one_go(self, action: Callable[[], Result]) -> Result:
        """Do it, and leave nothing behind in this process, however it ends."""
        try:
            result = action()
            self._mailbox.check()
        except BaseException as error:
            self._unwind(error)
            raise
        self._processes.close()
        self._workspace.remove()
        return result

    @property
    def replay_folder(self) -> Path | None:
        """What was kept of a failed try; ``None`` if nothing was."""
        return self._aftermath.folder

    def kill(self) -> None:
        """Make ``run`` end at once, delete or keep the Job as asked, and raise.

        Never waits, is safe in a signal handler and twice: ``run`` itself does the rest while it unwinds.
        """
        self._mailbox.kill()
        self._processes.stop()

    @property
    def _target(self) -> str:
        return kinds.target(self._manifest.job)

    @property
    def _full_name(self) -> str:
        return f"{kinds.word(self._manifest.job)} {self._kubectl.namespace}/{self._manifest.name}"

    def _run(self) -> Object:
        began = time.time()
        job = self._bring_into_being()
        self._job = job = self._wait(job)
        self._observer.on_job(job)
        self._conclude(job, time.time() - began)
        return job

    def _run_first_half(self) -> Handover | None:
        if not kinds.is_job(self._manifest.job):
            kind = kinds.word(self._manifest.job)
            self._log.info(f"The triggerer can wait for a Job only, so the worker waits for the {kind} itself.")
            self._run()
            return None
        began = time.time()
        job = self._bring_into_being()
        if job_status.verdict(job) is not None:
            if self._recalled is None:
                self._begin_reading(job)
            self._conclude(job, time.time() - began)
            return None
        handover = Handover(
            namespace=str(self._kubectl.namespace),
            name=self._manifest.name,
            uid=objects.uid(job),
            pod_labels=dict(job["spec"]["selector"]["matchLabels"]),
            kinds=self._manifest.kinds,
            selector=self._identity.selector(),
            began=began,
            folder=str(self._workspace.folder),
        )
        self._log.info(f"{self._full_name} is there. The task is deferred: the worker is free until there is news.")
        return handover.with_commands(self._transcript.records)

    def _run_later_half(self, handover: Handover, outcome: Outcome) -> Handover | None:
        self._may_run_on = True
        self._check_access()
        self._kubectl.namespace = handover.namespace
        if handover.name != self._manifest.name:
            self._manifest = self._manifest.with_name(handover.name)
        self._file = self._workspace.write(manifest_file_name(self._manifest.source), self._manifest.job_text())
        self._transcript.go_on_from(handover.commands_in(str(self._workspace.folder)), handover.left_out)
        waited = time.time() - handover.began
        self._log.info(f"Going on with {self._full_name} (uid {handover.uid}) after {waited:.0f} s: {outcome}.")
        self._job = job = self._found_again(handover, outcome)
        self._observer.on_job(job)
        if job_status.verdict(job) is not None:
            watch = self._begin_reading(job, handover.positions)
            if self._follower is None:
                watch.replace(self._pods_of(job))
            self._conclude(job, waited)
            return None
        self._begin_reading(job, handover.positions, follows=False)
        self._look_in(job, outcome)
        self._log.info("The task is deferred again.")
        positions = self._follower.positions() if self._follower is not None else ()
        return replace(handover, folder=str(self._workspace.folder), positions=positions).with_commands(
            self._transcript.records, self._transcript.left_out
        )

    def _check_access(self) -> None:
        self._access.check()
        self._log.info(f"kubectl is {shutil.which(PROGRAM)}, and runs with {settings_in(self._environment)}.")

    def _bring_into_being(self) -> Object:
        """Let there be a Job, this try's own or the one of an earlier try."""
        self._check_access()
        if self._kubectl.namespace is None:
            self._kubectl.namespace = self._persist(self._kubectl.default_namespace, _FIRST_CONTACT_SECONDS)
        self._file = self._write_manifest()
        self._job = self._start(self._file)
        self._observer.on_job(self._job)
        return self._job

    def _found_again(self, handover: Handover, outcome: Outcome) -> Object:
        """Return the Job that another process has brought into being."""
        found = self._look_persistently()
        if found is not None and objects.uid(found) == handover.uid:
            return found
        seen = outcome.seen_job()
        if seen is not None and job_status.verdict(seen) is not None:
            self._log.info(f"{self._full_name} is gone since it has ended.")
            return seen
        self._job = job = handover.job()
        raise self._with_remains(job, vanished(handover.namespace, handover.name, is_replaced=found is not None))

    def _look_in(self, job: Object, outcome: Outcome) -> None:
        """Do, for a Job that has not ended, what somebody has stopped waiting for."""
        if outcome.news is News.STUCK:
            if not any(pod_status.is_running(pod) for pod in self._pods_persistently(job)):
                raise JobStartupError(job["metadata"]["namespace"], job["metadata"]["name"], outcome.message)
            self._log.info("Meanwhile a container runs.")
        elif outcome.news in (News.LOGS, News.TIME_OVER, News.GAVE_UP):
            if self._follower is not None:
                self._follower.catch_up(self._pods_of(job))
            if self._settings.tail.is_on:
                self._tails.show(job, self._settings.tail.line_count)
        if outcome.news is News.TIME_OVER:
            raise TaskTimeoutError(
                f"The task ran into its execution_timeout while {self._full_name} had not ended.\n"
                "What to do: raise execution_timeout, or find out in the log above what takes the Job so long."
            )
        if outcome.news is News.GAVE_UP:
            raise DeferralError(outcome.message)

    def _begin_reading(self, job: Object, positions: Sequence[SavedPosition] = (), *, follows: bool = True) -> PodWatch:
        """Make what knows the Job's pods and, if they are to be shown, what reads their logs."""
        watch = self._watch = PodWatch(self._kubectl, job, self._mailbox, self._log, self._observer)
        following = self._settings.following
        if following.is_on:
            self._follower = LogFollower(
                self._kubectl,
                job,
                watch,
                self._mailbox,
                log=self._log,
                following=following,
                hides_results=self._settings.hides_results,
                saved=positions,
                follows=follows,
            )
        return watch

    def _write_manifest(self) -> Path:
        """Write the file that kubectl applies, and the copy that the user asked for."""
        name = manifest_file_name(self._manifest.source)
        file = self._workspace.write(name, self._manifest.job_text())
        # Here too: not every way in which Airflow runs a task masks what is logged.
        shown = f":\n{self._caller.mask(self._manifest.masked_text()).rstrip()}" if self._settings.log_yaml else "."
        self._log.info(f"The manifest, as rendered to {file}{shown}")
        if self._ttl_seconds is not None:
            self._log.info(
                f"ttlSecondsAfterFinished: {self._ttl_seconds} counts from when this task has seen the end; until then "
                f"it is {_SHORTEST_TTL_SECONDS}."
            )
        if self._settings.write_path is not None:
            copy = write_copy(self._settings.write_path, self._settings.write_filename or name, self._manifest.text())
            self._log.info(f"The manifest was also written to {copy}, to stay there.")
        return file

    def _start(self, file: Path) -> Object:
        """Bring the Job into being, or go on with the one that an earlier try brought."""
        found = self._persist(self._first_look, _FIRST_CONTACT_SECONDS)
        decision, why = decide(found, self._identity)
        if decision is Decision.REFUSE:
            raise self._in_use(why)
        if decision is Decision.ADOPT and found is not None:
            self._log.info(f"{self._full_name} exists already: {why}. Going on with it.")
            self._may_run_on = True
            self._persist(lambda: self._belongings.take_over(self._kubectl), self._outage_tolerance)
            return found
        if decision is Decision.REPLACE and found is not None:
            self._log.warning(f"{self._full_name} exists already: {why}. It is replaced.")
            name, seen, resource = self._manifest.name, selector_of(found), kinds.resource(found)
            self._persist(
                lambda: self._kubectl.delete_and_wait(name, seen, _REPLACE_SECONDS, resource),
                self._outage_tolerance,
            )
        elif (done := self._memory.recall()) is not None:
            self._log.info(f"{self._full_name} was Complete in an earlier try, and is gone: it is not run again.")
            self._recalled = done
            return done.job
        elif self._identity.try_number > 1:
            # Of a Job that was deleted a moment ago, by a Clear or by somebody else, pods may still run.
            pods = self._identity.pods_selector()
            self._persist(lambda: self._kubectl.wait_until_gone(pods, _REPLACE_SECONDS), self._outage_tolerance)
        self._persist(lambda: self._belongings.apply_companions(self._kubectl), self._outage_tolerance)
        return self._persist(lambda: self._apply(file), self._outage_tolerance)

    def _in_use(self, why: str) -> JobInUseError:
        return JobInUseError(
            str(self._kubectl.namespace),
            self._manifest.name,
            f"{self._full_name} exists already: {why}. It was not touched.\n"
            "What to do: wait until it has ended or delete it, or give each run a Job of its own by unique_name=True.",
        )

    def _apply(self, file: Path) -> Object:
        """Apply the manifest; after an attempt of which nobody knows what came of it, look first."""
        if self._may_run_on:
            found = self._look()
            decision, why = decide(found, self._identity)
            if decision is Decision.REFUSE:
                raise self._in_use(why)
            if decision is Decision.ADOPT and found is not None:
                return found
        self._may_run_on = True
        try:
            applied = self._kubectl.apply(file)
        except KubectlError as error:
            self._may_run_on = error.kind.can_pass
            raise
        return next(one for one in applied if kinds.target(one) == self._target)

    def _first_look(self) -> Object | None:
        """Look for the Job, and beside it whether the account may do all that is to come."""
        rights_call = self._kubectl.start_can_i_list()
        look_call = self._kubectl.start_get(self._target)
        try:
            listed = self._kubectl.finish_can_i_list(rights_call)
            lacking = rights.missing(listed, rights.needed_for(self._manifest.job)) if listed is not None else []
            if lacking:
                raise RightsMissingError(str(self._kubectl.namespace), [str(right) for right in lacking])
        except KubectlJobOperatorError:
            self._kubectl.stop(look_call)
            raise
        return self._kubectl.finish_get(look_call)

    def _wait(self, job: Object) -> Object:
        """Wait for the verdict; meanwhile show logs if asked to, and tell why the Job waits."""
        if self._recalled is not None:
            return job
        watch = self._begin_reading(job)
        chores: list[Chore] = [watch, Progress(job, watch, self._log)]
        if self._follower is not None:
            chores.append(self._follower)
        tail = self._settings.tail
        if tail.is_on and tail.every_seconds is not None:
            chores.append(RepeatedTail(self._tails, job, tail, self._mailbox.post))
        obstacles = Obstacles(
            job,
            KubectlEvents(self._kubectl, self._mailbox.post),
            self._log,
            pods=watch.present,
            look=self._look_persistently,
            pods_of=self._pods_persistently,
            patience=self._settings.patience,
        )
        chores.append(obstacles)
        waiter = Waiter(
            self._kubectl,
            job,
            self._look_persistently,
            self._mailbox,
            chores=chores,
            reconnections=lambda: watch.reconnections,
        )
        try:
            return waiter.wait()
        except JobVanishedError as error:
            raise self._with_remains(job, error) from None

    def _with_remains(self, job: Object, error: JobVanishedError) -> JobVanishedError:
        """Add what is left to see of a Job that is gone."""
        left = diagnosis.remains(job, *self._pods_and_events(job), self._last_lines)
        return JobVanishedError(error.namespace, error.name, f"{error}\nWhat is left to see:\n{left}")

    def _look(self) -> Object | None:
        return self._kubectl.get(self._target)

    def _look_persistently(self) -> Object | None:
        return self._persist(self._look, self._outage_tolerance)

    def _pods_persistently(self, job: Object) -> Sequence[Object]:
        return self._persist(lambda: self._kubectl.select("pods", job_status.pod_selector(job)), self._outage_tolerance)

    @property
    def _outage_tolerance(self) -> float:
        return self._settings.outage_tolerance_seconds

    def _persist(self, action: Callable[[], Result], tolerance_seconds: float) -> Result:
        return persist(action, tolerance_seconds=tolerance_seconds, pause=self._mailbox.pause, show=self._log.warning)

    def _conclude(self, job: Object, seconds: float) -> None:
        """Say what came of the Job, show the logs, and clean up after it."""
        verdict = job_status.verdict(job)
        if verdict is None:
            raise AssertionError(f"what has no verdict is not over: {self._full_name}")
        if verdict.is_complete:
            self._log.info(f"{self._full_name} is Complete after {seconds:.1f} s: {job_status.progress(job)}.")
        else:
            self._may_run_on = False
            self._log.warning(f"{self._full_name} is Failed after {seconds:.1f} s: {verdict.reason}.")
        self._show_last_logs(job)
        if self._observer.wants_events:
            events_call = self._kubectl.start_select("events", None)
            noted = self._listed(lambda: self._kubectl.finish_select(events_call), "The events of the namespace")
            self._observer.on_events(noted)
        failure = self._result_problem(job) if verdict.is_complete else self._failure(job, verdict)
        if failure is not None:
            self._aftermath.gather(self._kubectl, job)
        if self._settings.delete_policy.deletes(is_complete=failure is None):
            self._delete_as_the_policy_says()
        elif self._ttl_seconds is not None:
            self._restore_ttl(self._ttl_seconds)
        self._may_run_on = False
        if failure is not None:
            raise failure

    def _result_problem(self, job: Object) -> ResultError | None:
        """Take what a Complete Job hands over and note that the work is done; return why it cannot be used."""
        if self._recalled is not None:
            self.done = self._recalled
            return None
        pods: Sequence[Object] = list(self._watch.pods.values()) if self._watch is not None else []
        value, source = None, self._settings.result_from
        if source is not None:
            is_counted = kinds.counts_its_pods(job)
            if not is_counted or sum(map(pod_status.has_ended, pods)) < job_status.ended_pod_count(job):
                pods = list({objects.uid(pod): pod for pod in (*pods, *self._pods_persistently(job))}.values())
            try:
                value = self._persist(lambda: read_result(self._kubectl, job, pods, source), self._outage_tolerance)
            except ResultError as error:
                return error
            self._log.info("No container handed over a result." if value is None else "The Job handed over a result.")
        self.done = Done(job, value, [pod["metadata"]["name"] for pod in pod_status.by_age(pods)])
        self._memory.note(self.done)
        return None

    def _failure(self, job: Object, verdict: job_status.Verdict) -> JobFailedError:
        """Make the error that tells why the Job failed, while its pods are still there to be asked."""
        pods, noted = self._pods_and_events(job)
        return JobFailedError(
            str(self._kubectl.namespace),
            self._manifest.name,
            verdict.reason,
            verdict.message,
            diagnosis.account(job, pods, noted, self._last_lines),
            exit_codes=diagnosis.exit_codes(pods),
            kind=kinds.word(job),
        )

    def _pods_and_events(self, job: Object) -> tuple[Sequence[Object], Sequence[Object]]:
        """Read what the cluster still knows, and add the pods that were seen before they were deleted."""
        events_call = self._kubectl.start_events(events.field_selector_at_the_end())
        pods = dict(self._watch.pods) if self._watch is not None else {}
        pods |= {objects.uid(pod): pod for pod in self._pods_of(job)}
        noted = self._listed(lambda: self._kubectl.finish_events(events_call), "The events of the namespace")
        return list(pods.values()), noted

    def _pods_of(self, job: Object) -> Sequence[Object]:
        return self._listed(lambda: self._kubectl.select("pods", job_status.pod_selector(job)), "The Job's pods")

    def _last_lines(self, pod: Object, container: str, line_count: int) -> Sequence[str] | None:
        """Return the last lines of a container's log; ``None`` if they cannot be had, as where the pod is gone."""
        if self._watch is not None and self._watch.is_gone(objects.uid(pod)):
            return None
        return self._tails.last_lines(pod["metadata"]["name"], container, line_count)

    def _listed(self, read: Callable[[], Sequence[Object]], what: str) -> Sequence[Object]:
        try:
            return read()
        except KubectlError as error:
            self._log.warning(f"{what} cannot be listed.\n{error}")
            return ()

    def _show_last_logs(self, job: Object) -> None:
        """Show what the containers have said and the task's log does not have yet."""
        if self._follower is not None:
            self._follower.finish(job, lambda: self._pods_of(job))
        if self._watch is not None:
            self._watch.close()
        if self._settings.tail.is_on and self._recalled is None:
            self._tails.show(job, self._settings.tail.line_count)

    def _delete_as_the_policy_says(self) -> None:
        """Delete in the background, through an outage if need be; that it fails is no reason to fail the task."""
        try:
            self._persist(lambda: self._belongings.delete(self._kubectl), self._outage_tolerance)
        except KubectlError as error:
            command = self._belongings.delete_command(self._kubectl)
            self._log.warning(f"The Job could not be deleted.\n{error}\nTo delete it: {command}")

    def _restore_ttl(self, seconds: int) -> None:
        """Let the cluster delete the Job when its author wants it: the task has seen its end now."""
        try:
            self._kubectl.patch(self._target, {"spec": {"ttlSecondsAfterFinished": seconds}})
        except KubectlError as error:
            self._log.warning(f"ttlSecondsAfterFinished of the Job could not be set back to {seconds}.\n{error}")

    def _unwind(self, error: BaseException) -> None:
        """Clean up after a failure, even if it is interrupted: Airflow 2 raises again for each further signal."""
        try:
            for reader in (self._follower, self._watch):
                if reader is not None:
                    reader.close()
            self._processes.close()
            self._after_failure(error)
        except BaseException as interruption:
            if not _is_interruption(interruption):
                raise
            self._processes.close()
            self._after_failure(error)

    def _after_failure(self, error: BaseException) -> None:
        """Stop what must not run on, say what was left and where."""
        kubeconfig = self._workspace.folder / KUBECONFIG
        has_kubeconfig = kubeconfig.exists()
        if isinstance(error, JobVanishedError):
            self._may_run_on = False
        is_interrupted = self._mailbox.is_killed or _is_interruption(error) or isinstance(error, TaskTimeoutError)
        if not is_interrupted:
            self._aftermath.gather(self._kubectl, self._job)
        if is_interrupted and (self._may_run_on or self._belongings.has_any):
            self._after_interruption()
        elif isinstance(error, JobStartupError):
            self._delete_what_is_left()
        elif self._may_run_on:
            self._log.warning(f"{self._full_name} was left as it is; it may still run, and a retry goes on with it.")
        elif self._belongings.has_any and not isinstance(error, (JobFailedError, ResultError)):
            self._delete_what_is_left()
        if has_kubeconfig:
            kubeconfig.unlink(missing_ok=True)
            self._log.info(
                f"The kubeconfig of the connection is not kept; to paste the commands, put it to {kubeconfig}"
            )
        self._leave_word()
        noted = (DeferralError, JobFailedError, JobStartupError, JobVanishedError, ResultError, TaskTimeoutError)
        if isinstance(error, noted):
            # Airflow shows the exception too, but not each of its versions keeps the lines apart.
            self._log.warning(str(error))

    def _after_interruption(self) -> None:
        """Delete the Job or keep it, as was asked for the kind of interruption."""
        if self._settings.keep_on_worker_stop and self._mailbox.is_killed and self._is_worker_stop():
            self._log.warning(
                f"Only the worker was told to stop, so {self._full_name} runs on; the next try goes on with it."
            )
        elif self._settings.on_kill is KillAction.KEEP:
            self._log.warning(f'The task was told to stop; by on_kill_action="keep" {self._full_name} stays.')
        else:
            self._log.warning(f"The task was told to stop, so {self._full_name} is deleted.")
            self._delete_what_is_left()

    def _delete_what_is_left(self) -> None:
        """Delete in spite of a kill, which has stopped all other commands, and through a short outage."""
        processes = Processes(self._environment)
        kubectl = self._kubectl.with_processes(processes)
        try:
            persist(
                lambda: self._belongings.delete(kubectl),
                tolerance_seconds=_KILL_SECONDS,
                pause=time.sleep,
                show=self._log.warning,
            )
        except KubectlError as error:
            self._log.warning(f"{error}\nTo delete it: {self._belongings.delete_command(kubectl)}")
        finally:
            processes.close()

    def _leave_word(self) -> None:
        """Tell how the try can be run again, if it came so far that there is something to run."""
        if self._file is None:
            self._workspace.remove()
            return
        self._aftermath.conclude(self._job, str(self._kubectl.namespace))


def _short_ttl(manifest: Manifest) -> int | None:
    """Return the Job's ``ttlSecondsAfterFinished`` if it is too short to rely on."""
    if not kinds.is_job(manifest.job):
        return None
    seconds = manifest.job["spec"].get("ttlSecondsAfterFinished")
    return seconds if isinstance(seconds, int) and seconds < _SHORTEST_TTL_SECONDS else None


def _is_interruption(error: BaseException) -> bool:
    """Whether Airflow ended the run from outside: by an exception that is no ``Exception``, raised in a signal handler.

    Raised while a lock is taken, it may come out as the context of an ordinary error about that lock.
    """
    cause: BaseException | None = error
    while cause is not None and isinstance(cause, Exception):
        cause = cause.__context__
    return cause is not None
