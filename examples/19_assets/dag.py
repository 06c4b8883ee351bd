"""A Job that updates an asset, and a DAG that runs when it was updated."""

from airflow.sdk import DAG, Asset

from kubectl_job_operator import KubernetesJobOperator

orders = Asset("s3://lake/orders")

with DAG("assets", schedule=None) as dag:
    KubernetesJobOperator(
        task_id="load",
        image="busybox:1.36",
        cmds=["echo", "orders are loaded"],
        outlets=[orders],
    )

with DAG("report", schedule=[orders]) as report:
    KubernetesJobOperator(
        task_id="report",
        image="busybox:1.36",
        cmds=["echo", "there are new orders"],
    )
