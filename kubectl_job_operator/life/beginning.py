"""How a Job comes into being: look, decide, apply; or replace what has its name, or adopt it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kubectl_job_operator.attempt.attempt import SHORTEST_TTL_SECONDS, Attempt
from kubectl_job_operator.attempt.decision import (
    Decision,
    Made,
    decide,
    is_left_running,
    is_of_instance,
    is_own_and_over,
    made_by,
)
from kubectl_job_operator.attempt.identity import selector_of
from kubectl_job_operator.attempt.settings import DeletePolicy
from kubectl_job_operator.attempt.workspace import manifest_file_name, write_copy
from kubectl_job_operator.errors import (
    ErrorKind,
    InputError,
    JobInUseError,
    KubectlError,
    KubectlJobOperatorError,
    RightsMissingError,
)
from kubectl_job_operator.kubectl.access import settings_in
from kubectl_job_operator.life.ttl import keep_until_seen
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.labels import TASK_INSTANCE_LABEL
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.masking import Mask
from kubectl_job_operator.objects import Object, labels_of
from kubectl_job_operator.status import rights

_FIRST_CONTACT_SECONDS = 45.0
_REPLACE_SECONDS = 300
_LOOKS = 3
"""How often the Job is looked at anew when somebody else was quicker between a look and an apply."""


class Beginning:
    """Lets there be a Job, this try's own or the one of an earlier try.

    :param attempt: the try.
    :param mask: replaces the secrets that the caller knows in a text.
    """

    def __init__(self, attempt: Attempt, mask: Mask) -> None:
        self._attempt = attempt
        self._mask = mask
        self._has_looked = False

    def bring_into_being(self) -> Object:
        """Return the Job; it may have ended already.

        :raises KubectlJobOperatorError: if there can be none; if it says that nothing was created, nothing was.
        """
        attempt = self._attempt
        try:
            attempt.access.check()
            with attempt.log.group(_title(attempt.manifest)):
                file = self._write_manifest()
            job = self._start(file)
        except (InputError, KubectlError) as error:
            self._leave_to_another_worker(error)
            raise
        return attempt.see(keep_until_seen(attempt, job))

    def _leave_to_another_worker(self, error: KubectlJobOperatorError) -> None:
        """Let an error before the first look not be the end: where there is a way to the Job, it may still run."""
        if self._has_looked or self._attempt.identity.try_number == 1:
            return
        error.may_run_on = True
        manifest = self._attempt.manifest
        name = f"{kinds.word(manifest.job)} {manifest.name}"
        self._attempt.log.warning(f"Whether {name} of an earlier try runs cannot be told from here.")

    def _write_manifest(self) -> Path:
        """Write the file that kubectl applies, and the copy that the user asked for."""
        attempt = self._attempt
        manifest, settings, log = attempt.manifest, attempt.settings, attempt.log
        name = manifest_file_name(manifest.source)
        file = attempt.workspace.write_documents(name, [manifest.job])
        # Here too: not every way in which Airflow runs a task masks what is logged.
        shown = f":\n{self._mask(manifest.masked_text()).rstrip()}" if settings.log_yaml else "."
        log.info(f"The manifest, as rendered to {file}{shown}")
        if attempt.ttl_seconds is not None:
            log.info(
                f"ttlSecondsAfterFinished: {attempt.ttl_seconds} counts from when this task has seen the end; until "
                f"then it is {SHORTEST_TTL_SECONDS}."
            )
        if settings.write_path is not None:
            copy = write_copy(settings.write_path, settings.write_filename or name, manifest.text())
            log.info(f"The manifest was also written to {copy}, to stay there.")
        return file

    def _start(self, file: Path) -> Object:
        """Bring the Job into being, or go on with the one that an earlier try brought."""
        attempt = self._attempt
        with attempt.log.group("Getting ready") as group:
            program = attempt.access.kubectl_path()
            attempt.log.info(f"kubectl is {program}, and runs with {settings_in(attempt.environment)}.")
            if attempt.kubectl.namespace is None:
                attempt.kubectl.namespace = attempt.persist(attempt.kubectl.default_namespace, _FIRST_CONTACT_SECONDS)
            attempt.file = file
            found = attempt.persist(self._first_look, _FIRST_CONTACT_SECONDS)
            self._has_looked = True
            decision, why = decide(found, attempt.identity)
            there = f"{'no' if found is None else 'a'} {kinds.word(attempt.manifest.job)} of that name"
            group.title = f"Ready: kubectl {attempt.kubectl.own_version}, {attempt.permissions.summary}, {there}"
        if (done := self._recalled(found)) is not None:
            return done
        if decision is Decision.REFUSE:
            raise self._in_use(why)
        if decision is Decision.ADOPT and found is not None:
            return self._adopt(found, why)
        if decision is Decision.REPLACE and found is not None:
            self._make_room(found, why)
        elif attempt.identity.try_number > 1:
            self._wait_for_own_pods()
        attempt.persist(lambda: attempt.belongings.companions.apply(attempt.kubectl))
        return attempt.persist(lambda: self._apply(file))

    def _first_look(self) -> Object | None:
        """Look for the Job, and beside it whether the account may do all that is to come."""
        attempt, kubectl, job = self._attempt, self._attempt.kubectl, self._attempt.manifest.job
        rights_call = kubectl.start_can_i_list()
        look_call = kubectl.start_get(attempt.target)
        is_known = kinds.is_job(job) or kinds.is_pod(job)
        names_call = None if is_known else kubectl.start_api_resources(kinds.group(job))
        try:
            granted = rights.Granted.read(kubectl.finish_can_i_list(rights_call))
            plural = rights.plural(kubectl.finish_api_resources(names_call), job) if names_call is not None else None
            may_keep = attempt.settings.delete_policy is not DeletePolicy.ALWAYS
            wanted = rights.wanted(job, reads_logs=attempt.settings.reads_logs, plural=plural, may_keep=may_keep)
            lacking = granted.lacks(wanted.needed)
            if lacking:
                missing = [str(right) for right in lacking]
                raise RightsMissingError(str(kubectl.namespace), missing, rights.advice(job, granted))
        except KubectlJobOperatorError:
            kubectl.stop(look_call, *filter(None, [names_call]))
            raise
        attempt.permissions.learn(granted, wanted)
        return kubectl.finish_get(look_call)

    def _recalled(self, found: Object | None) -> Object | None:
        """Return the Job that an earlier try has noted as Complete, if it is gone."""
        attempt = self._attempt
        is_gone = found is None or not is_of_instance(found, attempt.identity)
        if not is_gone or (done := attempt.memory.recall()) is None:
            return None
        attempt.log.info(f"{attempt.full_name} was Complete in an earlier try, and is gone: it is not run again.")
        attempt.recalled = done
        attempt.may_run_on = False
        attempt.persist(lambda: attempt.belongings.take_companions_left(attempt.kubectl))
        return done.job

    def _adopt(self, found: Object, why: str) -> Object:
        """Go on with the Job of an earlier try."""
        attempt = self._attempt
        attempt.log.info(f"{attempt.full_name} exists already: {why}. Going on with it.")
        if made_by(found, attempt.identity) is not Made.BY_LATER_TRY:
            attempt.belongings.know_earlier(found, is_replaced=False)
        attempt.may_run_on = True
        self._persist_unless_taken(lambda: attempt.belongings.take_over(attempt.kubectl, found))
        return found

    def _persist_unless_taken(self, take: Callable[[], None]) -> None:
        """Take what is an earlier try's; look again before it is done again, as time has gone by."""
        has_failed = False

        def take_again() -> None:
            nonlocal has_failed
            if has_failed:
                self._check_that_no_later_try_has_it()
            has_failed = True
            take()

        self._attempt.persist(take_again)

    def _check_that_no_later_try_has_it(self) -> None:
        """Stop a try that Airflow takes for dead: another one has gone on with its Job.

        :raises JobInUseError: if so.
        """
        attempt = self._attempt
        found = attempt.look()
        if found is None or not is_of_instance(found, attempt.identity):
            return  # whoever waits for the Job sees that it is gone
        decision, why = decide(found, attempt.identity)
        if decision is Decision.REFUSE:
            attempt.may_run_on = False
            attempt.belongings.leave_to_later_try()
            raise self._in_use(why)

    def _make_room(self, found: Object, why: str) -> None:
        """Delete what has the Job's name, and wait until it is gone."""
        self._attempt.log.warning(f"{self._attempt.full_name} exists already: {why}. It is replaced.")
        belongings, kubectl, name = self._attempt.belongings, self._attempt.kubectl, self._attempt.manifest.name
        belongings.companions.know_as_ended(found)
        if is_left_running(found, self._attempt.identity):
            belongings.know_earlier(found, is_replaced=True)
        if labels_of(found).get(TASK_INSTANCE_LABEL) == self._attempt.identity.digest:
            self._persist_unless_taken(lambda: belongings.take_companions_left(kubectl))
        seen, resource = selector_of(found), kinds.resource(found)
        self._attempt.persist(lambda: kubectl.delete_and_wait(name, seen, _REPLACE_SECONDS, resource))
        belongings.forget_earlier()
        # Whoever deletes it too lets it go at once, and its pods run on; and under another's Job our own may.
        self._wait_for_own_pods()

    def _wait_for_own_pods(self) -> None:
        """Wait for this task's pods: of a Job that was deleted a moment ago, as by a Clear, some may still run."""
        kubectl, pods = self._attempt.kubectl, self._attempt.identity.instance_selector()
        self._attempt.persist(lambda: kubectl.wait_until_gone(pods, _REPLACE_SECONDS))

    def _apply(self, file: Path) -> Object:
        """Apply the manifest; after an attempt of which nobody knows what came of it, look first."""
        attempt = self._attempt
        for look in range(_LOOKS):
            if (look or attempt.may_run_on) and (found := self._made_meanwhile()) is not None:
                return found
            attempt.may_run_on = True
            try:
                applied = attempt.kubectl.apply(file, attempt.identity.field_manager)
            except KubectlError as error:
                attempt.may_run_on = error.kind.can_pass
                # The API server knows whose the labels are: somebody else was quicker.
                if error.kind not in (ErrorKind.CONFLICT, ErrorKind.IMMUTABLE) or look == _LOOKS - 1:
                    raise
                attempt.log.warning(f"{attempt.full_name} was made by somebody else a moment ago; looking again.")
            else:
                return next(one for one in applied if kinds.target(one) == attempt.target)
        raise AssertionError("the last look returns or raises")

    def _made_meanwhile(self) -> Object | None:
        """Return the Job that there is by now, if it is this try's; ``None`` if it is still to be applied."""
        attempt = self._attempt
        found = attempt.look()
        if found is not None and attempt.may_run_on and is_own_and_over(found, attempt.identity):
            return found
        if (done := self._recalled(found)) is not None:
            return done
        decision, why = decide(found, attempt.identity)
        if decision is Decision.REFUSE:
            # If the apply came through, its Job is gone, or a later try's.
            attempt.may_run_on = False
            raise self._in_use(why)
        if decision is Decision.ADOPT and found is not None:
            return found if attempt.may_run_on else self._adopt(found, why)
        if decision is Decision.REPLACE and found is not None:
            self._make_room(found, why)
        elif attempt.may_run_on:
            # If the apply came through all the same, somebody has deleted its Job, and its pods may run on.
            attempt.kubectl.wait_until_gone(attempt.identity.instance_selector(), _REPLACE_SECONDS)
        return None

    def _in_use(self, why: str) -> JobInUseError:
        return JobInUseError(
            str(self._attempt.kubectl.namespace),
            self._attempt.manifest.name,
            f"{self._attempt.full_name} exists already: {why}. It was not touched.\n"
            "What to do: wait until it has ended or delete it, or give each run a Job of its own by unique_name=True.",
        )


def _title(manifest: Manifest) -> str:
    """Tell in a few words what is applied."""
    spec = manifest.job.get("spec") or {}
    containers = len(((spec.get("template") or {}).get("spec") or spec).get("containers") or ())
    parts = [
        f"{kinds.word(manifest.job)} {manifest.name}",
        *([_counted(containers, "container")] if containers else []),
        *([_counted(len(manifest.companions), "companion")] if manifest.companions else []),
    ]
    return f"Manifest: {', '.join(parts)}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
