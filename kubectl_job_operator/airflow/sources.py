"""A manifest that kubectl gives when the task runs: of a kustomization, or of a CronJob."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_job_operator.airflow.compat.masking import is_secret_name
from kubectl_job_operator.airflow.connection import find_place
from kubectl_job_operator.airflow.task_log import own_log
from kubectl_job_operator.attempt import sources
from kubectl_job_operator.manifest import kustomization, of_cronjob, yaml_text
from kubectl_job_operator.manifest.manifest import Manifest

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.task import JobTask


def kustomized(
    task: JobTask, address: str, search_path: Iterable[str | Path], said: Mapping[str, str], name: str
) -> Manifest:
    """Return what a kustomization gives.

    :param said: annotations for the Job.
    :param name: what the Job is called if it has no name.
    :raises KubectlJobOperatorError: if it cannot be built.
    """
    folder = kustomization.find(address, search_path)
    text = sources.kustomized(find_place(task).access, folder, own_log(task.log).info)
    return Manifest.parse(text, folder, said, name, is_secret_name)


def of_from_cronjob(task: JobTask, cronjob: str, said: Mapping[str, str]) -> Manifest:
    """Return the Job that a CronJob would start now.

    :param said: annotations for the Job.
    :raises KubectlJobOperatorError: if it cannot be had.
    """
    place, log = find_place(task), own_log(task.log)
    text = sources.job_of_cronjob(place.access, place.namespace, cronjob, log)
    log.info(
        f"The Job is this task's own: it gets no ownerReferences to CronJob {cronjob}, whose history limits would "
        "delete it, and which does not count it."
    )
    jobs = [of_cronjob.freed(job) for job in yaml_text.load_all(text)]
    # Many runs, and the CronJob itself, have its name to share.
    return replace(Manifest.of(jobs, f"cronjob/{cronjob}", said), is_unnamed=True)
