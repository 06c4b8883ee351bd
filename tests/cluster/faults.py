"""Breaks single components of a `debian` cluster on purpose, and mends them again.

The names are those of `COMPONENTS`. A test that breaks something mends it in a `finally`, and then calls
`wait_until_healthy`.
"""

import json
import signal
from pathlib import Path

from .debian import node, parts, processes
from .debian.layout import layout
from .debian.processes import COMPONENTS

__all__ = [
    "COMPONENTS",
    "audit_log",
    "configure_kubelet",
    "kill",
    "log",
    "pause",
    "resume",
    "start",
    "stop",
    "wait_until_healthy",
]


def audit_log() -> Path:
    """Return the API server's audit log: one JSON event a line, a request's metadata once it is answered."""
    return layout().audit_log


def log(name: str) -> Path:
    """Return a component's log."""
    return parts.log_file(name)


def stop(name: str) -> None:
    """Ask a component to end, and wait until it has; the API server first waits a minute for watches to end."""
    parts.end(name, signal.SIGTERM, 90)


def kill(name: str) -> None:
    """Kill a component without a warning, and wait until it is gone."""
    parts.end(name, signal.SIGKILL, 15)


def pause(name: str) -> None:
    """Freeze a component: its connections stay open and nothing answers on them."""
    parts.signal_to(name, signal.SIGSTOP)


def resume(name: str) -> None:
    """Let a frozen component go on."""
    parts.signal_to(name, signal.SIGCONT)


def start(name: str) -> None:
    """Start a stopped component again with the command of its first start; nothing happens where it lives."""
    record = parts.record(name)
    if not processes.is_alive(record):
        parts.start(name, record.command)


def configure_kubelet(**settings: object) -> dict[str, object]:
    """Change settings of the kubelet, which starts anew with them; return what they were before."""
    file = layout().configuration / "kubelet.json"
    configuration = json.loads(file.read_text())
    before = {name: configuration[name] for name in settings}
    kill("kubelet")
    file.write_text(json.dumps(configuration | settings, indent=2))
    start("kubelet")
    wait_until_healthy()
    return before


def wait_until_healthy(seconds: float = 60) -> None:
    """Wait until every component works and the node is ready, or raise an error."""
    parts.wait_for("a healthy cluster", lambda: node.running() is not None, seconds=seconds)
