"""Uses of the operators that a type checker must take, and beside them wrong ones that it must refuse.

``mypy --strict`` as `make lint` runs it takes this file only as long as each ignored line is wrong.
"""

from __future__ import annotations

import datetime

from kubectl_job_operator import (
    KubectlApplyOperator,
    KubectlDeleteOperator,
    KubectlWaitSensor,
    KubernetesJobOperator,
    KubernetesLegacyJobOperator,
)


def right() -> None:
    """Use them as they are meant."""
    KubernetesJobOperator(
        task_id="yaml",
        yaml_file_name="job.yaml.j2",
        yaml_template_fields={"table": "orders", "days": 3},
        labels={"team": "data"},
        env_vars={"A": "1"},
        delete_policy="Never",
        on_kill_action="keep",
        skip_on_exit_code=[99, 100],
        container_logs=["main"],
        log_formatter=lambda container, line: f"{container}: {line}",
        retries=3,
        retry_delay=datetime.timedelta(seconds=5),
        execution_timeout=datetime.timedelta(hours=1),
        trigger_rule="all_done",
        on_failure_callback=print,
        pool="small",
    )
    earlier = KubernetesJobOperator(
        task_id="image",
        image="busybox:1.36",
        cmds=["sh", "-c"],
        arguments=("echo {{ ds }}", "a"),
        secrets=[{"deploy_type": "env", "secret": "password"}],
        container_resources={"limits": {"memory": "64Mi"}},
        image_pull_policy="IfNotPresent",
        parallelism="{{ params.pods }}",
        completions=2,
        completion_mode="Indexed",
        suspend=False,
    )
    KubernetesJobOperator(
        task_id="later",
        job_yaml="x",
        image=earlier.output,
        cmds=earlier.output,
        parallelism=earlier.output,
        yaml_template_fields=earlier.output,
        env_vars={"A": earlier.output},
        namespace=earlier.output,
    )
    KubernetesLegacyJobOperator(task_id="pod", image="busybox:1.36", cmds=["true"], on_finish_action="keep_pod")
    make = KubectlApplyOperator(
        task_id="make",
        yaml={"kind": "ConfigMap"},
        wait_for={"Deployment": "Available"},
        labels={"team": "data"},
        namespace=earlier.output,
        retries=2,
    )
    KubectlDeleteOperator(task_id="drop", targets=make.output, wait=True, trigger_rule="all_done")
    KubectlDeleteOperator(task_id="sweep", resource="pvc", label_selector="team=data", in_cluster=True)
    KubectlWaitSensor(
        task_id="wait",
        target="deployment/server",
        wait_for="Available",
        failure_when="Progressing=False",
        mode="reschedule",
        poke_interval=datetime.timedelta(minutes=1),
        soft_fail=True,
    )


def wrong() -> None:
    """Use them as they are not meant."""
    KubernetesJobOperator(task_id="a", job_yaml="x", delete_policy="sometimes")  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", job_yaml="x", on_kill_action="stop")  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", job_yaml="x", on_worker_stop="keep")  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", job_yaml="x", do_xcom_push=True, xcom_from="log")  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", imge="busybox")  # type: ignore[call-arg]
    KubernetesJobOperator(task_id="a", image=3)  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", image="busybox", cmds="echo")  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", image="busybox", completion_mode="indexed")  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", image="busybox", image_pull_policy="Sometimes")  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", image="busybox", suspend=[])  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", image="busybox", retries="3")  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", image="busybox", execution_timeout=60)  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", image="busybox", startup_timeout_seconds="60")  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", image="busybox", get_logs="yes")  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", image="busybox", labels=["a"])  # type: ignore[arg-type]
    KubernetesJobOperator(task_id="a", image="busybox", success_when={"a": "b"})  # type: ignore[arg-type]
    KubernetesJobOperator(image="busybox")  # type: ignore[call-arg]
    KubernetesJobOperator("a", image="busybox")  # type: ignore[call-arg]
    KubernetesLegacyJobOperator(task_id="a", on_finish_action="keep")  # type: ignore[arg-type]
    KubernetesLegacyJobOperator(task_id="a", on_kill_action="delete")  # type: ignore[arg-type]
    KubectlApplyOperator(task_id="a", yaml="x", wait_for=["Ready"])  # type: ignore[arg-type]
    KubectlApplyOperator(task_id="a", ymal="x")  # type: ignore[call-arg]
    KubectlDeleteOperator(task_id="a", targets=3)  # type: ignore[arg-type]
    KubectlWaitSensor(task_id="a", target="pvc/a")  # type: ignore[call-arg]
    KubectlWaitSensor(task_id="a", target="pvc/a", wait_for="Ready", mode="sleep")  # type: ignore[arg-type]
