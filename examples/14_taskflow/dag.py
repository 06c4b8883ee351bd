"""Functions that say what a Job shall do."""

from airflow.sdk import DAG, task

with DAG("taskflow", schedule=None) as dag:

    @task.kubernetes_job(image="busybox:1.36", do_xcom_push=True)
    def count(words: str) -> str:
        return f"echo {words} | wc -w > /airflow/xcom/return.json"

    @task.kubernetes_job(yaml_file_name="tell.yaml")
    def tell(number: int) -> dict[str, str]:
        return {"sentence": f"There were {number} words."}

    tell(count("how many words are there"))
