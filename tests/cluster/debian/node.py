"""Brings the node up from nothing, and tells whether it is up."""

import socket
import urllib.request
from functools import partial
from pathlib import Path

from tests.cluster import kubectl
from tests.cluster.errors import ClusterError
from tests.cluster.model import Cluster
from tests.cluster.progress import say, step

from . import (
    certificates,
    cgroups,
    components,
    configuration,
    images,
    kernel,
    network,
    parts,
    podlogs,
    ports,
    release,
    teardown,
)
from .commands import output_of
from .layout import CONTEXT, NODE_NAME, layout
from .release import Release

NODE_READY = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
KUBELET_HEALTH = f"/api/v1/nodes/{NODE_NAME}/proxy/healthz"


def running() -> Cluster | None:
    """Return the node's cluster if all of it is up and well."""
    # The cheapest questions first: most often the answer is that there is no node at all.
    questions = (layout().kubeconfig.is_file, parts.all_working, _containerd_listens, _node_is_ready, _kubelet_answers)
    return Cluster(layout().kubeconfig, CONTEXT, "debian") if all(question() for question in questions) else None


def up(minor: str) -> Cluster:
    """Start a fresh node; whatever is left of an earlier one is cleared away first."""
    if teardown.down():
        say("  the node was only half there; starting a fresh one")
    wanted = release.get(minor)
    try:
        _start(wanted)
    except OSError as error:
        raise ClusterError(f"The node could not be started: {error}") from error
    return Cluster(layout().kubeconfig, CONTEXT, "debian")


def down() -> bool:
    """Take the node down, and tell whether there was anything of it."""
    return teardown.down()


def _start(wanted: Release) -> None:
    """Start one component after the other, each as soon as what it needs is there."""
    here = layout()
    chosen = ports.choose()
    with step("certificates, configuration, network"):
        here.folder.mkdir(parents=True, mode=0o700)
        here.records.mkdir()
        kernel.load_modules()
        kernel.remember()
        network.create_bridge()
        cgroups.create()
        podlogs.link(here.folder)
        addresses = ("127.0.0.1", network.NODE_ADDRESS, network.SERVICE_ADDRESS)
        certificates.write(here.certificates, addresses)
        configuration.write(here, chosen, wanted)
    commands = components.commands(here, chosen, wanted)

    # The API server takes longest; containerd and the images get ready beside it.
    for name in ("etcd", "kube-apiserver", "containerd"):
        parts.start(name, commands[name])
    with step("containerd and images"):
        archives = images.write_all(here.folder / "images")
        parts.wait_for("containerd", _containerd_listens, seconds=60, needs=("containerd",))
        for archive in archives:
            _ctr("images", "import", str(archive))
    # The kubelet takes seconds to look at the machine before it asks for the API server.
    parts.start("kubelet", commands["kubelet"])
    with step("etcd and API server"):
        answers = partial(kubectl.answers, here.kubeconfig, CONTEXT)
        parts.wait_for("the API server", answers, seconds=120, needs=("etcd", "kube-apiserver"))
    with step("kubelet, controllers, scheduler, kube-proxy"):
        later = ("kube-controller-manager", "kube-scheduler", "kube-proxy")
        for name in later:
            parts.start(name, commands[name])
        needs = ("kubelet", *later)
        parts.wait_for("the node to be ready", _node_is_ready, seconds=120, needs=needs)
        parts.wait_for("service accounts", _service_account_exists, seconds=60, needs=needs)
        health = f"http://127.0.0.1:{chosen.proxy_health}/healthz"
        parts.wait_for("kube-proxy", lambda: _says_ok(health), seconds=60, needs=needs)


def _containerd_listens() -> bool:
    """Tell whether containerd's socket takes connections."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(layout().containerd_socket)) == 0


def _ctr(*arguments: str) -> None:
    """Run containerd's own client among the images that the kubelet sees."""
    ctr = Path(parts.record("containerd").command[0]).with_name("ctr")
    output_of((str(ctr), "--address", str(layout().containerd_socket), "--namespace", "k8s.io", *arguments))


def _node_is_ready() -> bool:
    """Tell whether the API server takes the node for ready."""
    try:
        return kubectl.ask(layout().kubeconfig, CONTEXT, "get", "node", NODE_NAME, "-o", NODE_READY) == "True"
    except ClusterError:
        return False


def _kubelet_answers() -> bool:
    """Tell whether the API server reaches the kubelet; a node is called ready for a while after its kubelet is gone."""
    try:
        return kubectl.ask(layout().kubeconfig, CONTEXT, "get", "--raw", KUBELET_HEALTH) == "ok"
    except ClusterError:
        return False


def _service_account_exists() -> bool:
    """Tell whether pods can be created: each needs its namespace's account and the authority's certificate."""
    try:
        kubectl.ask(layout().kubeconfig, CONTEXT, "-n", "default", "get", "serviceaccount/default")
        kubectl.ask(layout().kubeconfig, CONTEXT, "-n", "default", "get", "configmap/kube-root-ca.crt")
    except ClusterError:
        return False
    return True


def _says_ok(url: str) -> bool:
    """Tell whether a health check answers with success."""
    # The caller's proxy has nothing to do with this machine's own ports.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
