"""The command line of each component."""

from . import network
from .layout import NODE_NAME, Layout
from .ports import Ports
from .release import Release

# Tests create hundreds of Jobs; the usual limits are made for a component among many.
CLIENT_SPEED = ("--kube-api-qps=100", "--kube-api-burst=200")
# Finished Jobs with ttlSecondsAfterFinished are only removed with it before Kubernetes 1.21.
FEATURES = "--feature-gates=TTLAfterFinished=true"


def commands(layout: Layout, ports: Ports, release: Release) -> dict[str, tuple[str, ...]]:
    """Return every component's command by its name, in the order in which they start."""
    features = (FEATURES,) if release.is_debians else ()
    # The ports without encryption have gone since.
    closed = ("--port=0",) if release.is_debians else ()
    pki, etc = layout.certificates, layout.configuration
    kubeconfig = f"--kubeconfig={layout.kubeconfig}"
    etcd_url = f"http://127.0.0.1:{ports.etcd}"
    etcd_peer_url = f"http://127.0.0.1:{ports.etcd_peer}"
    return {
        "etcd": (
            release.program("etcd"),
            f"--data-dir={layout.folder / 'etcd'}",
            f"--listen-client-urls={etcd_url}",
            f"--advertise-client-urls={etcd_url}",
            f"--listen-peer-urls={etcd_peer_url}",
            f"--initial-advertise-peer-urls={etcd_peer_url}",
            f"--initial-cluster=default={etcd_peer_url}",
            # Nothing in a test cluster is worth waiting for a disk.
            "--unsafe-no-fsync",
        ),
        "kube-apiserver": (
            release.program("kube-apiserver"),
            f"--etcd-servers={etcd_url}",
            f"--secure-port={ports.apiserver}",
            f"--advertise-address={network.NODE_ADDRESS}",
            f"--service-cluster-ip-range={network.SERVICE_SUBNET}",
            f"--client-ca-file={pki / 'ca.crt'}",
            f"--tls-cert-file={pki / 'server.crt'}",
            f"--tls-private-key-file={pki / 'server.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki / 'sa.pub'}",
            f"--service-account-signing-key-file={pki / 'sa.key'}",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            f"--kubelet-certificate-authority={pki / 'ca.crt'}",
            f"--kubelet-client-certificate={pki / 'admin.crt'}",
            f"--kubelet-client-key={pki / 'admin.key'}",
            # Nobody resolves the node's name.
            "--kubelet-preferred-address-types=InternalIP",
            f"--audit-policy-file={etc / 'audit-policy.json'}",
            f"--audit-log-path={layout.audit_log}",
            "--audit-log-maxsize=500",
            "--audit-log-maxbackup=1",
            *features,
        ),
        "kube-controller-manager": (
            release.program("kube-controller-manager"),
            kubeconfig,
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={pki / 'sa.key'}",
            f"--root-ca-file={pki / 'ca.crt'}",
            "--bind-address=127.0.0.1",
            f"--secure-port={ports.controller_manager}",
            *closed,
            *CLIENT_SPEED,
            *features,
        ),
        "kube-scheduler": (
            release.program("kube-scheduler"),
            kubeconfig,
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={ports.scheduler}",
            *closed,
            *CLIENT_SPEED,
        ),
        "containerd": (release.program("containerd"), f"--config={etc / 'containerd.toml'}"),
        "kubelet": (
            release.program("kubelet"),
            f"--config={etc / 'kubelet.json'}",
            kubeconfig,
            f"--root-dir={layout.folder / 'kubelet'}",
            f"--hostname-override={NODE_NAME}",
            f"--node-ip={network.NODE_ADDRESS}",
            *(("--container-runtime=remote",) if release.is_debians else ()),
            f"--container-runtime-endpoint=unix://{layout.containerd_socket}",
        ),
        "kube-proxy": (
            release.program("kube-proxy"),
            kubeconfig,
            "--proxy-mode=iptables",
            f"--cluster-cidr={network.POD_SUBNET}",
            f"--hostname-override={NODE_NAME}",
            f"--healthz-bind-address=127.0.0.1:{ports.proxy_health}",
            f"--metrics-bind-address=127.0.0.1:{ports.proxy_metrics}",
            # 0 leaves the machine's own limit alone.
            "--conntrack-max-per-core=0",
        ),
    }
