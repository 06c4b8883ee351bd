"""The nodes of the cluster that is up, as containers: looked into, broken and mended, and given images."""

from pathlib import Path

from tests.cluster.errors import ClusterError

from . import config, engine, program
from .engine import Engine

CONTROL_PLANE = f"{config.NAME}-control-plane"
WORKER = f"{config.NAME}-worker"
LOAD_SECONDS = 300


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
    """Take a node's power away."""
    _engine().docker("kill", node)


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
