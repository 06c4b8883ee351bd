"""The node's network: a bridge of our own, and the iptables rules that Kubernetes leaves behind."""

import json
import re
import shlex
import subprocess
from contextlib import suppress
from pathlib import Path

from .commands import output_of, system_environment

# Made here rather than by the first pod: its address is the node's own, the same with or without any other network.
BRIDGE = "kjo0"
NODE_ADDRESS = "10.213.0.1"
POD_SUBNET = "10.213.0.0/16"
SERVICE_SUBNET = "10.0.0.0/24"
SERVICE_ADDRESS = "10.0.0.1"
NAME = "kubectl-job-operator"
# The CNI library writes its results there, whatever it is told.
CNI_RESULTS = Path("/var/lib/cni/results")

TABLES = ("filter", "nat", "mangle")


def create_bridge() -> None:
    """Create the bridge that pods hang on."""
    output_of(("ip", "link", "add", BRIDGE, "type", "bridge"))
    output_of(("ip", "address", "add", f"{NODE_ADDRESS}/16", "dev", BRIDGE))
    output_of(("ip", "link", "set", BRIDGE, "up"))


def bridge_exists() -> bool:
    """Tell whether the bridge is there."""
    return Path("/sys/class/net", BRIDGE).exists()


def delete_bridge() -> None:
    """Delete the bridge and what still hangs on it."""
    if not bridge_exists():
        return
    for port in Path("/sys/class/net", BRIDGE, "brif").glob("*"):
        # The kernel may be about to delete it itself, together with its pod's network namespace.
        subprocess.run(("ip", "link", "delete", port.name), env=system_environment(), capture_output=True, check=False)
    output_of(("ip", "link", "delete", BRIDGE))


def write_cni_configuration(folder: Path, state: Path) -> None:
    """Write the configuration of the one network that pods have."""
    folder.mkdir(parents=True)
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(state),
            "ranges": [[{"subnet": POD_SUBNET, "gateway": NODE_ADDRESS}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    configuration = {"cniVersion": "0.4.0", "name": NAME, "plugins": [bridge]}
    (folder / "10-bridge.conflist").write_text(json.dumps(configuration, indent=2))


def delete_cni_results() -> None:
    """Delete what the CNI library remembers of our pods."""
    for result in CNI_RESULTS.glob(f"{NAME}-*-eth0"):
        container = result.name.removeprefix(f"{NAME}-").removesuffix("-eth0")
        # Its loopback has a result too, under a name that every containerd uses.
        for path in CNI_RESULTS.glob(f"*-{container}-*"):
            path.unlink()
    for folder in (CNI_RESULTS, CNI_RESULTS.parent):
        with suppress(OSError):
            folder.rmdir()


def delete_kubernetes_rules() -> None:
    """Delete the chains that the kubelet and kube-proxy made, and the rules that jump to them; nothing else."""
    for program in ("iptables", "ip6tables"):
        for table in TABLES:
            saved = subprocess.run(
                (f"{program}-save", "-t", table), env=system_environment(), text=True, capture_output=True, check=False
            )
            removal = removal_of_kubernetes_rules(table, saved.stdout)
            if removal:
                output_of((f"{program}-restore", "--wait", "10", "--noflush"), stdin=removal)


def removal_of_kubernetes_rules(table: str, saved: str) -> str:
    """Turn what iptables-save prints into what iptables-restore needs to remove Kubernetes' part of it."""
    chains = re.findall(r"^:(KUBE-\S+)", saved, re.MULTILINE)
    if not chains:
        return ""
    rules = re.findall(r"^-A (?!KUBE-)(.*)$", saved, re.MULTILINE)
    lines = [f"*{table}", *(f"-D {rule}" for rule in rules if _target(rule).startswith("KUBE-"))]
    # All are emptied before the first is deleted: a chain that another one names cannot be.
    lines += [f"-F {chain}" for chain in chains] + [f"-X {chain}" for chain in chains]
    return "\n".join([*lines, "COMMIT", ""])


def _target(rule: str) -> str:
    """Return the chain that a rule jumps to; a comment may look like a jump, but it is one quoted word."""
    words = shlex.split(rule)
    return words[words.index("-j") + 1] if "-j" in words else ""
