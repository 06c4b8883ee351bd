"""What stands beside the Jobs of a DAG: objects that a run sets up, waits for and takes away, on the real cluster."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.airflow.wait_trigger import KubectlWaitTrigger
from tests import cluster as test_cluster
from tests.demo import EXAMPLES
from tests.integration.accounts import grant, kubeconfig_of_account, rules_in
from tests.integration.airflow_task import Listener, TaskRunner
from tests.integration.namespace import Namespace
from tests.processes import running
from tests.waiting import in_background, until

_SETUP = """\
import pendulum

from kubectl_job_operator import KubectlApplyOperator, KubectlDeleteOperator, KubernetesJobOperator
from tests.airflow_dag import DAG
from tests.integration.airflow_task import FAILURES, LOGGER


class Apply(KubectlApplyOperator):
    log = LOGGER


class Delete(KubectlDeleteOperator):
    log = LOGGER


class Job(KubernetesJobOperator):
    log = LOGGER


with DAG({dag_id!r}, schedule=None, start_date=pendulum.datetime(2024, 1, 1, tz="UTC")) as dag:
    common = dict(namespace={namespace!r}, on_failure_callback=lambda context: FAILURES.append(context["exception"]))
    make = Apply(task_id="make", yaml_file_name="things.yaml", **common)
    work = Job(task_id="work", yaml_file_name="job.yaml", delete_policy="Always", **common)
    drop = Delete(task_id="drop", targets=make.output, wait=True, **common)
    make >> work >> drop.as_teardown(setups=make.as_setup())
"""
THINGS = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: very-secret-password}
"""
JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: main
          image: busybox:1.36
          command: [sh, -c, "ls /data && exit 3"]
          volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
