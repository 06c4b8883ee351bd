"""From an operator and its manifest to what runs the Job, and from its errors to what Airflow acts on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from kubectl_job_operator.airflow.arguments import exit_codes
from kubectl_job_operator.airflow.compat.imports import AirflowFailException, AirflowSkipException, Context
from kubectl_job_operator.airflow.connection import Place
from kubectl_job_operator.airflow.redaction import redact
from kubectl_job_operator.airflow.secrets import caller
from kubectl_job_operator.airflow.settings import settings_of
from kubectl_job_operator.airflow.stopping import stop_of
from kubectl_job_operator.airflow.task import JobTask
from kubectl_job_operator.airflow.task_instance import TaskStateMemory, identity_of
from kubectl_job_operator.airflow.task_log import container_log, defused, own_log
from kubectl_job_operator.airflow.xcom import JobNames
from kubectl_job_operator.errors import (
    InputError,
    JobFailedError,
    KubectlError,
    KubectlJobOperatorError,
    ResultError,
    TaskKilledError,
    TaskTimeoutError,
)
from kubectl_job_operator.kubectl.cutting import cut_lines
from kubectl_job_operator.life.runner import JobRunner
from kubectl_job_operator.manifest.manifest import Manifest


def make_runner(task: JobTask, manifest: Manifest, place: Place, context: Context) -> JobRunner:
    """Make what runs the task's Job."""
    log = own_log(task.log)
    if place.hint:
        log.warning(place.hint)
    return JobRunner(
        manifest,
        identity_of(task, context),
        place.access,
        namespace=place.namespace,
        settings=settings_of(task, context),
        log=log,
        container_log=container_log(task.log),
        memory=TaskStateMemory(context),
        ask_stop=lambda: stop_of(context),
        observer=JobNames(context, log.warning),
        caller=caller(),
    )


@contextlib.contextmanager
def errors_for_airflow(task: JobTask) -> Iterator[None]:
    """Turn what a retry cannot mend, and what the task takes for a skip, into Airflow's own exceptions."""
    try:
        with lasting_errors_for_airflow(task.log):
            yield
    except JobFailedError as error:
        codes = set(error.exit_codes)
        if codes & exit_codes(task.fail_on_exit_code):
            raise AirflowFailException(str(error)) from None
        if codes & exit_codes(task.skip_on_exit_code):
            raise AirflowSkipException(str(error)) from None
        raise


@contextlib.contextmanager
def lasting_errors_for_airflow(log: Any) -> Iterator[None]:
    """Turn what a retry cannot mend into Airflow's own exception, whatever the task does.

    :param log: the task's.
    """
    try:
        with _shown_by_airflow(), _told(log):
            yield
    except KubectlJobOperatorError as error:
        if _is_for_the_author(error) and not error.may_run_on:
            raise AirflowFailException(str(error)) from None
        raise


def _is_for_the_author(error: KubectlJobOperatorError) -> bool:
    if isinstance(error, KubectlError):
        return error.kind.needs_author
    return isinstance(error, (InputError, ResultError))


@contextlib.contextmanager
def _told(log: Any) -> Iterator[None]:
    """Say in the log what nobody has said there: of an exception Airflow's page shows the first words of each line."""
    try:
        yield
    except (KubectlJobOperatorError, AirflowFailException) as error:
        # Who stopped the task is said by whoever has asked; that its time is over nobody has to ask.
        is_said = isinstance(error, TaskKilledError) and not isinstance(error, TaskTimeoutError)
        if not (is_said or getattr(error, "is_told", False)):
            own_log(log).error(str(error))
        raise


@contextlib.contextmanager
def _shown_by_airflow() -> Iterator[None]:
    """Make an error's text fit for Airflow's log and UI; what it was made of stays in its attributes."""
    try:
        yield
    except Exception as error:
        error.args = tuple(_fit(one) if isinstance(one, str) else one for one in error.args)
        raise


def _fit(text: str) -> str:
    # Here too: not every way in which Airflow runs a task masks what is logged.
    return defused(cut_lines(redact(text)))
