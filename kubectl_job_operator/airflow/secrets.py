"""What Airflow knows to be secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import airflow

import kubectl_job_operator
from kubectl_job_operator.airflow.compat import is_secret_name, mask_secret, redact
from kubectl_job_operator.manifest.documents import Document
from kubectl_job_operator.manifest.masking import secret_values
from kubectl_job_operator.replay.aftermath import Caller

_SHORTEST_NUMBER = 5
"""Of fewer digits, as Airflow has it too, every log is full: ``***`` in each date."""
_SHORTEST_VALUE, _SHORTEST_LINE = 5, 8
"""What is shorter is no secret but a word, as ``true``; so may be a line of a Secret's file that is longer."""


def mask_by_name(values: Any) -> None:
    """Let Airflow mask every value whose name says that it is secret, as ``password`` does.

    As where Airflow shows such values, all that a secret name has under it is secret, at any depth; and a name is also
    what stands beside a value, as in a container's ``env``.
    """
    _mask(values, None)


def _mask(value: Any, name: str | None) -> None:
    """Mask a value, or what is in it; ``name`` is the nearest one that says that it is secret, if there is one."""
    if isinstance(value, Mapping):
        beside = value.get("name") if "value" in value else None
        for key, item in value.items():
            own = beside if key == "value" and isinstance(beside, str) else str(key)
            _mask(item, name or (own if is_secret_name(own) else None))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            _mask(item, name)
    elif name is not None and not isinstance(value, bool):
        text = str(value) if isinstance(value, (str, int, float)) else ""
        if isinstance(value, str) or len(text) >= _SHORTEST_NUMBER:
            mask_secret(text, name)


def mask_secrets_of(documents: Iterable[Document]) -> None:
    """Let Airflow mask what the Secrets of a manifest hold, wherever it is logged, as by the Job's containers.

    Of a value of several lines each line that is long enough is masked too: containers print line by line.
    """
    for value in secret_values(documents):
        text = value.strip()
        lines = [line.strip() for line in text.splitlines()]
        parts = [text] if len(text) >= _SHORTEST_VALUE else []
        parts += [line for line in lines if len(line) >= _SHORTEST_LINE] if len(lines) > 1 else []
        for part in parts:
            mask_secret(part)


def caller() -> Caller:
    """Return what the aftermath of a failed try must know of Airflow."""
    versions = {
        # And not by importlib.metadata, which for that looks through all that is installed.
        "Airflow": airflow.__version__,
        "kubectl-job-operator": kubectl_job_operator.__version__,
    }
    return Caller(redact, versions)
