"""The operator in a real pod, with the pod's own service account.

The pod runs this machine's Python, kubectl and virtual environment by ``hostPath``: no image has to be built or pulled.
So the node must be this machine, as the Debian node is.
"""

from __future__ import annotations

import json
import shlex
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

import pytest

from tests import cluster as test_cluster
from tests.demo import EXAMPLES, ROOT
from tests.integration.namespace import Namespace

_DRIVER = """\
from tests.integration.stub_context import context_for
from tests.integration.test_examples import for_this_airflow
names = {{"__file__": {dag!r}, "__name__": "example"}}
text = for_this_airflow(open({dag!r}).read())
exec(compile(text, {dag!r}, "exec"), names)
dag = names["dag"]
(task,) = dag.tasks
lines = []
def show(message):
    lines.append(message)
    print(message)
class Log:
    info = warning = staticmethod(show)
type(task).log = Log
task.execute(context_for(task))
print("THE TASK IS DONE")
import subprocess
own = "\\n".join(lines).split("\\n")
commands = [line[2:] for line in own if line.startswith("$ kubectl --kubeconfig") and " get " in line]
subprocess.run(["sh", "-c", commands[0]], check=True)
print("THE COMMAND WAS PASTED")
"""


@pytest.fixture
def pod(cluster: test_cluster.Cluster, namespace: Namespace) -> Any:
    """Return what runs a Python text in a pod with the example's service account, and gives back its log."""
    if cluster.kind != "debian":
        pytest.skip("the pod runs this machine's Python, so the node must be this machine")
    namespace.kubectl("apply", "-k", str(EXAMPLES / "rbac"))

    def run(code: str) -> str:
        namespace.kubectl("apply", "-f", "-", given=json.dumps(_pod(code)))
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            phase = namespace.kubectl("get", "pod", "worker", "-o", "jsonpath={.status.phase}")
            if phase in ("Succeeded", "Failed"):
                break
            time.sleep(0.3)
        return namespace.kubectl("logs", "worker")

    return run


def _pod(code: str) -> dict[str, Any]:
    folders = {"/usr", "/lib", "/lib64", str(ROOT), sys.prefix, sys.base_prefix, sysconfig.get_paths()["stdlib"]}
    mounted = [folder for folder in sorted(folders) if Path(folder).exists()]
    volumes = [{"name": f"v{number}", "hostPath": {"path": folder}} for number, folder in enumerate(mounted)]
    mounts = [{"name": f"v{number}", "mountPath": folder, "readOnly": True} for number, folder in enumerate(mounted)]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "HOME": "/tmp",
        "AIRFLOW_HOME": "/tmp/airflow",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "worker"},
        "spec": {
            "serviceAccountName": "kubectl-job-operator",
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {
                    "name": "worker",
                    "image": "busybox:1.36",
                    "imagePullPolicy": "IfNotPresent",
                    "command": [sys.executable, "-c", code],
                    "env": [{"name": name, "value": value} for name, value in environment.items()],
                    "volumeMounts": mounts,
                }
            ],
            "volumes": volumes,
        },
    }


def test_a_task_in_a_pod_uses_the_pods_service_account_and_namespace(pod: Any, namespace: Namespace) -> None:
    log = pod(_DRIVER.format(dag=str(EXAMPLES / "08_in_cluster" / "dag.py")))
    assert "THE TASK IS DONE" in log, log
    assert "a Job beside its worker" in log
    assert "THE COMMAND WAS PASTED" in log, log
    commands = [shlex.split(line[2:]) for line in log.splitlines() if line.startswith("$ ") and " -n " in line]
    assert commands
    assert all(command[1:5] == ["--kubeconfig", "/dev/null", "-n", namespace.name] for command in commands)
    assert namespace.living("jobs") == []


def test_no_token_is_on_a_command_line_or_in_the_log(pod: Any, namespace: Namespace) -> None:
    reads_token = (
        "token = open('/var/run/secrets/kubernetes.io/serviceaccount/token').read()\n"
        "import contextlib, io\n"
        "out = io.StringIO()\n"
        "with contextlib.redirect_stdout(out):\n"
    )
    driver = _DRIVER.format(dag=str(EXAMPLES / "08_in_cluster" / "dag.py"))
    indented = "".join(f"    {line}\n" for line in driver.splitlines())
    log = pod(reads_token + indented + "print('THE TOKEN IS SHOWN' if token in out.getvalue() else 'NO TOKEN')\n")
    assert log.strip().endswith("NO TOKEN"), log
    assert namespace.living("jobs") == []
