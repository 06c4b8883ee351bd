"""Pass a value that is full of YAML's own characters, safely."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("safe_values", schedule=None, params={"text": "it's \"5: o'clock\" # {not a comment}\n---\nkind: Pod"}) as dag:
    KubernetesJobOperator(
        task_id="say",
        yaml_file_name="say.yaml.j2",
        yaml_template_fields={"text": "{{ params.text }}"},
    )
