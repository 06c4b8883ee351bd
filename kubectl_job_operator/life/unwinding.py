"""What follows a failure or a kill: what must not run on is stopped, and it is said what was left and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kubectl_job_operator.attempt.as_seen import look_and_delete
from kubectl_job_operator.attempt.attempt import Attempt
from kubectl_job_operator.attempt.companions import word
from kubectl_job_operator.attempt.settings import DeletePolicy, KillAction
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.errors import (
    DeferralError,
    JobFailedError,
    JobInUseError,
    JobStartupError,
    JobVanishedError,
    KubectlError,
    KubectlJobOperatorError,
    ResultError,
    TaskTimeoutError,
)
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.life.left import left_by_earlier_tries
from kubectl_job_operator.life.reading import Reading
from kubectl_job_operator.replay.aftermath import Aftermath
from kubectl_job_operator.status import job_status
from kubectl_job_operator.status.rights import LIST_EVENTS

_KILL_SECONDS = 30.0
_LOOK_SECONDS = 3.0
"""Airflow 3 may leave five seconds in all."""


class Unwinding:
    """Cleans up after a try that did not come to a good end.

    :param attempt: the try.
    :param reading: what is to be stopped.
    :param aftermath: what is kept of the try.
    :param ask_stop: after a kill: tells who wants the end.
    """

    def __init__(self, attempt: Attempt, reading: Reading, aftermath: Aftermath, ask_stop: Callable[[], Stop]) -> None:
        self._attempt = attempt
        self._reading = reading
        self._aftermath = aftermath
        self._ask_stop = ask_stop
        self._has_asked = False
        self.stop = Stop()
        """Who wanted the end, if the try was interrupted."""

    def unwind(self, error: BaseException) -> None:
        """Clean up after a failure, even if it is interrupted: Airflow 2 raises again for each further signal."""
        try:
            self._reading.close()
            self._attempt.processes.close()
            self._after_failure(error)
        except BaseException as interruption:
            if not _is_interruption(interruption):
                raise
            self._attempt.processes.close()
            try:
                self._after_failure(error)
            except BaseException:
                self._attempt.workspace.remove()  # whoever insists on the end gets it, but no secret stays behind
                raise

    def _after_failure(self, error: BaseException) -> None:
        """Stop what must not run on, say what was left and where."""
        attempt = self._attempt
        kubeconfig = attempt.kubeconfig
        if isinstance(error, JobVanishedError):
            attempt.may_run_on = False
        is_interrupted = attempt.mailbox.is_killed or _is_interruption(error) or isinstance(error, TaskTimeoutError)
        if is_interrupted:
            self._find_out_who_stopped_it(error)
        elif attempt.settings.replay_dir is not None:
            reads_events = attempt.permissions.has(LIST_EVENTS)
            with attempt.log.group("Looked into it for a replay"):
                self._aftermath.gather(attempt.kubectl, attempt.job, reads_events=reads_events)
        if is_interrupted:
            self._after_interruption()
        elif isinstance(error, JobStartupError):
            self._delete_what_is_left(if_complete=False)
        elif attempt.may_run_on:
            self._leave_it(error)
        elif attempt.belongings.has_any and not isinstance(error, (JobFailedError, ResultError)):
            self._delete_what_is_left()
        elif isinstance(error, JobInUseError):
            self._delete_companions_left()
        self._remove_kubeconfig(kubeconfig)
        attempt.log.tell_held()
        self._leave_word()
        noted = (DeferralError, JobFailedError, JobStartupError, JobVanishedError, ResultError, TaskTimeoutError)
        if isinstance(error, noted):
            self._tell(error)

    def _remove_kubeconfig(self, kubeconfig: Path | None) -> None:
        if kubeconfig is None:
            return
        kubeconfig.unlink(missing_ok=True)
        self._attempt.log.info(
            f"The kubeconfig of the connection is not kept; to paste the commands, put it to {kubeconfig}"
        )

    def _leave_it(self, error: BaseException) -> None:
        """Let the Job be, for another try."""
        if isinstance(error, KubectlJobOperatorError):
            error.may_run_on = True
        name = self._attempt.full_name
        self._attempt.log.warning(f"{name} was left as it is; it may still run, and a retry goes on with it.")

    def _tell(self, error: KubectlJobOperatorError) -> None:
        """End the log with the reason and, below it, all that is known: Airflow shows the exception too, in short."""
        reason, _, details = error.report.partition("\n")
        self._attempt.log.error(reason)
        if details:
            self._attempt.log.warning(details)
        error.is_told = True

    def _find_out_who_stopped_it(self, error: BaseException) -> None:
        if self._attempt.mailbox.is_killed:
            if not self._has_asked:
                self._has_asked = True
                self.stop = self._ask_stop()
        elif isinstance(error, TaskTimeoutError) or "Timeout" in type(_interruption_in(error)).__name__:
            # Of Airflow's exceptions only the name is known here.
            self.stop = Stop("The task ran into its execution_timeout", is_timeout=True)

    def _know_what_is_left(self) -> None:
        attempt = self._attempt
        if attempt.kubectl.namespace is None or attempt.recalled is not None:
            return
        of_ended = attempt.settings.delete_policy if self.stop.is_unwanted else DeletePolicy.NEVER
        try:
            job, companions = left_by_earlier_tries(attempt, _LOOK_SECONDS, of_ended)
        except KubectlError as error:
            attempt.log.warning(
                f"Whether {attempt.full_name} of an earlier try runs cannot be told; if so, it runs on.\n{error}\n"
                f"To see it, and whose it is: {attempt.kubectl.describe_command(attempt.target)}"
            )
            return
        attempt.belongings.know_left(companions if job is None else [job, *companions])
        attempt.may_run_on = job is not None

    def _delete_companions_left(self) -> None:
        """Delete what was made for the Job of an earlier try, as something else has its name by now."""
        attempt, belongings = self._attempt, self._attempt.belongings
        if not belongings.companion_kinds:
            return
        with attempt.log.group("Looked for what an earlier try has left"):
            try:
                _, companions = left_by_earlier_tries(attempt, _KILL_SECONDS)
            except KubectlError as error:
                command = attempt.kubectl.select_command(
                    belongings.companion_kinds, attempt.identity.instance_selector()
                )
                attempt.log.warning(
                    f"Whether an earlier try has left companions cannot be told; if so, they stay.\n{error}\n"
                    f"To see them: {command}"
                )
                return
            belongings.know_left(companions)
            if companions:
                names = ", ".join(map(word, companions))
                attempt.log.warning(f"Left by an earlier try, whose Job is gone: {names}.")
                self._delete_what_is_left()

    def _after_interruption(self) -> None:
        """Delete the Job or keep it, as was asked for the kind of interruption."""
        attempt, words = self._attempt, self.stop.words
        is_for_next_try = attempt.settings.keep_on_worker_stop and self.stop.is_worker_only
        is_kept = is_for_next_try or attempt.settings.on_kill is KillAction.KEEP
        # Where there is anything, the look was made already.
        if not (attempt.may_run_on or attempt.belongings.has_any or is_kept):
            self._know_what_is_left()
        if not (attempt.may_run_on or attempt.belongings.has_any):
            return
        if is_for_next_try:
            then = "replaces it" if attempt.belongings.is_replacing else "goes on with it"
            attempt.log.warning(f"{words}, so {attempt.full_name} runs on; the next try {then}.")
        elif is_kept:
            attempt.log.warning(f'{words}; by on_kill_action="keep" {attempt.full_name} stays.')
        else:
            command = attempt.belongings.delete_command(attempt.kubectl)
            is_of_use_if_complete = self._is_of_use_if_complete
            if self.stop.is_worker_only:
                words += ", and no later try is to go on with it"
            unless = ", unless it is Complete by now" if is_of_use_if_complete else ""
            attempt.log.warning(
                f"{words}, so {attempt.full_name} is deleted{unless}. What was made for it goes too. Airflow "
                "may leave no more than five seconds for that; if the cluster does not answer in time, it is for you "
                f"to do:\n{command}"
            )
            self._delete_what_is_left(if_complete=not is_of_use_if_complete)

    @property
    def _is_of_use_if_complete(self) -> bool:
        """Whether a later try may take what is done already; not where somebody wants the task to end.

        Of a task that a new scheduler takes from its worker there is one, however many tries it was to have.
        """
        is_over = self._attempt.belongings.is_earlier_over and not self.stop.is_unwanted
        return self.stop.is_timeout or self.stop.is_worker_only or is_over

    def _delete_what_is_left(self, *, if_complete: bool = True) -> None:
        """Delete in spite of a kill, which has stopped all other commands, and through a short outage.

        :param if_complete: whether also if the Job is Complete by now.
        """
        attempt = self._attempt
        delete = attempt.belongings.delete if if_complete else self._delete_unless_complete
        try:
            attempt.persist_in_spite_of_a_kill(delete, _KILL_SECONDS)
        except KubectlError as error:
            attempt.log.warning(f"{error}\nTo delete it: {attempt.belongings.delete_command(attempt.kubectl)}")

    def _delete_unless_complete(self, kubectl: Kubectl) -> None:
        """Delete no Job that is Complete at that moment: work that is done, a later try must not do again."""
        look_and_delete(lambda only_as_seen: self._delete_if_not_complete(kubectl, only_as_seen=only_as_seen))

    def _delete_if_not_complete(self, kubectl: Kubectl, *, only_as_seen: bool) -> None:
        attempt = self._attempt
        job = attempt.belongings.job(kubectl)
        verdict = job_status.verdict(job) if job is not None else None
        if verdict is None or not verdict.is_complete:
            attempt.belongings.delete(kubectl, job if only_as_seen else None)
            return
        attempt.log.warning(
            f"{attempt.full_name} is Complete, so it stays: a later try takes what it came to and does not run it "
            f"again. If there is no later try, to delete it:\n{attempt.belongings.delete_command(kubectl)}"
        )

    def _leave_word(self) -> None:
        """Tell how the try can be run again, if it came so far that there is something to run."""
        if self._attempt.file is None:
            self._attempt.workspace.remove()
            return
        self._aftermath.conclude(self._attempt.job, str(self._attempt.kubectl.namespace))


def _is_interruption(error: BaseException) -> bool:
    """Whether Airflow ended the run from outside."""
    return _interruption_in(error) is not None


def _interruption_in(error: BaseException) -> BaseException | None:
    """Find what Airflow ends a run by: an exception that is no ``Exception``, raised in a signal handler.

    Raised while a lock is taken, it may come out as the context of an ordinary error about that lock.
    """
    cause: BaseException | None = error
    while cause is not None and isinstance(cause, Exception):
        cause = cause.__context__
    return cause
