"""What Airflow's guide to the pod operator shows, run as Jobs on a real cluster: only the import is another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.airflow_task import TaskRun, TaskRunner
from tests.integration.namespace import Namespace

IMAGE = "busybox:1.36"
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: of-the-template
  labels: {from: template}
spec:
  containers:
    - name: base
      image: busybox:1.36
      command: ["sh", "-c", "echo $FROM"]
      env: [{name: FROM, value: the template's own words}]
  restartPolicy: Never
"""


def legacy(task: TaskRunner, **arguments: Any) -> TaskRun:
    return task.run(operator="KubernetesLegacyJobOperator", **arguments)


def test_a_passing_task_shows_its_log_and_leaves_nothing(task: TaskRunner, namespace: Namespace) -> None:
    run = legacy(
        task, name="passing-test", image=IMAGE, cmds=["sh", "-c"], arguments=["echo Hello World!"], get_logs=True
    )
    assert run.state == "success", run.failures
    assert "Hello World!" in run.log.splitlines()
    assert namespace.living("jobs") == []


def test_a_failing_task_says_why_and_leaves_nothing_unless_it_is_told_to(
    task: TaskRunner, namespace: Namespace
) -> None:
    arguments: dict[str, Any] = {"name": "failing", "image": IMAGE, "cmds": ["sh", "-c", "echo no; exit 3"]}
    run = legacy(task, **arguments)
    assert run.state == "failed"
    assert "container base: exit code 3" in run.told
    assert namespace.living("jobs") == []
    assert legacy(task, **arguments, on_finish_action="delete_succeeded_pod").state == "failed"
    (kept,) = namespace.living("jobs")
    assert kept.startswith("failing-")


def test_an_exit_code_skips_the_task(task: TaskRunner) -> None:
    run = legacy(task, image=IMAGE, cmds=["sh", "-c", "exit 99"], skip_on_exit_code=range(99, 100))
    assert (run.state, run.failures) == ("success", [])


def test_environment_secrets_config_maps_and_volumes_are_in_the_container(
    task: TaskRunner, namespace: Namespace
) -> None:
    namespace.kubectl("create", "configmap", "test-configmap-1", "--from-literal=FROM_MAP=1")
    namespace.kubectl("create", "configmap", "test-configmap-2", "--from-literal=file=2")
    namespace.kubectl("create", "secret", "generic", "airflow-secrets", "--from-literal=sql_alchemy_conn=a-connection")
    conn = {"secret": "airflow-secrets", "key": "sql_alchemy_conn"}
    words = "$PLAIN $SQL_CONN $(cat /etc/sql_conn/sql_alchemy_conn) $FROM_MAP $(cat /etc/mounted/file)"
    run = legacy(
        task,
        image=IMAGE,
        cmds=["sh", "-c"],
        arguments=[f"echo {words}; [ $sql_alchemy_conn = a-connection ] && echo the same on $NODE"],
        env_vars={"PLAIN": "plain"},
        env_from=[{"configMapRef": {"name": "test-configmap-1"}}],
        configmaps=["test-configmap-2"],
        secrets=[
            {"deploy_type": "volume", "deploy_target": "/etc/sql_conn", **conn},
            {"deploy_type": "env", "deploy_target": "SQL_CONN", **conn},
            {"deploy_type": "env", "secret": "airflow-secrets"},
        ],
        volumes=[{"name": "mounted", "configMap": {"name": "test-configmap-2"}}, {"name": "empty", "emptyDir": {}}],
        volume_mounts=[
            {"name": "mounted", "mountPath": "/etc/mounted", "readOnly": True},
            {"name": "empty", "mountPath": "/root/mount_file"},
        ],
        pod_runtime_info_envs=[{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
    )
    assert run.state == "success", run.failures
    assert "plain a-connection a-connection 1 2" in run.log.splitlines()
    assert "the same on " in run.log


def test_a_pod_with_affinity_tolerations_an_init_container_and_a_port_is_run(
    task: TaskRunner, namespace: Namespace
) -> None:
    run = legacy(
        task,
        name="airflow-test-pod",
        image=IMAGE,
        cmds=["sh", "-c"],
        arguments=["cat /work/made; hostname"],
        labels={"foo": "bar"},
        annotations={"example": "yes"},
        ports=[{"name": "http", "containerPort": 80}],
        volumes=[{"name": "work", "emptyDir": {}}],
        volume_mounts=[{"name": "work", "mountPath": "/work"}],
        init_containers=[
            {
                "name": "init-container",
                "image": IMAGE,
                "command": ["sh", "-c"],
                "args": ["echo made before > /work/made"],
                "volumeMounts": [{"name": "work", "mountPath": "/work"}],
            }
        ],
        affinity={
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}]}
                    ]
                }
            }
        },
        tolerations=[{"key": "key", "operator": "Equal", "value": "value"}],
        hostname="host-of-mine",
        dnspolicy="Default",
        automount_service_account_token=False,
        container_resources={"limits": {"memory": "64Mi"}},
        priority_class_name="system-node-critical",
        termination_grace_period=1,
        active_deadline_seconds=300,
        random_name_suffix=False,
        on_finish_action="keep_pod",
    )
    assert run.state == "success", run.failures
    assert {"made before", "host-of-mine"} <= set(run.log.splitlines())
    (pod,) = namespace.objects("pods")
    assert pod["metadata"]["labels"]["foo"] == "bar"
    assert pod["metadata"]["labels"]["job-name"] == "airflow-test-pod"
    assert pod["spec"]["containers"][0]["ports"] == [{"name": "http", "containerPort": 80, "protocol": "TCP"}]
    assert pod["spec"]["affinity"]["nodeAffinity"]
    assert {"key": "key", "operator": "Equal", "value": "value"} in pod["spec"]["tolerations"]


@pytest.mark.parametrize("how", ["pod_template_file", "pod_template_dict", "full_pod_spec"])
def test_a_pod_template_is_run_as_a_job(how: str, task: TaskRunner, namespace: Namespace) -> None:
    given: Any = {
        "metadata": {"name": "of-the-template"},
        "spec": {"containers": [{"name": "base", "image": IMAGE, "command": ["echo", "the template's own words"]}]},
    }
    if how == "pod_template_file":
        given = str(task.write("pod_template.yaml", POD))
    run = legacy(task, **{how: given}, on_finish_action="keep_pod")
    assert run.state == "success", run.failures
    assert "the template's own words" in run.log.splitlines()
    (made,) = namespace.names("jobs")
    assert made.startswith("of-the-template-")


def test_the_result_is_read_from_the_file_that_the_pod_operator_reads(task: TaskRunner, namespace: Namespace) -> None:
    script = "mkdir -p /airflow/xcom; echo '[1,2,3,4]' > /airflow/xcom/return.json"
    run = legacy(
        task, name="write-xcom", image=IMAGE, cmds=["sh", "-c", script], do_xcom_push=True, on_finish_action="keep_pod"
    )
    assert run.state == "success", run.failures
    (pod,) = namespace.objects("pods")
    assert [container["name"] for container in pod["spec"]["containers"]] == ["base"]
    assert json.loads(pod["status"]["containerStatuses"][0]["state"]["terminated"]["message"]) == [1, 2, 3, 4]
