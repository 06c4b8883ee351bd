"""A DAG that can be run in a debugger."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("dag_test", schedule=None, params={"who": "world"}) as dag:
    KubernetesJobOperator(
        task_id="greet",
        image="busybox:1.36",
        cmds=["echo", "hello {{ params.who }}"],
    )

if __name__ == "__main__":
    dag.test(run_conf={"who": "debugger"})
