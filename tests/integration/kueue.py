"""Kueue, built from its module, in a pod of whatever cluster there is; it looks after the namespaces that ask for it.

Its own manifests are taken as they are but for what would touch others: webhooks for other namespaces and other kinds,
its aggregated API, and a certificate that takes a minute to come.
"""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import Cluster
from tests.cluster.kubernetes import build
from tests.cluster.kubernetes.modules import Module
from tests.integration.namespace import Namespace
from tests.waiting import until

MODULE = Module("kueue", "sigs.k8s.io/kueue", {"kueue": "sigs.k8s.io/kueue/cmd/kueue"})
LABEL = "kubectl-job-operator.example.com/kueue"
NAMESPACE = "kueue-system"
DEPLOYMENT = "deployment/kueue-controller-manager"
SERVER_NAME = "kueue-webhook-service.kueue-system.svc"
CONFIGURATION = """\
apiVersion: config.kueue.x-k8s.io/v1beta2
kind: Configuration
health: {healthProbeBindAddress: ":8081"}
metrics: {bindAddress: ":8443"}
webhook: {port: 9443}
leaderElection: {leaderElect: false}
internalCertManagement: {enable: false}
integrations: {frameworks: [batch/job]}
"""
START = (
    "until [ -x /kueue/manager ]; do sleep 0.2; done; "
    "exec /kueue/manager --config=/controller_manager_config.yaml --feature-gates=VisibilityOnDemand=false"
)
RECEIVE = "cat > /kueue/part && chmod +x /kueue/part && mv /kueue/part /kueue/manager"
NOT_WANTED = ("APIService", "Service/kueue-visibility-server", "RoleBinding/kueue-visibility-server-auth-reader")
READERS = ("-editor-role", "-viewer-role", "-user-role", "-admin-role")
QUEUES = """\
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: %(name)s}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: %(name)s}
spec:
  namespaceSelector: {}
  resourceGroups:
    - coveredResources: [cpu]
      flavors: [{name: %(name)s, resources: [{name: cpu, nominalQuota: %(cpu)s}]}]
"""
LOCAL_QUEUE = """\
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: %s}
spec: {clusterQueue: %s}
"""


@contextmanager
def kueue(cluster: Cluster) -> Iterator[Namespace]:
    """Run Kueue; what it has made is gone after that."""
    program, home = build.programs(MODULE) / "kueue", Namespace(cluster, NAMESPACE)
    documents = _documents(_certificate())
    try:
        home.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=json.dumps(documents))
        home.kubectl("wait", DEPLOYMENT, "--for=jsonpath={.status.replicas}=1", "--timeout=60s")
        until(lambda: "running" in home.kubectl("get", "pods", "-o", "json"), "Kueue's pod does not run")
        with program.open("rb") as file:
            subprocess.run(home.command("exec", "-i", DEPLOYMENT, "--", "sh", "-c", RECEIVE), stdin=file, check=True)
        home.kubectl("rollout", "status", DEPLOYMENT, "--timeout=120s")
        yield home
    finally:
        home.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", given=json.dumps(documents))


@contextmanager
def quota_of_one(home: Namespace, cpu: str) -> Iterator[str]:
    """Make a ClusterQueue that lets in as much as this, and give its name."""
    name = "one-at-a-time"
    queues = QUEUES % {"name": name, "cpu": cpu}
    until(lambda: _is_applied(home, queues), "Kueue's webhooks do not answer")
    yield name
    home.kubectl("delete", "-f", "-", given=queues)


def _is_applied(home: Namespace, text: str) -> bool:
    """Apply, and tell whether the webhooks let it: the way to their Service opens a moment after the pod is ready."""
    argv = home.command("apply", "-f", "-")
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=False).returncode == 0


def open_queues(namespace: Namespace, cluster_queue: str, *names: str) -> None:
    """Give a namespace to Kueue, with queues that lead to a ClusterQueue."""
    namespace.kubectl("label", "namespace", namespace.name, f"{LABEL}=yes")
    text = "---\n".join(LOCAL_QUEUE % (name, cluster_queue) for name in names)
    namespace.kubectl("apply", "-f", "-", given=text)


def _documents(certificate: dict[str, str]) -> dict[str, Any]:
    """Return Kueue's own manifests as one list, changed for a test cluster that it shares with others."""
    folder = build.source(MODULE) / "config/default"
    command = ("kubectl", "kustomize", str(folder))
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    wanted = [one for one in yaml.load_all(text, yaml.CSafeLoader) if one and _is_wanted(one)]
    for one in wanted:
        _adapt(one, certificate)
    return {"apiVersion": "v1", "kind": "List", "items": wanted}


def _is_wanted(document: dict[str, Any]) -> bool:
    kind, name = document["kind"], document["metadata"]["name"]
    if kind == "ClusterRole" and name.endswith(READERS):
        return False
    return kind not in NOT_WANTED and f"{kind}/{name}" not in NOT_WANTED


def _adapt(document: dict[str, Any], certificate: dict[str, str]) -> None:
    kind = document["kind"]
    if kind == "ConfigMap":
        document["data"] = {"controller_manager_config.yaml": CONFIGURATION}
    elif kind == "Secret":
        document["data"] = certificate
    elif kind == "CustomResourceDefinition" and "conversion" in document["spec"]:
        document["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"] = certificate["tls.crt"]
    elif kind.endswith("WebhookConfiguration"):
        groups = ("batch", "kueue.x-k8s.io")
        document["webhooks"] = [one for one in document["webhooks"] if one["rules"][0]["apiGroups"][0] in groups]
        for one in document["webhooks"]:
            one["clientConfig"]["caBundle"] = certificate["tls.crt"]
            one["namespaceSelector"] = {"matchLabels": {LABEL: "yes"}}
    elif kind == "Deployment":
        _adapt_pod(document["spec"]["template"]["spec"])


def _adapt_pod(pod: dict[str, Any]) -> None:
    """Let a pod of the test image wait for the program, instead of an image that cannot be pulled."""
    (container,) = pod["containers"]
    container.update(image="busybox:1.36", imagePullPolicy="IfNotPresent", command=["sh", "-c", START])
    container["readinessProbe"].update(initialDelaySeconds=0, periodSeconds=1)
    for field in ("args", "livenessProbe", "resources"):
        del container[field]
    pod["securityContext"]["runAsUser"] = 65532
    pod["volumes"].append({"name": "program", "emptyDir": {}})
    container["volumeMounts"] += [
        {"name": "program", "mountPath": "/kueue"},
        {"name": "cert", "mountPath": "/etc/kueue/metrics/certs", "readOnly": True},
    ]


def _certificate() -> dict[str, str]:
    """Return the data of a Secret: a certificate for the webhooks that proves itself."""
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / name for name in ("tls.key", "tls.crt")}
        words = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30")
        names = ("-subj", "/CN=kueue", "-addext", f"subjectAltName=DNS:{SERVER_NAME}")
        places = ("-keyout", str(files["tls.key"]), "-out", str(files["tls.crt"]))
        subprocess.run(["openssl", *words, *names, *places], capture_output=True, check=True)
        return {name: base64.b64encode(file.read_bytes()).decode() for name, file in files.items()}
