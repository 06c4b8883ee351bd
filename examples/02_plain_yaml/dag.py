"""Run a manifest as it is, without any variable, and keep a copy of what was applied."""

import tempfile

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("plain_yaml", schedule=None) as dag:
    KubernetesJobOperator(
        task_id="hello",
        yaml_file_name="hello.yaml",
        yaml_write_path=f"{tempfile.gettempdir()}/applied/{{{{ run_id }}}}",
        labels={"team": "data"},
        env_vars={"WHO": "world"},
    )
