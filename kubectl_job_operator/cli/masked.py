"""What the command line shows of a run, without what the Secrets of its manifest hold, as Airflow does it for tasks."""

from __future__ import annotations

from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import KubectlJobOperatorError
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.masking import Mask, secret_values
from kubectl_job_operator.manifest.spellings import mask_of


class MaskedLog:
    """Masks what it passes on.

    :param log: takes it.
    :param mask: replaces the secrets.
    """

    def __init__(self, log: Log, mask: Mask) -> None:
        self._log = log
        self._mask = mask

    def info(self, message: str, /) -> None:
        """Pass it on."""
        self._log.info(self._mask(message))

    def warning(self, message: str, /) -> None:
        """Pass it on."""
        self._log.warning(self._mask(message))

    def error(self, message: str, /) -> None:
        """Pass it on."""
        self._log.error(self._mask(message))

    def critical(self, message: str, /) -> None:
        """Pass it on."""
        self._log.critical(self._mask(message))


def mask_for(manifest: Manifest) -> Mask:
    """Return what masks the Secrets of a manifest."""
    return mask_of(secret_values(manifest.documents))


def mask_error(error: KubectlJobOperatorError, mask: Mask) -> None:
    """Mask what an error says."""
    error.args = tuple(mask(one) if isinstance(one, str) else one for one in error.args)
