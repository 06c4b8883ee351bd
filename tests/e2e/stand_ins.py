"""What the overlays need outside of the deployment, brought into the cluster: an S3-compatible store, a Git server."""

from __future__ import annotations

from typing import Any

from tests.e2e.deployment import Deployment

MOTO_ADDRESS = "10.0.0.204"
GIT_ADDRESS = "10.0.0.205"
BUCKET = "my-bucket"
REPOSITORY = "/srv/dags.git"
_CLONE = "/srv/clone"


class Store:
    """An S3-compatible store in the cluster."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        deployment.stand_in(_server("moto", MOTO_ADDRESS, 5000, "moto", []))
        deployment.kubectl("wait", "pod/moto", "--for=condition=Ready", "--timeout=120s")
        self._python(f"s3.create_bucket(Bucket={BUCKET!r})")

    def names(self) -> list[str]:
        """Return the names of the objects that are stored."""
        listing = f"s3.list_objects_v2(Bucket={BUCKET!r}).get('Contents', [])"
        return self._python(f"print(*[one['Key'] for one in {listing}], sep='\\n')").splitlines()

    def _python(self, code: str) -> str:
        client = (
            "import boto3; s3 = boto3.client('s3', endpoint_url='http://127.0.0.1:5000', region_name='us-east-1',"
            " aws_access_key_id='key', aws_secret_access_key='secret'); "
        )
        return self._deployment.kubectl("exec", "moto", "--", "python3.11", "-c", client + code)


class GitServer:
    """A Git repository in the cluster, served by ``git daemon``."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        script = (
            "export HOME=/srv && git config --global user.name test && git config --global user.email test@example.com"
            f" && git init --quiet --bare --initial-branch=main {REPOSITORY}"
            f" && git clone --quiet {REPOSITORY} {_CLONE}"
            " && exec git daemon --verbose --export-all --base-path=/srv /srv"
        )
        deployment.stand_in(_server("git", GIT_ADDRESS, 9418, "git-sync", ["sh", "-c", script]))
        deployment.kubectl("wait", "pod/git", "--for=condition=Ready", "--timeout=120s")

    def commit(self, name: str, text: str) -> None:
        """Commit a file of the DAGs' folder."""
        script = (
            f"export HOME=/srv && mkdir -p {_CLONE}/dags && cd {_CLONE} && cat > dags/{name} && git add --all"
            f" && git commit --quiet --message '{name}' && git push --quiet origin HEAD:main"
        )
        self._deployment.kubectl("exec", "--stdin", "git", "--", "sh", "-c", script, given=text)


def _server(name: str, address: str, port: int, image: str, command: list[str]) -> list[dict[str, Any]]:
    """Return a pod that serves a port, and its service."""
    container: dict[str, Any] = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": port}],
        "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1},
        "volumeMounts": [{"name": "data", "mountPath": "/srv"}],
    }
    if command:
        container["command"] = command
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 1,
            "containers": [container],
            "volumes": [{"name": "data", "emptyDir": {}}],
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"clusterIP": address, "selector": {"app": name}, "ports": [{"port": port}]},
    }
    return [pod, service]