"""


def left(namespace: Namespace) -> list[str]:
    """Return what there is of the kinds that these tests make."""
    found = namespace.kubectl("get", "pvc,secrets,configmaps,jobs,deployments", "-o", "name").split()
    return [name for name in found if name != "configmap/kube-root-ca.crt"]


def test_a_run_whose_middle_task_fails_leaves_nothing_of_what_its_setup_has_made(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("things.yaml", THINGS)
    task.write("job.yaml", JOB)
    path = task.write("dag.py", _SETUP.format(dag_id=task.dag_id, namespace=namespace.name))
    run = task.run_dag(task.load_file(path))
    assert run.state == "failed", run.log
    assert "exit code 3" in run.error
    assert "Deleted in namespace" in run.log
    assert "persistentvolumeclaim/data: deletion after" in run.log
    assert "very-secret" not in run.log
    assert left(namespace) == []


MAP = "{apiVersion: v1, kind: ConfigMap, metadata: {name: state}, data: {is: begun}}"
MODES: dict[str, dict[str, Any]] = {
    "poke": {"mode": "poke", "poke_interval": 1},
    "reschedule": {"mode": "reschedule", "poke_interval": 1},
    "deferred": {"deferrable": True},
}


@pytest.mark.parametrize("mode", MODES)
def test_a_sensor_sees_what_becomes_of_an_object_that_somebody_else_made(
    mode: str, task: TaskRunner, namespace: Namespace, listener: Listener
) -> None:
    namespace.kubectl("apply", "-f", "-", given=MAP)

    def go_on() -> None:
        listener.until_said("is is begun")
        namespace.kubectl("apply", "-f", "-", given=MAP.replace("begun", "done"))

    in_background(go_on)
    run = task.run(
        operator="KubectlWaitSensor", target="cm/state", wait_for="{.data.is}=done", timeout=120, **MODES[mode]
    )
    assert run.state == "success", run.failures
    assert "is is done" in run.log
    looks = [command for command in run.commands if "cm/state" in command]
    assert (len(looks) == 1) == (mode == "deferred")
    assert not running(namespace.name), "a kubectl outlived the task"


def wait_deferred(
    namespace: Namespace, count: int, meanwhile: Callable[[], None] = lambda: None
) -> tuple[set[str], list[int]]:
    """Let deferred sensors wait, half of them for a deletion; return what they learned, and how many kubectls ran.

    :param meanwhile: what happens once all of them wait, before what they wait for.
    """
    documents = [MAP.replace("name: state", f"name: state-{number}") for number in range(count)]
    namespace.kubectl("apply", "-f", "-", given="\n---\n".join(documents))

    async def news_of(number: int) -> str:
        trigger = KubectlWaitTrigger(
            resource="configmaps",
            name=f"state-{number}",
            namespace=namespace.name,
            wait_for="delete" if number % 2 else "{.data.is}=done",
            config_file=str(namespace.cluster.kubeconfig),
            cluster_context=namespace.cluster.context,
        )
        event: Any = await anext(aiter(trigger.run()))
        return str(event.payload["news"])

    def go_on() -> None:
        meanwhile()
        others = [one.replace("begun", "done") for number, one in enumerate(documents) if number % 2 == 0]
        namespace.kubectl("apply", "-f", "-", given="\n---\n".join(others))
        namespace.kubectl("delete", "configmap", *(f"state-{number}" for number in range(1, count, 2)))

    async def all_of_them() -> tuple[set[str], list[int]]:
        waiting = [asyncio.create_task(news_of(number)) for number in range(count)]
        kubectls: list[int] = []
        # Beside the watch there is a list now and then, until the watch has spoken.
        while kubectls[-4:] != [1, 1, 1, 1]:
            await asyncio.sleep(1)
            kubectls.append(len(running(namespace.name)))
            assert len(kubectls) < 60, kubectls
        assert not any(one.done() for one in waiting)
        await asyncio.to_thread(go_on)
        return set(await asyncio.wait_for(asyncio.gather(*waiting), 120)), kubectls

    return asyncio.run(all_of_them())


def test_fifty_deferred_sensors_wait_with_one_kubectl_and_each_learns_of_his_own(namespace: Namespace) -> None:
    news, kubectls = wait_deferred(namespace, 50)
    assert news == {"met"}
    assert max(kubectls) <= 3, kubectls


@pytest.mark.usefixtures("breakable")
def test_deferred_sensors_wait_through_a_restart_of_the_api_server(namespace: Namespace) -> None:
    def restart() -> None:
        test_cluster.faults.kill("kube-apiserver")
        time.sleep(3)
        test_cluster.faults.start("kube-apiserver")
        until(lambda: is_served(namespace), "the API server did not come back", seconds=120)

    assert wait_deferred(namespace, 4, restart)[0] == {"met"}


def is_served(namespace: Namespace) -> bool:
    """Whether the API server is there and knows who asks."""
    command = namespace.command("auth", "can-i", "delete", "configmaps")
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_setup_that_fails_itself_leaves_nothing_either(task: TaskRunner, namespace: Namespace) -> None:
    task.write("things.yaml", THINGS + "---\n" + MAP)
    run = task.run(
        operator="KubectlApplyOperator",
        yaml_file_name="things.yaml",
        wait_for={"ConfigMap": "{.data.is}=done"},
        wait_timeout_seconds=2,
    )
    assert run.state == "failed"
    assert "configmap/state ({.data.is}=done): .data.is is begun" in run.error
    until(lambda: left(namespace) == [], "what the failed setup has made is still there")


def test_an_account_that_impersonates_another_may_what_that_one_may(
    task: TaskRunner, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = f"system:serviceaccount:{namespace.name}:default"
    extra = {
        "kube_config_path": str(namespace.cluster.kubeconfig),
        "cluster_context": namespace.cluster.context,
        "as_user": who,
        "as_group": "some-group",
        "request_timeout": 30,
    }
    monkeypatch.setenv("AIRFLOW_CONN_AS_ANOTHER", json.dumps({"conn_type": "kubectl", "extra": extra}))
    arguments: dict[str, Any] = {
        "operator": "KubectlApplyOperator",
        "yaml": MAP,
        "kubernetes_conn_id": "as_another",
    }
    refused = task.run(**arguments)
    assert refused.state == "failed"
    assert "create configmaps" in refused.error
    rules = ("--verb=get,create,patch,delete", "--resource=configmaps")
    namespace.kubectl("create", "role", "maps", *rules)
    namespace.kubectl("create", "rolebinding", "maps", "--role=maps", "--group=some-group")
    applied = task.run(**arguments)
    assert applied.state == "success", applied.failures
    assert f"--as={who} --as-group=some-group --request-timeout=30s -n {namespace.name} apply" in applied.log


def test_the_examples_role_is_enough_to_apply_to_wait_deferred_and_to_delete(
    task: TaskRunner, namespace: Namespace, tmp_path: Path
) -> None:
    example = EXAMPLES / "23_beside_the_jobs"
    grant(namespace, rules_in(example / "role.yaml"))
    way_in = {"config_file": str(kubeconfig_of_account(namespace, tmp_path / "account"))}
    task.write("server.yaml", (example / "server.yaml").read_text())
    apply = {"yaml_file_name": "server.yaml", "wait_for": {"Deployment": "Available"}, **way_in}
    delete = {"yaml_file_name": "server.yaml", "wait": True, **way_in}
    wait = {"target": "deploy/server", "wait_for": "delete", "deferrable": True, **way_in}

    def go_on() -> None:
        namespace.kubectl("delete", "deployment", "server")

    steps: list[tuple[str, dict[str, Any]]] = [
        ("KubectlApplyOperator", apply),
        ("KubectlWaitSensor", wait),
        ("KubectlDeleteOperator", delete),
    ]
    for operator, arguments in steps:
        if operator == "KubectlWaitSensor":
            in_background(go_on)
        run = task.run(operator=operator, **arguments)
        assert run.state == "success", (run.failures, run.log)
    assert left(namespace) == ["secret/token"]
