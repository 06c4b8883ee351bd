"""One task that passes beside one that fails: the run is red, and the log of the failed one says why."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("side_by_side", schedule=None) as dag:
    for task_id, exit_code in (("passes", 0), ("fails", 3)):
        KubernetesJobOperator(
            task_id=task_id,
            yaml_file_name="side_by_side.yaml",
            yaml_template_fields={"name": task_id, "exit_code": exit_code},
            in_cluster=True,
        )
