"""The countdown again, with no task process while it runs: the triggerer waits."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("deferred", schedule=None) as dag:
    KubernetesJobOperator(
        task_id="countdown",
        yaml_file_name="countdown.yaml",
        yaml_template_fields={"start": 9},
        in_cluster=True,
        do_xcom_push=True,
        unique_name=True,
        deferrable=True,
    )
