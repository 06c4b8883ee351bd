"""Long-lived processes: started so that they survive the shell, remembered so that a recycled pid is never trusted."""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cluster.errors import ClusterError

from .commands import SYSTEM_PATH

PROC = Path("/proc")
# containerd starts them for pods, and they outlive it.
POD_PROGRAMS = ("containerd-shim-runc-v2", "runc")
COMPONENTS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "containerd",
    "kubelet",
    "kube-proxy",
)


@dataclass(frozen=True)
class Record:
    """One process as it was started; `birth` tells it from every other process that ever has its pid."""

    pid: int
    birth: str
    command: tuple[str, ...]

    def save(self, file: Path) -> None:
        """Write the record to a file."""
        file.write_text(json.dumps(asdict(self)))


def load(file: Path) -> Record | None:
    """Read a record; nothing where there is none or only half of one."""
    try:
        values = json.loads(file.read_text())
        return Record(values["pid"], values["birth"], tuple(values["command"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def start(command: Sequence[str], log: Path, *, path: str = SYSTEM_PATH) -> Record:
    """Start a process in a session of its own, with its output in a log file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    # Not subprocess: these processes outlive this one, and a Popen object that is dropped before its process warns.
    pid = os.posix_spawn(
        shutil.which(command[0], path=path) or command[0],
        list(command),
        # Nothing of the caller's: a proxy would stand between the API server and the kubelet.
        {"PATH": path, "HOME": str(Path.home()), "LC_ALL": "C.UTF-8"},
        setsid=True,
        setsigdef=(signal.SIGPIPE,),
        setsigmask=(),
        file_actions=(
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ),
    )
    return Record(pid, birth_of(pid), tuple(command))


def birth_of(pid: int) -> str:
    """Return what tells this process from an earlier or later one of the same pid; empty where it does not live."""
    state, ticks = _state_and_start(pid)
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return "" if state in ("", "Z", "X") else f"{boot}/{ticks}"


def is_alive(record: Record) -> bool:
    """Tell whether the very process of the record still lives."""
    return bool(record.birth) and birth_of(record.pid) == record.birth


def is_working(record: Record) -> bool:
    """Tell whether the process lives and nobody has paused it."""
    return is_alive(record) and _state_and_start(record.pid)[0] not in ("T", "t")


def _state_and_start(pid: int) -> tuple[str, str]:
    """Return a process's state letter and its start in clock ticks since boot; empty strings where there is none."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    # A program's name stands in parentheses and may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return fields[0], fields[19]


def belonging_to(folder: Path, programs: Iterable[str] = (*COMPONENTS, *POD_PROGRAMS)) -> list[int]:
    """Return the pids of our programs whose command lines name the node's folder, whatever the records say."""
    wanted = set(programs)
    return [
        pid
        for pid, command in _command_lines()
        if Path(command[0]).name in wanted and any(f"{folder}/" in argument for argument in command)
    ]


def foreign_node(folder: Path) -> str:
    """Name another node's kubelet or kube-proxy on this machine's own network; empty where there is none."""
    ours = set(belonging_to(folder))
    network = network_of("self")
    for pid, command in _command_lines():
        program = Path(command[0]).name
        # A node in a container has a network, and rules, of its own.
        if program in ("kubelet", "kube-proxy", "k3s") and pid not in ours and network_of(str(pid)) == network:
            return f"{program}, pid {pid}"
    return ""


def network_of(process: str) -> str:
    """Return the kernel's name for a process's network; empty where there is no such process or no leave to look."""
    try:
        return str((PROC / process / "ns/net").readlink())
    except OSError:
        return ""


def _command_lines() -> list[tuple[int, list[str]]]:
    """Return every process's pid and argv."""
    found = []
    for entry in PROC.glob("[0-9]*"):
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
            found.append((int(entry.name), command))
    return found


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def end(record: Record, seconds: float = 15) -> None:
    """Ask a process to end, and kill it where it does not within the seconds."""
    if is_alive(record):
        send(record.pid, signal.SIGTERM)
        try:
            wait_until_gone([record.pid], seconds)
        except ClusterError:
            kill([record.pid])


def kill(pids: Iterable[int]) -> None:
    """Kill processes at once and wait until they are gone."""
    remaining = list(pids)
    for pid in remaining:
        send(pid, signal.SIGKILL)
    wait_until_gone(remaining, 15)


def wait_until_gone(pids: Iterable[int], seconds: float) -> None:
    """Wait until none of the processes lives, or raise an error."""
    deadline = time.monotonic() + seconds
    remaining = [pid for pid in pids if not _reaped(pid)]
    while remaining:
        if time.monotonic() > deadline:
            raise ClusterError(f"these processes do not end: {', '.join(str(pid) for pid in remaining)}")
        time.sleep(0.02)
        remaining = [pid for pid in remaining if not _reaped(pid)]


def _reaped(pid: int) -> bool:
    """Tell whether a process is gone; if it is a dead child of this one, take it off the process table."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return not birth_of(pid)
