"""Wait for long Jobs without a worker; the second one shows its logs every ten seconds."""

from datetime import timedelta

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("deferrable", schedule=None) as dag:
    for name, logging_interval in (("at-the-end", None), ("now-and-then", 10)):
        KubernetesJobOperator(
            task_id=name,
            yaml_file_name="train.yaml",
            yaml_template_fields={"name": name},
            deferrable=True,
            logging_interval=logging_interval,
            execution_timeout=timedelta(hours=6),
        )
