"""kind-config.yaml against kind's own v1alpha4 types, so that a slip shows without Docker."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.cluster import kind
from tests.cluster.paths import repository

# A field's type: a Python type, another struct's name, or either in a list for "a list of these".
STRUCTS: dict[str, dict[str, Any]] = {
    "Cluster": {
        "kind": str,
        "apiVersion": str,
        "name": str,
        "nodes": ["Node"],
        "networking": "Networking",
        "featureGates": dict,
        "runtimeConfig": dict,
        "kubeadmConfigPatches": [str],
        "kubeadmConfigPatchesJSON6902": ["PatchJSON6902"],
        "containerdConfigPatches": [str],
        "containerdConfigPatchesJSON6902": [str],
    },
    "Node": {
        "role": str,
        "image": str,
        "labels": dict,
        "extraMounts": ["Mount"],
        "extraPortMappings": ["PortMapping"],
        "gpus": str,
        "kubeadmConfigPatches": [str],
        "kubeadmConfigPatchesJSON6902": ["PatchJSON6902"],
    },
    "Networking": {
        "ipFamily": str,
        "apiServerPort": int,
        "apiServerAddress": str,
        "podSubnet": str,
        "serviceSubnet": str,
        "disableDefaultCNI": bool,
        "kubeProxyMode": str,
        "dnsSearch": [str],
    },
    "PortMapping": {"containerPort": int, "hostPort": int, "listenAddress": str, "protocol": str},
    "Mount": {"containerPath": str, "hostPath": str, "readOnly": bool, "selinuxRelabel": bool, "propagation": str},
    "PatchJSON6902": {"group": str, "version": str, "kind": str, "patch": str},
}


def config() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((repository() / "kind-config.yaml").read_text())
    return content


def faults(value: Any, wanted: Any, place: str) -> list[str]:
    """Return what in a value does not fit its type."""
    if isinstance(wanted, list):
        if not isinstance(value, list):
            return [f"{place} is no list"]
        return [fault for i, item in enumerate(value) for fault in faults(item, wanted[0], f"{place}[{i}]")]
    if isinstance(wanted, str):
        if not isinstance(value, dict):
            return [f"{place} is no {wanted}"]
        fields = STRUCTS[wanted]
        unknown = [f"{place}.{name} is no field of {wanted}" for name in value if name not in fields]
        known = [(name, inner) for name, inner in value.items() if name in fields]
        return unknown + [fault for name, inner in known for fault in faults(inner, fields[name], f"{place}.{name}")]
    return [] if type(value) is wanted else [f"{place} is no {wanted.__name__}"]


def test_every_field_is_one_that_kind_knows_and_has_its_type() -> None:
    assert faults(config(), "Cluster", "kind-config.yaml") == []


def test_a_misspelt_field_and_a_wrong_type_would_be_found() -> None:
    broken = {"nodes": [{"rôle": "worker", "extraPortMappings": [{"hostPort": "8080"}]}]}
    assert faults(broken, "Cluster", "x") == [
        "x.nodes[0].rôle is no field of Node",
        "x.nodes[0].extraPortMappings[0].hostPort is no int",
    ]


def test_it_is_the_cluster_that_the_test_program_looks_for() -> None:
    content = config()
    assert (content["apiVersion"], content["kind"]) == ("kind.x-k8s.io/v1alpha4", "Cluster")
    assert content["name"] == kind.NAME


def test_there_is_a_control_plane_and_a_worker() -> None:
    assert [node["role"] for node in config()["nodes"]] == ["control-plane", "worker"]


def test_all_nodes_run_the_same_image_pinned_by_tag_and_digest() -> None:
    images = {node["image"] for node in config()["nodes"]}
    assert len(images) == 1
    assert re.fullmatch(r"kindest/node:v1\.\d+\.\d+@sha256:[0-9a-f]{64}", images.pop())


def test_ports_are_open_to_this_machine_only() -> None:
    mappings = [mapping for node in config()["nodes"] for mapping in node.get("extraPortMappings", [])]
    assert [(m["containerPort"], m["hostPort"], m["listenAddress"], m["protocol"]) for m in mappings] == [
        (30080, 8080, "127.0.0.1", "TCP")
    ]
