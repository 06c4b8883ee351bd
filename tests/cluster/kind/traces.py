"""What a Docker engine and the nodes in it leave on the machine: noted before, removed after, as far as it is new."""

import hashlib
import json
import os
import re
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.debian import cgroups, kernel, processes
from tests.cluster.debian.commands import output_of, system_environment
from tests.cluster.paths import cache_folder, engine_folder, node_folder

TABLES = ("filter", "nat", "mangle", "raw")
PROGRAMS = ("iptables", "ip6tables")
# kind mounts the kernel's modules into its nodes, and Docker makes what it mounts.
LEAVE_SECONDS = 10
FOLDERS = (
    "/lib/modules",
    "/run/docker",
    "/run/containerd",
    "/opt/containerd",
    "/etc/docker",
    "/var/lib/docker-plugins",
)


@dataclass(frozen=True)
class _Before:
    """What `iptables-save` printed by program and table, which folders were not there, and which bridges were."""

    rules: dict[str, str]
    absent: list[str]
    bridges: list[str]


def remember() -> None:
    """Note what is there, unless that was done and never put back."""
    remember_kernel()
    if _memory().exists():
        return
    rules = {f"{program} {table}": _saved(program, table) for program in PROGRAMS for table in TABLES}
    absent = [folder for folder in FOLDERS if not Path(folder).exists()]
    _memory().write_text(json.dumps({"boot": kernel.boot(), "rules": rules, "absent": absent, "bridges": _bridges()}))


def cgroup() -> str:
    """Return the name of the control group of all our nodes; each cache folder's engine has its own."""
    return f"kubectl-job-operator-{hashlib.sha256(str(engine_folder()).encode()).hexdigest()[:8]}"


def exist() -> bool:
    """Tell whether something was noted that is still to be put back."""
    return _memory().exists()


def remove() -> None:
    """Remove what was not there before, and put back what was changed."""
    memory = _load()
    for key, before in memory.rules.items():
        program, table = key.split()
        removal = back_to(table, before, _saved(program, table))
        if removal:
            output_of((f"{program}-restore", "--wait", "10", "--noflush"), stdin=removal)
    cgroups.kill_all(cgroup())
    cgroups.delete(cgroup())
    for bridge in set(_bridges()) - set(memory.bridges):
        if _is_left_by_all(bridge):
            output_of(("ip", "link", "delete", bridge))
    for folder in memory.absent:
        _remove_empty(Path(folder))
    restore_kernel()
    _memory().unlink(missing_ok=True)


def remember_kernel() -> None:
    """Note the kernel's settings before nodes change them."""
    if os.geteuid() == 0:
        cache_folder().mkdir(parents=True, exist_ok=True)
        kernel.remember()


def restore_kernel() -> None:
    """Put the kernel's settings back, unless another node on this machine lives with them."""
    if os.geteuid() == 0 and not processes.foreign_node(node_folder()):
        kernel.restore()


def back_to(table: str, before: str, now: str) -> str:
    """Return what iptables-restore needs to remove the chains of Docker that are new, and to set the policies back."""
    old, new = _chains(before), _chains(now)
    gone = [name for name in new if name not in old and name.startswith("DOCKER")]
    policies = {name: policy for name, policy in new.items() if policy != "-"}
    changed = [f"-P {name} {old.get(name, 'ACCEPT')}" for name, policy in policies.items()
               if policy != old.get(name, "ACCEPT")]  # fmt: skip
    known = set(re.findall(r"^-A .*$", before, re.MULTILINE))
    rules = [rule for rule in re.findall(r"^-A .*$", now, re.MULTILINE) if rule not in known and _is_dockers(rule)]
    outside = [rule for rule in rules if rule.split()[1] not in gone]
    lines = [f"-D {rule.removeprefix('-A ')}" for rule in outside]
    lines += [f"-F {chain}" for chain in gone] + [f"-X {chain}" for chain in gone] + changed
    return "\n".join([f"*{table}", *lines, "COMMIT", ""]) if lines else ""


def _is_dockers(rule: str) -> bool:
    """Tell whether a rule is one that Docker makes: it names a chain or a bridge of Docker's, or our addresses."""
    return bool(re.search(r"-j DOCKER|[io] br-[0-9a-f]{12}|10\.215\.\d+\.\d+", rule))


def _chains(saved: str) -> dict[str, str]:
    """Return each chain's policy; `-` for one that is not built in."""
    return dict(re.findall(r"^:(\S+) (\S+)", saved, re.MULTILINE))


def _saved(program: str, table: str) -> str:
    done = subprocess.run(
        (f"{program}-save", "-t", table), env=system_environment(), text=True, capture_output=True, check=False
    )
    return done.stdout


def _bridges() -> list[str]:
    """Return the bridges that Docker made for its networks."""
    return [path.parent.name for path in Path("/sys/class/net").glob("br-*/brif")]


def _is_left_by_all(bridge: str) -> bool:
    """Tell whether nothing hangs on a bridge any more; one that is in use is another engine's, which has come since."""
    deadline = time.monotonic() + LEAVE_SECONDS
    while list(Path("/sys/class/net", bridge, "brif").glob("*")):
        if time.monotonic() > deadline:
            return False
        # The kernel takes its time to delete a dead container's network.
        time.sleep(0.1)
    return True


def _remove_empty(folder: Path) -> None:
    """Remove a folder that was not there before, if nobody keeps anything in it."""
    if folder.is_dir():
        for below in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
            with suppress(OSError):
                below.rmdir()
        with suppress(OSError):
            folder.rmdir()


def _memory() -> Path:
    """Return the file of what was there before; it stands outside the engine's folder, which may get lost."""
    return cache_folder() / "docker-traces-before.json"


def _load() -> _Before:
    """Return what was noted since the machine started."""
    with suppress(FileNotFoundError, ValueError, KeyError):
        memory = json.loads(_memory().read_text())
        if memory["boot"] == kernel.boot():
            return _Before(memory["rules"], memory["absent"], memory["bridges"])
    return _Before({}, [], _bridges())
