"""Breaks single components of the cluster's nodes on purpose, and mends them again.

The kubelet of the control plane starts a static pod's container again whenever it ends. So it is stopped itself while
the API server is to be away; started again, it remembers no back-off.
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.cluster.errors import ClusterError

from . import cluster, nodes

AUDIT_LOG = "/var/log/kubernetes/audit.log"
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}
AUDIT_POLICY_FILE = "/etc/kubernetes/pki/audit-policy.json"
API_SERVER_FILE = "/etc/kubernetes/manifests/kube-apiserver.yaml"
KUBELET_FILE = "/var/lib/kubelet/config.yaml"
NODE = "node"
WAIT_SECONDS = 60


def begin_audit() -> None:
    """Let the API server write an audit log, which starts it anew; nothing happens where it does already."""
    import yaml  # only here and below: a cluster is brought up by a bare Python

    manifest = yaml.safe_load(nodes.read(nodes.CONTROL_PLANE, API_SERVER_FILE))
    (container,) = manifest["spec"]["containers"]
    if f"--audit-log-path={AUDIT_LOG}" in container["command"]:
        return
    # The API server sees this folder of the node's already.
    nodes.write(nodes.CONTROL_PLANE, AUDIT_POLICY_FILE, json.dumps(AUDIT_POLICY))
    container["command"] += [
        f"--audit-policy-file={AUDIT_POLICY_FILE}",
        f"--audit-log-path={AUDIT_LOG}",
        "--audit-log-maxsize=500",
        "--audit-log-maxbackup=1",
    ]
    folder = str(Path(AUDIT_LOG).parent)
    container["volumeMounts"].append({"name": "audit", "mountPath": folder})
    manifest["spec"]["volumes"].append({"name": "audit", "hostPath": {"path": folder, "type": "DirectoryOrCreate"}})
    nodes.write(nodes.CONTROL_PLANE, API_SERVER_FILE, yaml.safe_dump(manifest))
    _wait(lambda: audit_log_size() > 0, "the audit log")
    wait_until_healthy(120)


def audit_log_size() -> int:
    """Return how much there is of the audit log, in bytes."""
    with suppress(ClusterError):
        return int(nodes.run(nodes.CONTROL_PLANE, "stat", "--format=%s", AUDIT_LOG))
    return 0


def audit_log_since(start: int) -> str:
    """Return the audit log from a byte on; all of it where a new file was begun."""
    first = start + 1 if audit_log_size() >= start else 1
    return nodes.run(nodes.CONTROL_PLANE, "tail", f"--bytes=+{first}", AUDIT_LOG)


def kill(name: str) -> None:
    """Kill a component without a warning, and wait until it is gone."""
    if name == NODE:
        nodes.kill(nodes.WORKER)
        return
    if name != "kubelet":
        nodes.run(nodes.CONTROL_PLANE, "systemctl", "stop", "kubelet")
        _signal(name, "KILL")
    else:
        nodes.run(nodes.WORKER, "systemctl", "kill", "--signal=KILL", "kubelet")
        nodes.run(nodes.WORKER, "systemctl", "stop", "kubelet")
    _wait(lambda: not _lives(name), f"the end of {name}")


def pause(name: str) -> None:
    """Freeze a component: its connections stay open and nothing answers on them."""
    if name == NODE:
        nodes.pause(nodes.WORKER)
    else:
        _signal(name, "STOP")


def resume(name: str) -> None:
    """Let a frozen component go on."""
    if name == NODE:
        with suppress(ClusterError):  # it is not frozen
            nodes.resume(nodes.WORKER)
    else:
        _signal(name, "CONT")


def start(name: str) -> None:
    """Start a component that was killed; nothing happens where it lives."""
    if name == NODE:
        nodes.start(nodes.WORKER)
        return
    nodes.run(_node(name), "systemctl", "start", "kubelet")
    _wait(lambda: _lives(name), name)


def read(path: Path) -> str:
    """Return what a pod wrote to a file of the worker node's."""
    with suppress(ClusterError):
        return nodes.read(nodes.WORKER, str(path))
    return ""


def configure_kubelet(**settings: object) -> dict[str, object]:
    """Change settings of the worker's kubelet, which starts anew with them; return what they were before."""
    import yaml

    configuration: dict[str, Any] = yaml.safe_load(nodes.read(nodes.WORKER, KUBELET_FILE))
    before = {name: configuration.get(name) for name in settings}
    changed = {name: value for name, value in (configuration | settings).items() if value is not None}
    nodes.write(nodes.WORKER, KUBELET_FILE, yaml.safe_dump(changed))
    nodes.run(nodes.WORKER, "systemctl", "restart", "kubelet")
    wait_until_healthy(60)
    return before


def wait_until_healthy(seconds: float) -> None:
    """Wait until the API server is ready and so is each node, or raise an error."""
    _wait(lambda: cluster.running() is not None, "a healthy cluster", seconds)


def _node(name: str) -> str:
    return nodes.WORKER if name == "kubelet" else nodes.CONTROL_PLANE


def _signal(name: str, signal: str) -> None:
    with suppress(ClusterError):  # there is none
        nodes.run(_node(name), "pkill", f"-{signal}", "-x", name)


def _lives(name: str) -> bool:
    try:
        return bool(nodes.run(_node(name), "pgrep", "-x", name).strip())
    except ClusterError:
        return False


def _wait(condition: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise ClusterError(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(0.2)
