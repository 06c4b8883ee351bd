"""What Airflow knows to be secret."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from typing import Any

import kubectl_job_operator
from kubectl_job_operator.airflow.compat import is_secret_name, mask_secret, redact
from kubectl_job_operator.replay.aftermath import Caller

_SHORTEST_NUMBER = 5
"""Of fewer digits, as Airflow has it too, every log is full: ``***`` in each date."""


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


def caller() -> Caller:
    """Return what the aftermath of a failed try must know of Airflow."""
    versions = {
        "Airflow": importlib.metadata.version("apache-airflow"),
        "kubectl-job-operator": kubectl_job_operator.__version__,
    }
    return Caller(redact, versions)
