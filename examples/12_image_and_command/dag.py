"""A Job without YAML, and a template whose command the DAG gives."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

with DAG("image_and_command", schedule=None) as dag:
    alone = KubernetesJobOperator(
        task_id="alone",
        image="busybox:1.36",
        cmds=["sh", "-c"],
        arguments=["echo one of two pods of {{ run_id }}, on $NODE, with $(ls -d /scratch)"],
        completions=2,
        parallelism=2,
        env_vars=[{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        container_resources={"requests": {"cpu": "10m", "memory": "16Mi"}},
        volumes=[{"name": "scratch", "emptyDir": {}}],
        volume_mounts=[{"name": "scratch", "mountPath": "/scratch"}],
    )
    into_a_template = KubernetesJobOperator(
        task_id="into_a_template",
        yaml_file_name="house_rules.yaml",
        arguments=["echo the rules are the template's, the words are the DAG's"],
    )
    alone >> into_a_template
