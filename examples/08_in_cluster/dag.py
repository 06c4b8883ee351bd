"""Run from inside the cluster, with the service account of the worker's pod."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("in_cluster", schedule=None) as dag:
    KubernetesJobOperator(
        task_id="next_door",
        yaml_file_name="next_door.yaml",
        in_cluster=True,
    )
