"""What a task tells other tasks of its Job, beside the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubectl_job_operator.airflow.compat.imports import Context
from kubectl_job_operator.attempt.observer import Nobody
from kubectl_job_operator.objects import Object

JOB_NAME = "job_name"
JOB_NAMESPACE = "job_namespace"
JOB_UID = "job_uid"
POD_NAMES = "pod_names"
REPLAY_FOLDER = "replay_folder"


class JobNames(Nobody):
    """Pushes which Job it is, as soon as it is there.

    :param context: the task's.
    :param warn: takes a sentence on what could not be pushed.
    """

    def __init__(self, context: Context, warn: Callable[[str], None]) -> None:
        self._context = context
        self._warn = warn
        self._is_pushed = False

    def on_job(self, job: Object) -> None:
        """Push it once."""
        if not self._is_pushed:
            self._is_pushed = True
            metadata = job["metadata"]
            for key, value in ((JOB_NAME, "name"), (JOB_NAMESPACE, "namespace"), (JOB_UID, "uid")):
                push(self._context, key, metadata[value], self._warn)


def push(context: Context, key: str, value: Any, warn: Callable[[str], None]) -> None:
    """Push a value that is good to have; that it fails is no reason to fail the task."""
    try:
        context["ti"].xcom_push(key=key, value=value)
    except Exception as error:  # noqa: BLE001 - Airflow's database or API server, each with its own errors
        warn(f"XCom {key} could not be pushed: {error!r}")
