"""Say which cluster: by kubeconfig and context, or by an Airflow connection."""

from pathlib import Path

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("choose_the_cluster", schedule=None) as dag:
    KubernetesJobOperator(
        task_id="by_kubeconfig",
        yaml_file_name="where.yaml",
        config_file=str(Path.home() / ".kube" / "config"),
        cluster_context="my-cluster",
    )
    KubernetesJobOperator(
        task_id="by_connection",
        yaml_file_name="where.yaml",
        kubernetes_conn_id="kubernetes_example",
    )
