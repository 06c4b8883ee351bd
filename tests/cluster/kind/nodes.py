"""The nodes of the cluster that is up, as containers: looked into, broken and mended, and given images."""

import time
from contextlib import suppress
from pathlib import Path

from tests.cluster.debian import cgroups
from tests.cluster.errors import ClusterError

from . import config, engine, program, traces
from .engine import Engine

CONTROL_PLANE = f"{config.NAME}-control-plane"
WORKER = f"{config.NAME}-worker"
LOAD_SECONDS = 300
KILL_SECONDS = 120


def run(node: str, *command: str) -> str:
    """Run a command inside a node, as root, and return its stdout."""
    return _engine().docker("exec", node, *command)


def read(node: str, path: str) -> str:
    """Return a node's file."""
    return run(node, "cat", path)


def write(node: str, path: str, text: str) -> None:
    """Write a node's file, so that nobody sees half of it; a dot hides it from the kubelet meanwhile."""
    whole = Path(path)
    draft = str(whole.with_name(f".{whole.name}"))
    run(node, "sh", "-c", 'echo "$1" > "$2" && mv "$2" "$3"', "sh", text, draft, path)


def pause(node: str) -> None:
    """Freeze everything on a node: its connections stay open and nothing answers on them."""
    _engine().docker("pause", node)


def resume(node: str) -> None:
    """Let a frozen node go on."""
    _engine().docker("unpause", node)


def kill(node: str) -> None:
    """Take a node's power away, and wait until it is off."""
    docker = _engine().docker
    # Docker itself waits for ten seconds.
    with suppress(ClusterError):
        docker("kill", node)
    deadline = time.monotonic() + KILL_SECONDS
    while docker("inspect", "--format", "{{.State.Running}}", node).strip() != "false":
        if time.monotonic() > deadline:
            raise ClusterError(f"{node} does not end within {KILL_SECONDS} s after it was killed.")
        # A runc that dies with its node may leave a container frozen, which then cannot die.
        cgroups.thaw(f"{traces.cgroup()}/{docker('inspect', '--format', '{{.Id}}', node).strip()}")
        time.sleep(0.2)


def start(node: str) -> None:
    """Let a node that was killed start again."""
    _engine().docker("start", node)


def load(archive: Path) -> None:
    """Bring the images of an archive to every node, where nothing is pulled then."""
    command = ("load", "image-archive", str(archive), "--name", config.NAME)
    program.run(command, _engine().environment, LOAD_SECONDS)


def _engine() -> Engine:
    """Return the engine that the nodes run in."""
    found = engine.private() or engine.found()
    if not found:
        raise ClusterError("No Docker engine answers, so there are no nodes of kind.")
    return found
