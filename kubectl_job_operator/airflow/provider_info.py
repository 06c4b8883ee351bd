"""What Airflow asks a provider for: the entry point ``apache_airflow_provider``."""

from __future__ import annotations

from typing import Any

SECTION = "kubectl_job_operator"
REPLAY_DIR = "replay_dir"
INSTALLATION = "installation"


def get_provider_info() -> dict[str, Any]:
    """Describe this package to Airflow."""
    return {
        "package-name": "kubectl-job-operator",
        "name": "kubectl job operator",
        "description": "Runs Kubernetes Jobs by driving kubectl.",
        "extra-links": ["kubectl_job_operator.airflow.links.ReplayLink"],
        "task-decorators": [
            {"name": "kubernetes_job", "class-name": "kubectl_job_operator.airflow.decorators.kubernetes_job_task"}
        ],
        "config": {
            SECTION: {
                "description": "How KubernetesJobOperator behaves where its arguments do not say.",
                "options": {
                    INSTALLATION: {
                        "description": "A name of this Airflow, where another one runs the same DAGs in the same "
                        "namespace. Default is a digest of base_url and fernet_key.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "production",
                        "default": None,
                    },
                    REPLAY_DIR: {
                        "description": "A folder on the worker that gets a folder for each failed try.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "/var/lib/airflow/replay",
                        "default": None,
                    },
                },
            }
        },
    }
