"""Count down in a container, and hand the result over."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("countdown", schedule=None) as dag:
    KubernetesJobOperator(
        task_id="countdown",
        yaml_file_name="countdown.yaml",
        yaml_template_fields={"start": 9},
        in_cluster=True,
        do_xcom_push=True,
    )
