"""A Job's life in one task try: look, apply, wait, logs, verdict, clean up."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from kubectl_job_operator.errors import (
    JobFailedError,
    JobInUseError,
    JobVanishedError,
    KubectlError,
    RightsMissingError,
)
from kubectl_job_operator.jobs import diagnosis, rights, status
from kubectl_job_operator.jobs.identity import Decision, Identity, decide
from kubectl_job_operator.jobs.log import Log
from kubectl_job_operator.jobs.logs import LogTails, RepeatedTail
from kubectl_job_operator.jobs.mailbox import Mailbox
from kubectl_job_operator.jobs.manifest import Manifest
from kubectl_job_operator.jobs.persistence import Result, persist
from kubectl_job_operator.jobs.settings import Settings
from kubectl_job_operator.jobs.status import Object
from kubectl_job_operator.jobs.waiting import Waiter
from kubectl_job_operator.jobs.workspace import Workspace, manifest_file_name, write_copy
from kubectl_job_operator.kubectl.access import Access, settings_in
from kubectl_job_operator.kubectl.client import PROGRAM, Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript

_KUBECONFIG = "kubeconfig"
_FIRST_CONTACT_SECONDS = 45.0
_REPLACE_SECONDS = 300


class JobRunner:
    """Runs one Job for one try of a task.

    :param manifest: what to apply.
    :param identity: the task try that it is for.
    :param access: which cluster, as whom.
    :param namespace: where, if the manifest names no namespace; default is the one that kubectl itself would use.
    :param settings: how.
    :param log: takes every line, in the thread that called ``run``.
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
    ) -> None:
        self._manifest = manifest.with_labels(identity.labels()).with_annotations(identity.annotations(), on_pods=False)
        self._identity = identity
        self._settings = settings
        self._log = log
        self._workspace = Workspace()
        self._access = access = self._with_file(access)
        self._environment = access.environment(os.environ, self._workspace.folder)
        self._processes = Processes(self._environment)
        self._kubectl = Kubectl(access, manifest.namespace or namespace, self._processes, Transcript(log.info))
        self._tails = LogTails(self._kubectl, log)
        self._mailbox = Mailbox()
        self._file: Path | None = None
        self._may_run_on = False

    def run(self) -> Object:
        """Run the Job to its end and return it as it then was.

        :raises InputError: if something that was asked for cannot work; nothing was created.
        :raises RightsMissingError: if the account may not do all that is needed; nothing was created.
        :raises JobInUseError: if a running Job of somebody else has the name.
        :raises JobFailedError: if the Job got the condition Failed.
        :raises JobVanishedError: if the Job was deleted or replaced before its end.
        :raises KubectlError: if kubectl fails in a way that does not pass, or for too long.
        :raises TaskKilledError: after ``kill``.
        """
        try:
            job = self._run()
            self._mailbox.check()
        except BaseException as error:
            self._processes.close()
            self._after_failure(error)
            raise
        self._processes.close()
        self._workspace.remove()
        return job

    def kill(self) -> None:
        """Make ``run`` end at once, delete the Job and raise; never waits, safe in a signal handler and twice."""
        self._mailbox.kill()
        self._processes.stop()

    def _with_file(self, access: Access) -> Access:
        """Put a kubeconfig that is given as text where kubectl can read it."""
        if access.config_content is None:
            return access
        file = self._workspace.write(_KUBECONFIG, access.config_content)
        return replace(access, config_file=str(file), config_content=None)

    @property
    def _target(self) -> str:
        return f"job/{self._manifest.name}"

    @property
    def _full_name(self) -> str:
        return f"{self._kubectl.namespace}/{self._manifest.name}"

    def _run(self) -> Object:
        self._access.check()
        self._log.info(f"kubectl is {shutil.which(PROGRAM)}, and runs with {settings_in(self._environment)}.")
        if self._kubectl.namespace is None:
            self._kubectl.namespace = self._persist(self._kubectl.default_namespace, _FIRST_CONTACT_SECONDS)
        self._file = self._write_manifest()
        began = time.monotonic()
        job = self._wait(self._start(self._file))
        self._conclude(job, time.monotonic() - began)
        self._may_run_on = False
        return job

    def _write_manifest(self) -> Path:
        """Write the file that kubectl applies, and the copy that the user asked for."""
        name, text = manifest_file_name(self._manifest.source), self._manifest.text()
        file = self._workspace.write(name, text)
        shown = f":\n{self._manifest.masked_text().rstrip()}" if self._settings.log_yaml else "."
        self._log.info(f"The manifest, as rendered to {file}{shown}")
        if self._settings.write_path is not None:
            copy = write_copy(self._settings.write_path, self._settings.write_filename or name, text)
            self._log.info(f"The manifest was also written to {copy}, to stay there.")
        return file

    def _start(self, file: Path) -> Object:
        """Bring the Job into being, or go on with the one that an earlier try brought."""
        found = self._persist(self._first_look, _FIRST_CONTACT_SECONDS)
        decision, why = decide(found, self._identity)
        if decision is Decision.REFUSE:
            raise JobInUseError(
                str(self._kubectl.namespace),
                self._manifest.name,
                f"Job {self._full_name} exists already: {why}. It was not touched.\n"
                "What to do: wait until it has ended or delete it, or give this task's Job another name.",
            )
        if decision is Decision.ADOPT and found is not None:
            self._log.info(f"Job {self._full_name} exists already: {why}. Going on with it.")
            self._may_run_on = True
            return found
        if decision is Decision.REPLACE:
            self._log.warning(f"Job {self._full_name} exists already: {why}. It is replaced.")
            self._persist(lambda: self._kubectl.delete_and_wait(self._target, _REPLACE_SECONDS), self._outage_tolerance)
        return self._persist(lambda: self._apply(file), self._outage_tolerance)

    def _apply(self, file: Path) -> Object:
        """Apply the manifest; after an attempt of which nobody knows what came of it, look first."""
        if self._may_run_on:
            found = self._look()
            if found is not None and decide(found, self._identity)[0] is Decision.ADOPT:
                return found
        self._may_run_on = True
        try:
            applied = self._kubectl.apply(file)
        except KubectlError as error:
            self._may_run_on = error.kind.can_pass
            raise
        return next(one for one in applied if one["kind"] == "Job" and one["metadata"]["name"] == self._manifest.name)

    def _first_look(self) -> Object | None:
        """Look for the Job, and beside it whether the account may do all that is to come."""
        rights_call = self._kubectl.start_can_i_list()
        look_call = self._kubectl.start_get(self._target)
        listed = self._kubectl.finish_can_i_list(rights_call)
        lacking = rights.missing(listed) if listed is not None else []
        if lacking:
            raise RightsMissingError(str(self._kubectl.namespace), [str(right) for right in lacking])
        return self._kubectl.finish_get(look_call)

    def _wait(self, job: Object) -> Object:
        """Wait for the verdict; show logs meanwhile if asked to."""
        tail = self._settings.tail
        repeated = None
        if tail.is_on and tail.every_seconds is not None:
            repeated = RepeatedTail(self._tails, job, tail, self._mailbox.post)
        return Waiter(self._kubectl, job, self._look_persistently, self._mailbox, repeated).wait()

    def _look(self) -> Object | None:
        return self._kubectl.get(self._target)

    def _look_persistently(self) -> Object | None:
        return self._persist(self._look, self._outage_tolerance)

    @property
    def _outage_tolerance(self) -> float:
        return self._settings.outage_tolerance_seconds

    def _persist(self, action: Callable[[], Result], tolerance_seconds: float) -> Result:
        return persist(action, tolerance_seconds=tolerance_seconds, pause=self._mailbox.pause, show=self._log.warning)

    def _conclude(self, job: Object, seconds: float) -> None:
        """Show the logs, then say what came of the Job and clean up after it."""
        verdict = status.verdict(job)
        if verdict is None:
            raise AssertionError(f"a Job without a verdict is not over: {self._full_name}")
        if verdict.is_complete:
            self._log.info(f"Job {self._full_name} is Complete after {seconds:.1f} s: {status.progress(job)}.")
        else:
            self._may_run_on = False
            self._log.warning(f"Job {self._full_name} is Failed after {seconds:.1f} s: {verdict.reason}.")
        if self._settings.tail.is_on:
            self._tails.show(job, self._settings.tail.line_count)
        if not verdict.is_complete:
            account = diagnosis.account(self._pods_of(job), self._tails.last_lines)
            raise JobFailedError(
                str(self._kubectl.namespace), self._manifest.name, verdict.reason, verdict.message, account
            )
        if self._settings.delete_completed_job:
            self._delete(self._kubectl)

    def _pods_of(self, job: Object) -> Sequence[Object]:
        try:
            return self._kubectl.select("pods", status.pod_selector(job))
        except KubectlError as error:
            self._log.warning(f"The Job's pods cannot be listed.\n{error}")
            return []

    def _delete(self, kubectl: Kubectl) -> None:
        """Delete the Job; that it fails is no reason to fail the task."""
        try:
            kubectl.delete(self._target)
        except KubectlError as error:
            self._log.warning(
                f"The Job could not be deleted.\n{error}\nTo delete it: {kubectl.delete_command(self._target)}"
            )

    def _after_failure(self, error: BaseException) -> None:
        """Stop what must not run on, say what was left and where."""
        if isinstance(error, JobVanishedError):
            self._may_run_on = False
        if self._may_run_on and (self._mailbox.is_killed or _is_interruption(error)):
            self._log.warning(f"The task was told to stop, so Job {self._full_name} is deleted.")
            processes = Processes(self._environment)
            try:
                self._delete(self._kubectl.with_processes(processes))
            finally:
                processes.close()
        elif self._may_run_on:
            self._log.warning(
                f"Job {self._full_name} was left as it is; it may still run, and a retry goes on with it."
            )
        if self._file is None:
            self._workspace.remove()
            return
        self._log.info(f"The manifest is kept to run it again by hand: {self._file}")
        kubeconfig = self._workspace.folder / _KUBECONFIG
        if kubeconfig.exists():
            kubeconfig.unlink()
            self._log.info(
                f"The kubeconfig of the connection is not kept; to paste the commands, put it to {kubeconfig}"
            )


def _is_interruption(error: BaseException) -> bool:
    """Whether Airflow ended the run from outside: by an exception that is no ``Exception``, raised in a signal handler.

    Raised while a lock is taken, it may come out as the context of an ordinary error about that lock.
    """
    cause: BaseException | None = error
    while cause is not None and isinstance(cause, Exception):
        cause = cause.__context__
    return cause is not None
