"""What Airflow knows to be secret."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Any

import kubectl_job_operator
from kubectl_job_operator.airflow.compat import mask_secret, redact
from kubectl_job_operator.replay.aftermath import Caller


def mask_by_name(values: Mapping[str, Any]) -> None:
    """Let Airflow mask every value whose name says that it is secret, as ``password`` does."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            mask_by_name(value)
        else:
            for item in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(item, str):
                    mask_secret(item, str(name))


def mask_env_vars(env_vars: Mapping[str, Any] | Sequence[Any]) -> None:
    """Do the same for the argument ``env_vars``, which may be a list as Kubernetes has it."""
    if isinstance(env_vars, Mapping):
        mask_by_name(env_vars)
    else:
        for one in env_vars:
            if isinstance(one, Mapping):
                mask_by_name({str(one.get("name")): one.get("value")})


def caller() -> Caller:
    """Return what the aftermath of a failed try must know of Airflow."""
    versions = {
        "Airflow": importlib.metadata.version("apache-airflow"),
        "kubectl-job-operator": kubectl_job_operator.__version__,
    }
    return Caller(redact, versions)
