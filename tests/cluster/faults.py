"""Breaks single components of a cluster that runs on this machine on purpose, and mends them again.

The names are ``kube-apiserver``, ``etcd``, ``kubelet`` (of the node that runs the pods) and, where that node is a
container of kind's, ``node``: its power is cut, or all of it is frozen. A test that breaks
something mends it in a ``finally``, and then calls ``wait_until_healthy``; ``can_break`` tells whether it may.
"""

import os
from pathlib import Path
from types import ModuleType

from . import choice
from .debian import faults as of_the_node
from .kind import faults as of_kind
from .model import Cluster
from .paths import kind_folder

COMPONENTS = ("etcd", "kube-apiserver", "kubelet")


def can_break(cluster: Cluster) -> bool:
    """Tell whether single components of this cluster can be broken."""
    return cluster.kind in ("debian", "kind")


def begin_audit() -> None:
    """See to it that the API server writes an audit log: one JSON event a line, a request's metadata once answered."""
    _place().begin_audit()


def audit_log_size() -> int:
    """Return how much there is of the audit log, in bytes."""
    size: int = _place().audit_log_size()
    return size


def audit_log_since(start: int) -> list[str]:
    """Return the lines of the audit log from a byte on, without one that a killed server left half."""
    text: str = _place().audit_log_since(start)
    return [line for line in text.splitlines() if line.endswith("}")]


def kill(name: str) -> None:
    """Kill a component without a warning, and wait until it is gone; it stays away until ``start``."""
    _place().kill(name)


def pause(name: str) -> None:
    """Freeze a component: its connections stay open and nothing answers on them."""
    _place().pause(name)


def resume(name: str) -> None:
    """Let a frozen component go on."""
    _place().resume(name)


def start(name: str) -> None:
    """Start a component that was killed; nothing happens where it lives."""
    _place().start(name)


def mend() -> None:
    """Mend whatever is broken, and wait until all of it works."""
    for name in ((of_kind.NODE,) if _place() is of_kind else ()) + COMPONENTS:
        resume(name)
        start(name)
    wait_until_healthy()


def read(path: Path) -> str:
    """Return what a pod wrote to a file of its node's; empty where there is none."""
    text: str = _place().read(path)
    return text


def configure_kubelet(**settings: object) -> dict[str, object]:
    """Change settings of the kubelet, which starts anew with them; return what they were before."""
    before: dict[str, object] = _place().configure_kubelet(**settings)
    return before


def wait_until_healthy(seconds: float = 120) -> None:
    """Wait until every component works and each node is ready, or raise an error."""
    _place().wait_until_healthy(seconds)


def _place() -> ModuleType:
    """Return where the cluster is; its API server may be the very thing that is broken, so it is not asked."""
    is_kind = os.environ.get(choice.WAY, "") != "node" and (kind_folder() / "kubeconfig").is_file()
    return of_kind if is_kind else of_the_node
