"""Manifests that only kubectl can give: what a kustomization builds, and what a CronJob would start."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from kubectl_job_operator.attempt.asking import connect
from kubectl_job_operator.attempt.retrying import Result, persist
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import ErrorKind, InputError, KubectlError, RightsMissingError, TemplateError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.manifest import kustomization
from kubectl_job_operator.printable import joined
from kubectl_job_operator.status.rights import GET_CRONJOBS

_FIRST_CONTACT_SECONDS = 45.0
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
# Of a kustomization in a folder all is here, unless kubectl says that it went elsewhere for a part of it.
_ELSEWHERE = re.compile(r"://|\bgit\b")
_NO_ANSWER = frozenset({ErrorKind.NO_ANSWER, ErrorKind.NOT_STARTED, ErrorKind.SIGNALLED})


def kustomized(access: Access, address: str, show: Callable[[str], None] | None = None) -> str:
    """Return the YAML that a kustomization gives.

    :param access: whose kubectl builds it; no cluster is asked.
    :param address: what ``kustomization.find`` has found.
    :param show: takes the command and what came of it; without it they are not shown.
    :raises TemplateError: if it cannot be built.
    :raises KubectlError: if a part of it could not be fetched from elsewhere.
    """
    with connect(Access(named_kubectl=access.named_kubectl), None, show) as connection:
        try:
            return connection.kubectl.kustomize(address)
        except KubectlError as error:
            is_elsewhere = kustomization.is_remote(address) or _ELSEWHERE.search(error.words)
            if is_elsewhere or error.kind in _NO_ANSWER:
                raise
            raise TemplateError(
                f"The kustomization in {address} cannot be built:\n  {error.words}\n"
                f"What to do: mend it; this shows the same: {joined(error.argv)}"
            ) from None


def check_cronjob_name(name: str) -> None:
    """Refuse what cannot be the name of a CronJob.

    :raises InputError: if it is none.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"from_cronjob must be the name of a CronJob, but is {name!r}.\n"
            "What to do: give the name as kubectl get cronjobs shows it; the namespace is an argument of its own."
        )


def job_of_cronjob(access: Access, namespace: str | None, cronjob: str, log: Log) -> str:
    """Return the YAML of the Job that a CronJob would start now; it has the CronJob's name.

    :param namespace: where it is; ``None`` for where kubectl works by default.
    :param log: takes the commands and what came of them.
    :raises InputError: if there is no such CronJob.
    :raises RightsMissingError: if the account may not read it.
    :raises KubectlError: if the cluster cannot be asked.
    """
    check_cronjob_name(cronjob)
    with connect(access, namespace, log.info) as connection:
        kubectl = connection.kubectl
        kubectl.namespace = _persist(kubectl, log, lambda: kubectl.namespace or kubectl.default_namespace())
        try:
            return _persist(kubectl, log, lambda: kubectl.job_of_cronjob(cronjob, cronjob))
        except KubectlError as error:
            if error.kind is ErrorKind.FORBIDDEN:
                raise RightsMissingError(str(kubectl.namespace), [str(GET_CRONJOBS)]) from error
            if error.kind is ErrorKind.NOT_FOUND:
                raise InputError(
                    f"There is no CronJob {kubectl.namespace}/{cronjob} to make the Job of.\n  {error.words}\n"
                    "What to do: check from_cronjob and namespace, or apply the CronJob; it may be suspended."
                ) from error
            raise


def _persist(kubectl: Kubectl, log: Log, action: Callable[[], Result]) -> Result:
    return persist(
        action,
        tolerance_seconds=_FIRST_CONTACT_SECONDS,
        pause=time.sleep,
        show=log.warning,
        is_ready=kubectl.is_ready,
    )
