"""Which cluster: the caller's own, else kind in Docker, else one node from Debian's packages; or the one asked for."""

import os
from pathlib import Path

from . import given, kind, kubectl
from .debian import node, release, requirements
from .errors import ClusterError, MissingError
from .kubernetes import build, modules
from .lock import locked
from .model import Cluster
from .progress import say

WAY = "KUBECTL_JOB_OPERATOR_CLUSTER"
KUBERNETES = "KUBECTL_JOB_OPERATOR_KUBERNETES"
WAYS = ("given", "kind", "node")
RUNNING = {"given": given.given, "kind": kind.running, "node": node.running}


def current() -> Cluster:
    """Return the cluster that is up, or raise an error; nothing is started."""
    kubectl.require()
    cluster = _running()
    if not cluster:
        raise ClusterError("No test cluster is up: start one with `make cluster`.")
    return cluster


def ensure() -> Cluster:
    """Return the cluster that is up, starting or repairing it if need be."""
    if _asked_for() == "given":
        # Whatever is wrong with the caller's own cluster, none of ours takes its place.
        return current()
    if build.lacking(modules.kubernetes()):
        # None will come with a cluster that is built here.
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


def image() -> Path:
    """Return the archive of the image of kind's nodes, building it if need be."""
    with locked():
        return kind.image.archive(modules.kubernetes(os.environ.get(KUBERNETES, "")))


def _asked_for() -> str:
    """Return the way that the caller asks for; empty where the best one is to be taken."""
    way = os.environ.get(WAY, "")
    if way and way not in WAYS:
        raise MissingError(f"{WAY} is {way}, but must be {', '.join(WAYS[:-1])} or {WAYS[-1]}.")
    if way == "given" and not given.is_named():
        raise MissingError(f"{WAY} is given: name the cluster with {given.KUBECONFIG} or {given.CONTEXT}.")
    return way or ("given" if given.is_named() else "")


def _running() -> Cluster | None:
    """Return the cluster that is up, if there is one."""
    way = _asked_for()
    ways = (way,) if way else ("kind", "node")
    return next((cluster for name in ways if (cluster := RUNNING[name]())), None)


def _start() -> Cluster:
    """Start the best cluster that this machine can have, and say why it is that one."""
    way = _asked_for()
    minor = os.environ.get(KUBERNETES, "")
    why_not = _why_not_kind(minor) if way != "node" else ""
    if way == "kind" and why_not:
        raise MissingError(f"{WAY} is kind, but there can be none: {why_not}.")
    if way == "kind" or (not way and not why_not):
        say(f"  taking kind ({f'{WAY} asks for it' if way else 'no cluster is named, and an engine can be had'})")
        cluster = kind.up(modules.kubernetes(minor))
    else:
        requirements.require(why_not)
        chosen = release.choose(minor)
        say(f"  taking one node with Kubernetes {chosen} ({f'{WAY} asks for it' if way else why_not})")
        cluster = node.up(chosen)
    return cluster


def _why_not_kind(minor: str) -> str:
    if minor and minor not in modules.minors():
        return f"{KUBERNETES} is {minor}, and kind's nodes can have {', '.join(modules.minors())}"
    return kind.lacking(modules.kubernetes(minor))
