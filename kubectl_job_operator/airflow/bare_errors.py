"""What an exception of a task shows in Airflow: what went wrong, and none of our own frames above it."""

from __future__ import annotations

from kubectl_job_operator.airflow.compat.imports import AirflowFailException, AirflowSkipException
from kubectl_job_operator.errors import KubectlJobOperatorError


def bare(error: BaseException) -> BaseException:
    """Return it without its traceback if it tells all itself; of any other the traceback is what tells."""
    if not _tells_all(error):
        return error
    error.__cause__ = None  # which also hides what was handled when it was raised
    return error.with_traceback(None)


def _tells_all(error: BaseException) -> bool:
    """Whether it is an error of ours, one that Airflow acts on, or Airflow's own word that the task is to end."""
    ours = (KubectlJobOperatorError, AirflowFailException, AirflowSkipException)
    return isinstance(error, ours) or not isinstance(error, Exception)
