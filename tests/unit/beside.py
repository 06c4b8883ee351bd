"""A scripted namespace with objects of several kinds, for the tests of what is done beside a Job."""

from __future__ import annotations

from typing import Any

from kubectl_job_operator.attempt.session import Session
from kubectl_job_operator.manifest.masking import Mask, masks_nothing
from kubectl_job_operator.manifest.object_list import ObjectList
from tests.unit import stage
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import Log

API_RESOURCES = """\
configmaps               cm      v1                     true    ConfigMap
persistentvolumeclaims   pvc     v1                     true    PersistentVolumeClaim
secrets                          v1                     true    Secret
deployments              deploy  apps/v1                true    Deployment
jobs                             batch/v1               true    Job
widgets                  wd,wg   example.com/v1         true    Widget
"""
CLAIM, SERVER = "persistentvolumeclaim/data", "deployment.apps/server"
YAML = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: server}
"""
NOT_FOUND: dict[str, Any] = {
    "stderr": 'Error from server (NotFound): deployments.apps "server" not found\n',
    "return_code": 1,
}


def objects(text: str = YAML) -> ObjectList:
    """Read objects."""
    return ObjectList.parse(text, "/dags/things.yaml")


def claim(**metadata: Any) -> dict[str, Any]:
    """Return the claim as the cluster has it."""
    found = {"name": "data", "namespace": stage.NAMESPACE, "uid": "uid-of-data", **metadata}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": found, "status": {"phase": "Pending"}}


def server(status: str = "False", uid: str = "uid-of-server", name: str = "server", **metadata: Any) -> dict[str, Any]:
    """Return the Deployment as the cluster has it.

    :param status: that of its condition Available.
    """
    found = {"name": name, "namespace": stage.NAMESPACE, "uid": uid, **metadata}
    condition = {"type": "Available", "status": status, "reason": "MinimumReplicasUnavailable"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": found,
        "status": {"conditions": [condition]},
    }


def listed(*things: dict[str, Any]) -> dict[str, Any]:
    """Return them as kubectl prints them."""
    return {"apiVersion": "v1", "kind": "List", "items": list(things)}


def ready(fake_kubectl: FakeKubectl, rights: str = stage.ALL_RIGHTS) -> None:
    """Script what every such task asks first."""
    fake_kubectl.answers("auth can-i --list", rights)
    fake_kubectl.answers("api-resources --no-headers", API_RESOURCES)


def session(log: Log, mask: Mask = masks_nothing) -> Session:
    """Make what a task works with."""
    from kubectl_job_operator.kubectl.access import Access

    return Session(Access(), stage.NAMESPACE, log=log, outage_tolerance_seconds=5.0, mask=mask)
