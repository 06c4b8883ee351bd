"""The components' configuration files; Kubernetes reads JSON wherever it reads YAML, so no YAML library is needed."""

import base64
import json
from pathlib import Path

from . import images, network, pinned
from .layout import CONTEXT, Layout
from .ports import Ports
from .release import Release


def write(layout: Layout, ports: Ports, release: Release) -> None:
    """Write everything that the components read, except certificates."""
    layout.configuration.mkdir(parents=True)
    _write_kubeconfig(layout, ports)
    _write_audit_policy(layout)
    _write_kubelet(layout, ports, release)
    _write_containerd(layout)
    network.write_cni_configuration(layout.configuration / "cni", layout.folder / "cni-state")


def _write_kubeconfig(layout: Layout, ports: Ports) -> None:
    """Write the administrator's kubeconfig with its keys inside, so that it can be copied."""

    def embedded(name: str) -> str:
        return base64.b64encode((layout.certificates / name).read_bytes()).decode()

    cluster = {
        "server": f"https://127.0.0.1:{ports.apiserver}",
        "certificate-authority-data": embedded("ca.crt"),
    }
    user = {"client-certificate-data": embedded("admin.crt"), "client-key-data": embedded("admin.key")}
    layout.kubeconfig.touch(mode=0o600)
    _write_json(
        layout.kubeconfig,
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": CONTEXT,
            "clusters": [{"name": CONTEXT, "cluster": cluster}],
            "users": [{"name": CONTEXT, "user": user}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT, "namespace": "default"}}],
        },
    )


def _write_audit_policy(layout: Layout) -> None:
    """Write which requests the API server notes down: all of them, once each, without their bodies."""
    policy = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata"}],
    }
    _write_json(layout.configuration / "audit-policy.json", policy)


def _write_kubelet(layout: Layout, ports: Ports, release: Release) -> None:
    """Write the kubelet's configuration."""
    # Without it an old kubelet makes itself a folder in /var/lib; a new one refuses control groups of version 1.
    of_its_time = {"featureGates": {"DevicePlugins": False}} if release.is_debians else {"failCgroupV1": False}
    _write_json(
        layout.configuration / "kubelet.json",
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(layout.certificates / "ca.crt")},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(layout.certificates / "server.crt"),
            "tlsPrivateKeyFile": str(layout.certificates / "server.key"),
            "address": network.NODE_ADDRESS,
            "port": ports.kubelet,
            "healthzPort": ports.kubelet_health,
            # The node turns ready with its second look at itself; reports stay as rare as they usually are.
            "nodeStatusUpdateFrequency": "2s",
            "nodeStatusReportFrequency": "5m",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": "/kubectl-job-operator",
            "failSwapOn": False,
            "maxPods": 250,
            "kubeAPIQPS": 100,
            "kubeAPIBurst": 200,
            "registryPullQPS": 0,
            "eventRecordQPS": 0,
            # Nobody can read what is rotated away; the test of just that sets its own limit.
            "containerLogMaxSize": "1Gi",
            # A developer's nearly full disk must neither evict pods nor delete images, which nobody could pull again.
            "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            **of_its_time,
        },
    )


def _write_containerd(layout: Layout) -> None:
    """Write containerd's configuration: everything that it keeps, below the node's folder."""

    def text(value: Path | str) -> str:
        # A JSON string is a TOML string too.
        return json.dumps(str(value))

    containerd, runtime = layout.folder / "containerd", pinned.runtime()
    (layout.configuration / "containerd.toml").write_text(
        f"""\
version = 2
root = {text(containerd / "root")}
state = {text(containerd / "state")}
[grpc]
  address = {text(layout.containerd_socket)}
[plugins."io.containerd.internal.v1.opt"]
  path = {text(containerd / "opt")}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = {text(images.SANDBOX_IMAGE)}
  # Inside a container or a virtual machine even root may lack the right to lower a process's score.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = {text(runtime / "usr/lib/cni")}
    conf_dir = {text(layout.configuration / "cni")}
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = {text(runtime / "usr/sbin/runc")}
      Root = {text(containerd / "runc")}
"""
    )


def _write_json(path: Path, value: object) -> None:
    """Write one configuration file."""
    path.write_text(json.dumps(value, indent=2))
