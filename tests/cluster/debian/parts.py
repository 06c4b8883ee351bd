"""The node's components by name: started, asked for their health, signalled."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.cluster.errors import ClusterError

from . import processes
from .commands import SYSTEM_PATH
from .layout import layout
from .processes import Record


def record_file(name: str) -> Path:
    """Return the file that remembers a component's process."""
    return layout().records / f"{name}.json"


def log_file(name: str) -> Path:
    """Return a component's log."""
    return layout().logs / f"{name}.log"


def record(name: str) -> Record:
    """Return what is remembered of a component, or raise an error."""
    found = processes.load(record_file(name))
    if not found:
        raise ClusterError(
            f"No {name} of ours is known; there are {', '.join(processes.COMPONENTS)} while a node is up."
        )
    return found


def start(name: str, command: tuple[str, ...]) -> None:
    """Start a component and remember it."""
    # What comes with it is found first: containerd starts its shim by name.
    path = f"{Path(command[0]).parent}:{SYSTEM_PATH}" if "/" in command[0] else SYSTEM_PATH
    processes.start(command, log_file(name), path=path).save(record_file(name))


def all_working() -> bool:
    """Tell whether every component lives and none is paused."""
    records = [processes.load(record_file(name)) for name in processes.COMPONENTS]
    return all(found is not None and processes.is_working(found) for found in records)


def signal_to(name: str, number: signal.Signals) -> None:
    """Send a signal to a component, if it is still the process that was started."""
    found = record(name)
    if processes.is_alive(found):
        processes.send(found.pid, number)


def end(name: str, number: signal.Signals, seconds: float) -> None:
    """Send a component a signal that ends it, and wait until it is gone."""
    found = record(name)
    if processes.is_alive(found):
        processes.send(found.pid, number)
        processes.wait_until_gone([found.pid], seconds)


def wait_for(what: str, is_so: Callable[[], bool], *, seconds: float, needs: tuple[str, ...] = ()) -> None:
    """Wait until something is so; raise an error with the last log lines when time is up or a needed component died."""
    deadline = time.monotonic() + seconds
    while not is_so():
        for name in needs:
            if not processes.is_alive(record(name)):
                raise ClusterError(f"{name} ended while we waited for {what}.\n{_last_words(name)}")
        if time.monotonic() > deadline:
            words = "\n".join(_last_words(name) for name in needs)
            raise ClusterError(f"Waited {seconds:.0f} s in vain for {what}.\n{words}")
        time.sleep(0.1)


def _last_words(name: str) -> str:
    """Return the end of a component's log."""
    log = log_file(name)
    lines = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
    return "\n".join([f"The end of {log}:", *lines])
