"""Two Jobs that share one base template, a part and a macro."""

from pathlib import Path

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG(
    "template_family",
    schedule=None,
    template_searchpath=str(Path(__file__).parent / "templates"),
    user_defined_filters={"kubernetes_name": lambda text: text.replace("_", "-").lower()},
) as dag:
    KubernetesJobOperator(
        task_id="Load_Orders",
        yaml_file_name="load.yaml",
        yaml_template_fields={"table": "orders"},
    ) >> KubernetesJobOperator(
        task_id="Check_Orders",
        yaml_file_name="check.yaml",
        yaml_template_fields={"table": "orders", "least": 3},
    )
