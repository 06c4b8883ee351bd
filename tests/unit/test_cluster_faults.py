"""Breaking single components: where the cluster is, and in which order a node of kind is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import ClusterError, faults
from tests.cluster.kind import faults as of_kind
from tests.cluster.kind import nodes
from tests.cluster.paths import kind_folder

MANIFEST = """\
spec:
  containers: [{command: [kube-apiserver], volumeMounts: []}]
  volumes: []
"""


class Node:
    """Nodes of kind whose processes and files are kept here."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.files = {of_kind.API_SERVER_FILE: MANIFEST, of_kind.KUBELET_FILE: "a: 1\nb: 2\n"}
        self.lives = {"kube-apiserver", "etcd", "kubelet"}

    def run(self, node: str, *command: str) -> str:
        """Do what a node would do."""
        self.commands.append(f"{node.removeprefix('kubectl-job-operator-')}: {' '.join(command)}")
        if command[0] == "cat":
            return self.files[command[1]]
        if command[0] == "sh":
            self.files[command[-1]] = command[-3]
        if command[0] == "stat":
            return "7\n"
        if command[0] == "pgrep" and command[-1] not in self.lives:
            raise ClusterError("it found none")
        if command[:2] == ("pkill", "-KILL"):
            self.lives.discard(command[-1])
        if command[:2] == ("systemctl", "stop"):
            self.lives.discard("kubelet")
        if command[:2] == ("systemctl", "start"):
            self.lives |= {"kube-apiserver", "etcd", "kubelet"}
        return "1\n"


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    node = Node()
    monkeypatch.setattr(nodes, "run", node.run)
    monkeypatch.setattr(of_kind, "wait_until_healthy", lambda _: None)
    return node


@pytest.mark.parametrize(
    ("is_kind", "way", "place"), [(True, "", "kind"), (False, "", "debian"), (True, "node", "debian")]
)
def test_the_cluster_is_found_without_asking_its_api_server(
    is_kind: bool, way: str, place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("KUBECTL_JOB_OPERATOR_CLUSTER", way)
    if is_kind:
        kind_folder().mkdir(parents=True)
        (kind_folder() / "kubeconfig").touch()
    assert faults._place().__name__ == f"tests.cluster.{place}.faults"


def test_the_kubelet_is_stopped_first_so_that_a_killed_api_server_stays_away(node: Node) -> None:
    of_kind.kill("kube-apiserver")
    assert node.commands == [
        "control-plane: systemctl stop kubelet",
        "control-plane: pkill -KILL -x kube-apiserver",
        "control-plane: pgrep -x kube-apiserver",
    ]
    of_kind.start("kube-apiserver")
    assert node.commands[3:] == ["control-plane: systemctl start kubelet", "control-plane: pgrep -x kube-apiserver"]


def test_the_kubelet_that_is_killed_is_that_of_the_node_with_the_pods(node: Node) -> None:
    of_kind.kill("kubelet")
    assert node.commands[0] == "worker: systemctl kill --signal=KILL kubelet"
    assert all(command.startswith("worker: ") for command in node.commands)


def test_the_audit_log_is_begun_once(node: Node) -> None:
    of_kind.begin_audit()
    manifest: Any = yaml.safe_load(node.files[of_kind.API_SERVER_FILE])
    (container,) = manifest["spec"]["containers"]
    assert f"--audit-log-path={of_kind.AUDIT_LOG}" in container["command"]
    assert [mount["name"] for mount in container["volumeMounts"]] == ["audit"]
    written = node.files[of_kind.API_SERVER_FILE]
    of_kind.begin_audit()
    assert node.files[of_kind.API_SERVER_FILE] == written


def test_a_kubelets_settings_are_changed_and_put_back(node: Node) -> None:
    before = of_kind.configure_kubelet(b=3, c=4)
    assert yaml.safe_load(node.files[of_kind.KUBELET_FILE]) == {"a": 1, "b": 3, "c": 4}
    of_kind.configure_kubelet(**before)
    assert yaml.safe_load(node.files[of_kind.KUBELET_FILE]) == {"a": 1, "b": 2}
