"""Two Jobs share a volume, which is made for the run and goes away with it."""

from airflow.sdk import DAG

from kubectl_job_operator import KubectlApplyOperator, KubectlDeleteOperator, KubernetesJobOperator

CLAIM = "shared-{{ dag_run.run_after.strftime('%Y%m%d-%H%M%S-%f') }}"

with DAG("shared_volume", schedule=None) as dag:
    make = KubectlApplyOperator(
        task_id="make",
        yaml_file_name="claim.yaml",
        yaml_template_fields={"claim": CLAIM},
        in_cluster=True,
    )
    write, read = (
        KubernetesJobOperator(
            task_id=task_id,
            yaml_file_name="shared_volume.yaml",
            yaml_template_fields={"name": task_id, "claim": CLAIM, "command": command},
            in_cluster=True,
            unique_name=True,
        )
        for task_id, command in (("write", "echo from the first Job > /shared/note"), ("read", "cat /shared/note"))
    )
    # A Job that failed stays for a look, and its pod holds the volume: the claim is gone when that pod is.
    delete = KubectlDeleteOperator(task_id="delete", targets=make.output, in_cluster=True)

    make >> write >> read >> delete.as_teardown(setups=make)
