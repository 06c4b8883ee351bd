"""The deployment: the example's folder as a team would have it, and one more overlay for this node."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import Cluster
from tests.e2e.api import Api
from tests.e2e.images import EXAMPLE, Image

NAMESPACE = "airflow-e2e"
NODE_PORT = 30080

_HERE = Path(__file__).parent
_START_SECONDS = 420
_WORKLOADS = (
    *("statefulset/postgres", "deployment/api-server", "statefulset/scheduler", "deployment/dag-processor"),
    "statefulset/triggerer",
)
_NAMES = {
    "airflow-with-kubectl": ("airflow-with-kubectl", "airflow-with-dags", "registry.example.com/airflow-with-dags"),
    "postgres": ("postgres",),
    "git-sync": ("registry.k8s.io/git-sync/git-sync",),
    "moto": ("moto",),
}
"""What the manifests call the images."""

_VOLUMES = ("data-postgres-0", "logs-scheduler-0", "logs-triggerer-0", "")
"""The claims that volumes are made for; the last one is for the claim that a DAG makes."""


class Deployment:
    """Airflow on the test cluster.

    :param cluster: the node that runs on this machine.
    :param images: the images in its containerd, by the names that the manifests give them.
    :param folder: an empty one; gets the copy of the example, and the volumes.
    """

    def __init__(self, cluster: Cluster, images: Mapping[str, Image], folder: Path) -> None:
        self._cluster = cluster
        self._images = images
        self._folder = folder
        self.example = folder / "airflow_on_kubernetes"
        without_secrets = shutil.ignore_patterns("*.env", "passwords.json", "postgres-password")
        shutil.copytree(EXAMPLE, self.example, ignore=without_secrets)
        shutil.copytree(_HERE / "overlay", folder / "overlay")
        subprocess.run([self.example / "make-secrets.sh"], check=True, capture_output=True)
        password = json.loads((self.example / "secrets" / "passwords.json").read_text())["admin"]
        self.api = Api(f"http://{self._node_address()}:{NODE_PORT}", password)

    def make_volumes(self) -> None:
        """Make the volumes, which elsewhere a provisioner makes."""
        for number, claim in enumerate(_VOLUMES):
            path = self._folder / "volumes" / str(number)
            path.mkdir(parents=True)
            # Kubernetes does not give a hostPath to the pod's group.
            path.chmod(0o777)
            wanted = {"claimRef": {"namespace": NAMESPACE, "name": claim}} if claim else {}
            volume = {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": f"{NAMESPACE}-{number}"},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "capacity": {"storage": "5Gi"},
                    "hostPath": {"path": str(path), "type": "Directory"},
                    **wanted,
                },
            }
            self.kubectl("apply", "-f", "-", given=json.dumps(volume))

    def apply(self, overlay: str) -> None:
        """Apply one of the example's overlays, and wait until all of Airflow is healthy."""
        folder = self._folder / "test"
        folder.mkdir(exist_ok=True)
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": NAMESPACE,
            "resources": [f"../{self.example.name}/overlays/{overlay}"],
            "components": ["../overlay"],
            "images": [
                {"name": name, "newName": image.name, "newTag": image.tag}
                for key, image in self._images.items()
                for name in _NAMES[key]
            ],
        }
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        # As the README says.
        self.kubectl("delete", "job", "migrate", "--ignore-not-found")
        self.kubectl("apply", "-k", str(folder))
        for workload in _WORKLOADS:
            self.kubectl("rollout", "status", workload, f"--timeout={_START_SECONDS}s")
        self.wait_until_healthy()

    def wait_until_healthy(self) -> None:
        """Wait until the API says that every part lives."""
        deadline = time.monotonic() + _START_SECONDS
        while not self.api.is_healthy():
            assert time.monotonic() < deadline, self.kubectl("get", "pods", "-o", "wide")
            time.sleep(1)

    def stand_in(self, manifest: list[dict[str, Any]]) -> None:
        """Start something that elsewhere is outside of the cluster; images have the names of ours."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifest})
        for name, image in self._images.items():
            text = text.replace(f'"image": "{name}"', f'"image": "{image.name}:{image.tag}"')
        self.kubectl("apply", "-f", "-", given=text)

    def delete(self) -> None:
        """Delete all of it."""
        self.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=180s")
        names = [f"{NAMESPACE}-{number}" for number in range(len(_VOLUMES))]
        self.kubectl("delete", "persistentvolume", *names, "--ignore-not-found", "--timeout=60s")

    def objects(self, resource: str, *arguments: str) -> list[dict[str, Any]]:
        """Return the objects of a resource, as ``jobs``."""
        return list(json.loads(self.kubectl("get", resource, "-o", "json", *arguments))["items"])

    def jobs_of_tasks(self) -> list[str]:
        """Return the names of the Jobs that tasks have made and that are still there."""
        found = self.objects("jobs", "-l", "app.kubernetes.io/managed-by=kubectl-job-operator")
        return sorted(one["metadata"]["name"] for one in found if "deletionTimestamp" not in one["metadata"])

    def command(self, *arguments: str) -> list[str]:
        """Return a command of kubectl for the deployment's namespace."""
        cluster = ("--kubeconfig", str(self._cluster.kubeconfig), "--context", self._cluster.context)
        return ["kubectl", *cluster, "-n", NAMESPACE, *arguments]

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """Run kubectl in the deployment's namespace and return what it prints; ``given`` is its standard input."""
        finished = subprocess.run(self.command(*arguments), input=given, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, f"kubectl {' '.join(arguments)}: {finished.stderr}"
        return finished.stdout

    def _node_address(self) -> str:
        path = 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}'
        return self.kubectl("get", "nodes", "-o", path)
