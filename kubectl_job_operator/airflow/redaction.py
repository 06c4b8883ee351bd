"""What masks secrets in the texts that we write: Airflow's own mask, and what would be dear to tell Airflow."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_job_operator.airflow.compat import masking
from kubectl_job_operator.manifest.masking import Mask, masks_nothing
from kubectl_job_operator.manifest.spellings import mask_of

_told: set[str] = set()
_mask: Mask = masks_nothing


def redact(text: str) -> str:
    """Return a text with every value masked that Airflow masks or that this process was told."""
    return masking.redact(_mask(text))


def mask_here(values: Iterable[str]) -> None:
    """Mask values, and each of their lines, in what this process writes: Airflow would pay for each line.

    See ``compat.masking.mask_secrets``. What is told here is looked for in every line of the log.
    """
    global _mask  # noqa: PLW0603 - as Airflow's, there is one for the process
    new = set(values) - _told
    if new:
        _told.update(new)
        _mask = mask_of(_told)
