"""Breaks single components of the node on purpose, and mends them again."""

import json
import signal
from pathlib import Path

from . import node, parts, processes
from .layout import layout


def begin_audit() -> None:
    """Nothing is to be begun: this API server writes it from its start."""


def audit_log_size() -> int:
    """Return how much there is of the audit log, in bytes."""
    return layout().audit_log.stat().st_size


def audit_log_since(start: int) -> str:
    """Return the audit log from a byte on; all of it where a new file was begun."""
    with layout().audit_log.open(encoding="utf-8", errors="replace") as log:
        log.seek(start if audit_log_size() >= start else 0)
        return log.read()


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
    """Start a component that was killed, with the command of its first start; nothing happens where it lives."""
    record = parts.record(name)
    if not processes.is_alive(record):
        parts.start(name, record.command)


def read(path: Path) -> str:
    """Return what a pod wrote to a file of the node's."""
    return path.read_text() if path.exists() else ""


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
