"""The same Job with its logs shown in different ways."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

MODES = {
    "every_line": {},
    "at_the_end": {"tail_logs_only_at_end": True},
    "last_two_lines": {"tail_logs_line_count": 2},
    "every_five_seconds": {"tail_logs_every": 5},
    "none": {"get_logs": False},
}

with DAG("log_modes", schedule=None) as dag:
    for mode, arguments in MODES.items():
        KubernetesJobOperator(
            task_id=mode,
            yaml_file_name="count.yaml",
            yaml_template_fields={"name": mode.replace("_", "-")},
            **arguments,
        )
