"""The Job of a CronJob that somebody else keeps in the cluster: when Airflow says, and for the day that it says."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("from_cronjob", schedule=None) as dag:
    KubernetesJobOperator(
        task_id="load",
        from_cronjob="nightly-load",
        arguments=["echo loading {{ run_id }} with $MODE"],
        env_vars={"MODE": "backfill"},
    )
