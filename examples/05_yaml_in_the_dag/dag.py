"""Write the manifest into the DAG: as text, or as a dict."""

from airflow.sdk import DAG

from kubectl_job_operator import KubernetesJobOperator

AS_TEXT = """
apiVersion: batch/v1
kind: Job
metadata: {name: as-text}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: main
          image: busybox:1.36
          command: [echo, "{{ greeting }} from run", {{ run_id | tojson }}]
"""

AS_DICT = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "as-dict"},
    "spec": {
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "containers": [
                    {
                        "name": "main",
                        "image": "busybox:1.36",
                        "command": ["echo", "{{ greeting }} from {{ ti.task_id }}"],
                    }
                ],
            }
        }
    },
}

with DAG("yaml_in_the_dag", schedule=None) as dag:
    KubernetesJobOperator(task_id="as_text", job_yaml=AS_TEXT, yaml_template_fields={"greeting": "hello"})
    KubernetesJobOperator(task_id="as_dict", job_yaml=AS_DICT, yaml_template_fields={"greeting": "hello"})
