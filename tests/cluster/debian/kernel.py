"""Kernel settings that Kubernetes changes on its node: remembered before, put back after."""

import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.cluster.paths import cache_folder

from .commands import SYSTEM_PATH, system_environment

SETTINGS = (
    *("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"),
    *("kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"),
    *("net/ipv4/ip_forward", "net/ipv4/conf/all/route_localnet", "net/bridge/bridge-nf-call-iptables"),
    *("net/netfilter/nf_conntrack_tcp_timeout_established", "net/netfilter/nf_conntrack_tcp_timeout_close_wait"),
)
SYS = Path("/proc/sys")


def _memory() -> Path:
    """Return the file with the values from before; it stands outside the node's folder, which may get lost."""
    return cache_folder() / "kernel-settings-before.json"


def boot() -> str:
    """Return what tells this run of the kernel from the one before a reboot."""
    return (SYS / "kernel/random/boot_id").read_text().strip()


def load_modules() -> None:
    """Load what containers need; most kernels load or hold it by themselves."""
    if not shutil.which("modprobe", path=SYSTEM_PATH):
        return
    for module in ("overlay", "br_netfilter"):
        subprocess.run(("modprobe", "-q", module), env=system_environment(), capture_output=True, check=False)


def remember() -> None:
    """Write down the settings as they are, unless that was done and never put back."""
    if _load():
        return
    values = {name: (SYS / name).read_text().strip() for name in SETTINGS if (SYS / name).exists()}
    _memory().write_text(json.dumps({"boot": boot(), "values": values}))


def set_value(name: str, value: str) -> None:
    """Change one setting, which `restore` will put back."""
    (SYS / name).write_text(value)


def restore() -> None:
    """Put the settings back."""
    for name, value in _load().items():
        if (SYS / name).exists() and (SYS / name).read_text().strip() != value:
            (SYS / name).write_text(value)
    _memory().unlink(missing_ok=True)


def _load() -> dict[str, str]:
    """Return the settings that were written down since the machine started."""
    with suppress(FileNotFoundError, ValueError):
        memory = json.loads(_memory().read_text())
        if memory["boot"] == boot():
            return dict(memory["values"])
    return {}
