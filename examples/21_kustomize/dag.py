"""A Job and its settings from an overlay of a kustomization; two regions at once, each with objects of its own."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("kustomize", schedule=None) as dag:
    for region in ("north", "south"):
        KubernetesJobOperator(
            task_id=f"report-{region}",
            kustomize_dir="overlays/prod",
            env_vars={"REGION": region},
            unique_name=True,
        )
