"""Creates the cluster, waits until all of it can be used, and takes it away with everything that came with it."""

import json
import shutil
import time
from contextlib import suppress

from tests.cluster import kubectl
from tests.cluster.debian import requirements
from tests.cluster.errors import ClusterError
from tests.cluster.kubernetes import build, modules
from tests.cluster.kubernetes.modules import Module
from tests.cluster.model import Cluster
from tests.cluster.paths import kind_folder
from tests.cluster.progress import step

from . import config, engine, image, program, traces
from .engine import Engine

LABEL = f"label=io.x-k8s.kind.cluster={config.NAME}"
NETWORK = "kind"
CREATE_SECONDS = 600
READY_SECONDS = 120
LOAD_SECONDS = 300
REGISTRY_SECONDS = 30
NODES_READY = 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'


def lacking(kubernetes: Module) -> str:
    """Return one sentence that tells why no cluster of kind can be had here, or an empty string."""
    why = program.lacking()
    if why or engine.found():
        return why
    machine = requirements.this_machine()
    if machine.system != "linux" or not machine.has_apt or not machine.is_root:
        return "no Docker engine answers, and a private one needs Linux, apt and root"
    parts = (kubernetes, modules.CONTAINERD)
    return next((f"no Docker engine answers, and {why}" for part in parts if (why := build.lacking(part))), "")


def running() -> Cluster | None:
    """Return the cluster if it answers and all of its nodes are ready."""
    kubeconfig = kind_folder() / "kubeconfig"
    if kubeconfig.is_file() and kubectl.answers(kubeconfig, config.CONTEXT) and not _waiting():
        return Cluster(kubeconfig, config.CONTEXT, "kind")
    return None


def up(kubernetes: Module) -> Cluster:
    """Create the cluster, in place of one that does not answer any more."""
    down()
    traces.remember_kernel()
    reached = engine.found() or engine.start()
    kind_folder().mkdir(parents=True, exist_ok=True)
    kubeconfig = kind_folder() / "kubeconfig"
    networks = reached.docker("network", "ls", "--format", "{{.Name}}").split()
    ours = _own_image(reached, kubernetes)
    named = ours or config.image()
    kubectl.require()
    _remember(image=ours, had_network=NETWORK in networks)
    config.write(kind_folder() / "config.yaml")
    what = "kind create cluster" if ours else "kind create cluster (the first time it downloads its node image)"
    with step(what):
        program.run(
            (
                *("create", "cluster", "--name", config.NAME, "--config", str(kind_folder() / "config.yaml")),
                *("--kubeconfig", str(kubeconfig), "--wait", "180s"),
                *("--image", named),
            ),
            reached.environment,
            CREATE_SECONDS,
        )
    with step("all nodes ready"):
        _wait_until_ready()
    return Cluster(kubeconfig, config.CONTEXT, "kind")


def down() -> bool:
    """Delete the cluster with what came with it, and tell whether there was anything; nothing needs kind for that."""
    there = kind_folder().exists()
    memory = _memory()
    for reached in (engine.private(), engine.found() if there else None):
        if reached:
            there = _delete(reached, memory) or there
    there = engine.stop() or there
    if there:
        traces.restore_kernel()
    shutil.rmtree(kind_folder(), ignore_errors=True)
    return there


def _own_image(reached: Engine, kubernetes: Module) -> str:
    """Return the image that is built here, once the engine has it; empty where the one that is named can be had."""
    if not reached.is_ours and _can_be_had(reached, config.image()):
        return ""
    reference, archive = image.reference(kubernetes), image.archive(kubernetes)
    with step("load the node image"):
        reached.docker("load", "--quiet", "--input", str(archive), seconds=LOAD_SECONDS)
    return reference


def _can_be_had(reached: Engine, name: str) -> bool:
    """Tell whether the engine has an image, or a registry that answers has it."""
    for question in (("image", "inspect", name), ("manifest", "inspect", name)):
        with suppress(ClusterError):
            reached.docker(*question, seconds=REGISTRY_SECONDS)
            return True
    return False


def _wait_until_ready() -> None:
    """Wait until a pod can be scheduled to every node; kind itself waits for the control plane alone."""
    deadline = time.monotonic() + READY_SECONDS
    while waiting := _waiting():
        if time.monotonic() > deadline:
            raise ClusterError(f"kind created the cluster {config.NAME}, but after {READY_SECONDS} s {waiting}.")
        time.sleep(0.3)


def _waiting() -> str:
    """Return what a Job would still wait for, in words; empty where nothing."""
    kubeconfig = kind_folder() / "kubeconfig"
    try:
        nodes = kubectl.ask(kubeconfig, config.CONTEXT, "get", "nodes", "-o", NODES_READY).split()
        kubectl.ask(kubeconfig, config.CONTEXT, "-n", "default", "get", "serviceaccount/default")
    except ClusterError as error:
        return f"its API server says: {error}"
    wanted = config.text().count("- role:")
    ready = nodes.count("True")
    return "" if ready >= wanted else f"{ready} of {wanted} nodes are ready"


def _delete(reached: Engine, memory: dict[str, object]) -> bool:
    """Delete the cluster's containers, and what was brought into the engine for it."""
    containers = reached.docker("ps", "--all", "--quiet", "--filter", LABEL).split()
    if containers:
        with step("delete the cluster"):
            reached.docker("rm", "--force", "--volumes", *containers)
    with suppress(ClusterError):
        if not memory.get("had_network", not reached.is_ours):
            # Refused where another cluster has come to use it.
            reached.docker("network", "rm", NETWORK)
    with suppress(ClusterError):
        # What a private engine has goes with it.
        if memory.get("image") and not reached.is_ours:
            reached.docker("image", "rm", str(memory["image"]))
    return bool(containers)


def _remember(**facts: object) -> None:
    (kind_folder() / "memory.json").write_text(json.dumps(facts))


def _memory() -> dict[str, object]:
    with suppress(FileNotFoundError, ValueError):
        return dict(json.loads((kind_folder() / "memory.json").read_text()))
    return {}
