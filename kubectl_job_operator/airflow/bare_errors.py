"""What an exception of a task shows in Airflow: what went wrong, and none of our own frames above it."""

from __future__ import annotations

from types import TracebackType

from kubectl_job_operator.airflow.compat import AirflowFailException, AirflowSkipException
from kubectl_job_operator.errors import KubectlJobOperatorError


class BareErrors:
    """Lets errors that tell all themselves out without their traceback; of any other the traceback is what tells."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        """Raise it again, bare."""
        if error is not None and _tells_all(error):
            raise error.with_traceback(None) from None


def _tells_all(error: BaseException) -> bool:
    """Whether it is an error of ours, one that Airflow acts on, or Airflow's own word that the task is to end."""
    ours = (KubectlJobOperatorError, AirflowFailException, AirflowSkipException)
    return isinstance(error, ours) or not isinstance(error, Exception)
