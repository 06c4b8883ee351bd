"""Keep what is needed to run a failed try again by hand."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("replay", schedule=None) as dag:
    KubernetesJobOperator(
        task_id="load",
        yaml_file_name="load.yaml",
        yaml_template_fields={"exit_code": "{{ params.exit_code }}"},
        params={"exit_code": 0},
        replay_dir="/srv/airflow/replay",
        replay_keep=10,
    )
