"""One Job for each of three regions, by dynamic task mapping."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("mapped_tasks", schedule=None) as dag:
    KubernetesJobOperator.partial(task_id="region", yaml_file_name="region.yaml").expand(
        yaml_template_fields=[{"region": region} for region in ("north", "south", "west")]
    )
