"""What one Job has counted decides how many pods the next one has; their results come back as a list."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("results", schedule=None) as dag:
    count = KubernetesJobOperator(task_id="count", yaml_file_name="count.yaml", do_xcom_push=True)
    KubernetesJobOperator(
        task_id="square",
        yaml_file_name="square.yaml",
        yaml_template_fields={"counted": count.output},
        do_xcom_push=True,
        xcom_from="logs",
    )
