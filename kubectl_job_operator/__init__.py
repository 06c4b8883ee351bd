"""Run Kubernetes Jobs from Apache Airflow by driving ``kubectl``.

The public names are imported on first use, so that importing the package alone never imports Airflow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from kubectl_job_operator.version import __version__

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.apply import KubectlApplyOperator
    from kubectl_job_operator.airflow.delete import KubectlDeleteOperator
    from kubectl_job_operator.airflow.legacy import KubernetesLegacyJobOperator
    from kubectl_job_operator.airflow.operators import KubernetesJobOperator
    from kubectl_job_operator.airflow.wait_sensor import KubectlWaitSensor

__all__ = [
    "KubectlApplyOperator",
    "KubectlDeleteOperator",
    "KubectlWaitSensor",
    "KubernetesJobOperator",
    "KubernetesLegacyJobOperator",
    "__version__",
]

_HOMES = {
    "KubectlApplyOperator": "kubectl_job_operator.airflow.apply",
    "KubectlDeleteOperator": "kubectl_job_operator.airflow.delete",
    "KubectlWaitSensor": "kubectl_job_operator.airflow.wait_sensor",
    "KubernetesJobOperator": "kubectl_job_operator.airflow.operators",
    "KubernetesLegacyJobOperator": "kubectl_job_operator.airflow.legacy",
}
# What the command line's distribution does not bring.
_OF_THE_OPERATOR = frozenset({"airflow", "kubectl_job_operator.airflow"})


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(home), name)
    except ModuleNotFoundError as error:
        if error.name not in _OF_THE_OPERATOR:
            raise
        raise ImportError(
            f"{name} needs Airflow, and here is only the command line.\nWhat to do: pip install kubectl-job-operator"
        ) from error


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted(__all__)
