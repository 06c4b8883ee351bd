"""Three Jobs at once, each with a ConfigMap of its own beside it, from one template."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("companions", schedule=None) as dag:
    KubernetesJobOperator.partial(task_id="report", yaml_file_name="report.yaml", unique_name=True).expand(
        yaml_template_fields=[{"region": region} for region in ("north", "south", "west")]
    )
