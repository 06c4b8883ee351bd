"""A DAG that was written for the KubernetesPodOperator: only its import is another."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesLegacyJobOperator as KubernetesPodOperator

with DAG("from_the_pod_operator", schedule=None) as dag:
    hello = KubernetesPodOperator(
        task_id="hello",
        name="hello",
        image="busybox:1.36",
        cmds=["sh", "-c"],
        arguments=['echo hello from $WHERE; echo \'{"said": "hello"}\' > /airflow/xcom/return.json'],
        env_vars={"WHERE": "a pod of a Job"},
        labels={"team": "greetings"},
        on_finish_action="delete_pod",
        do_xcom_push=True,
        get_logs=True,
    )
    again = KubernetesPodOperator(
        task_id="again",
        pod_template_dict={
            "apiVersion": "v1",
            "kind": "Pod",
            "spec": {"containers": [{"name": "base", "image": "busybox:1.36", "command": ["sh", "-c"]}]},
        },
        arguments=["echo {{ ti.xcom_pull(task_ids='hello')['said'] }} again"],
    )
    hello >> again
