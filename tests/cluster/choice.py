"""Which cluster: the caller's own, else kind in Docker, else one node from Debian's packages."""

from . import given, kind, kubectl
from .debian import node, requirements
from .errors import ClusterError
from .lock import locked
from .model import Cluster


def current() -> Cluster:
    """Return the cluster that is up, or raise an error; nothing is started."""
    kubectl.require()
    cluster = _running()
    if not cluster:
        raise ClusterError("No test cluster is up: start one with `make cluster`.")
    return cluster


def ensure() -> Cluster:
    """Return the cluster that is up, starting or repairing it if need be."""
    kubectl.require()
    cluster = _running()
    if cluster:
        return cluster
    with locked():
        # Whoever held the lock until now may have started it.
        return _running() or _start()


def down() -> bool:
    """Take down what `ensure` started, and tell whether there was anything; a given cluster is left alone."""
    with locked():
        was_kind = kind.down()
        was_node = node.down()
    return was_kind or was_node


def _running() -> Cluster | None:
    """Return the cluster that is up, if there is one."""
    return given.given() or kind.running() or node.running()


def _start() -> Cluster:
    """Start the best cluster that this machine can have."""
    if kind.available():
        return kind.up()
    requirements.require()
    return node.up()
