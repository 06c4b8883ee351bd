"""What Airflow asks a provider for: the entry point ``apache_airflow_provider``."""

from __future__ import annotations

from typing import Any

from kubectl_job_operator.airflow.connection_fields import connection_type
from kubectl_job_operator.airflow.defaults import configuration


def get_provider_info() -> dict[str, Any]:
    """Describe this package to Airflow."""
    return {
        "package-name": "kubectl-job-operator",
        "name": "kubectl job operator",
        "description": "Runs Kubernetes Jobs by driving kubectl.",
        "extra-links": ["kubectl_job_operator.airflow.links.ReplayLink"],
        "connection-types": [connection_type()],
        "task-decorators": [
            {"name": "kubernetes_job", "class-name": "kubectl_job_operator.airflow.decorators.kubernetes_job_task"}
        ],
        "config": configuration(),
    }
