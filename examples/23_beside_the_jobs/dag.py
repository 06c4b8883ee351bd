"""A server for the length of a run: applied, waited for, used, and taken away whatever became of the rest."""

from airflow.sdk import DAG

from kubectl_job_operator import (
    KubectlApplyOperator,
    KubectlDeleteOperator,
    KubectlWaitSensor,
    KubernetesJobOperator,
)

with DAG("beside_the_jobs", schedule=None) as dag:
    start = KubectlApplyOperator(task_id="start", yaml_file_name="server.yaml")
    serves = KubectlWaitSensor(
        task_id="serves",
        target="deployment/server",
        wait_for="Available",
        failure_when="Progressing=False",
        timeout=300,
        deferrable=True,
    )
    use = KubernetesJobOperator(task_id="use", image="busybox:1.36", cmds=["echo", "the server is there"])
    stop = KubectlDeleteOperator(task_id="stop", targets=start.output, wait=True)

    start >> serves >> use >> stop.as_teardown(setups=start)
