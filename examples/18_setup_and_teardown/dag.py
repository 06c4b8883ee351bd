"""Three steps of which the last runs whatever became of the second."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("setup_and_teardown", schedule=None) as dag:

    def step(name: str) -> KubernetesJobOperator:
        return KubernetesJobOperator(
            task_id=name,
            yaml_file_name="step.yaml",
            yaml_template_fields={"step": name},
        )

    prepare, load, clean_up = step("prepare"), step("load"), step("clean-up")
    prepare >> load >> clean_up.as_teardown(setups=prepare)
