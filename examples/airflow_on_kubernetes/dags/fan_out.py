"""Twenty Jobs, each with a number of its own, and the sum of their results."""

from airflow.sdk import DAG, task

from kubectl_job_operator import KubernetesJobOperator


@task
def add_up(squares: list[int]) -> int:
    """Add the results of all Jobs."""
    return sum(squares)


with DAG("fan_out", schedule=None, default_args={"retries": 1}, params={"seconds": 5}) as dag:
    square = KubernetesJobOperator.partial(
        task_id="square", yaml_file_name="fan_out.yaml", in_cluster=True, do_xcom_push=True
    ).expand(yaml_template_fields=[{"number": number} for number in range(1, 21)])
    add_up(square.output)
