"""Count down in a Kubernetes Job."""

from __future__ import annotations

import os

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("countdown", schedule=None, description=__doc__):
    KubernetesJobOperator(
        task_id="countdown",
        yaml_file_name="countdown.yaml",
        yaml_template_fields={"start": 9},
        namespace="default",
        cluster_context=os.environ.get("KUBECTL_JOB_OPERATOR_CONTEXT"),
        tail_logs=True,
    )
