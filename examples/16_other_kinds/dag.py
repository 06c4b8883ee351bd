"""Wait for what is no Job: a Deployment until it is available, a Pod until it has ended."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("other_kinds", schedule=None) as dag:
    server = KubernetesJobOperator(
        task_id="server",
        yaml_file_name="server.yaml",
        success_when="Available",
        failure_when="Progressing=False",
        get_logs=False,
        delete_policy="Never",
    )
    client = KubernetesJobOperator(task_id="client", yaml_file_name="client.yaml")
    server >> client
