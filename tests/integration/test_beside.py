"""What stands beside the Jobs of a DAG: objects that a run sets up, waits for and takes away, on the real cluster."""

from __future__ import annotations

from tests.integration.airflow_task import TaskRunner
from tests.integration.namespace import Namespace

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
