"""The ports of the node: the usual ones where they are free, else whatever is free."""

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Ports:
    """One port for everything of the node that listens."""

    apiserver: int
    etcd: int
    etcd_peer: int
    kubelet: int
    kubelet_health: int
    scheduler: int
    controller_manager: int
    proxy_health: int
    proxy_metrics: int


def choose() -> Ports:
    """Choose a free port for each."""
    return Ports(
        apiserver=free_port(6443),
        etcd=free_port(2379),
        etcd_peer=free_port(2380),
        kubelet=free_port(10250),
        kubelet_health=free_port(10248),
        scheduler=free_port(10259),
        controller_manager=free_port(10257),
        proxy_health=free_port(10256),
        proxy_metrics=free_port(10249),
    )


def free_port(preferred: int) -> int:
    """Return the preferred port, or any free one where something listens on it already."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            # The old connections of a server that was just stopped do not stand in the way of a new one.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("there is no free port on this machine")
