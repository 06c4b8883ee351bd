"""The Docker engine: the one that answers on this machine, else a private one that we start and take away again."""

import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.debian import cgroups, kernel, mounts, packages, processes, sockets, suites
from tests.cluster.debian.commands import SYSTEM_PATH, output_of
from tests.cluster.errors import ClusterError
from tests.cluster.kubernetes import build, modules
from tests.cluster.paths import engine_folder
from tests.cluster.progress import step

from . import traces

# Debian 12's engine asks for every capability that it knows, and fails where root lacks one; this one takes what is
# there, and runs on Debian 12's libraries too.
SUITE = "trixie"
PACKAGES = ("docker.io", "docker-cli")
TO_RUN = ("iptables", "runc", "iproute2", "procps", "mount")
# Apart from the node's own network, and from kind's networks inside the nodes.
ADDRESS_POOL = "10.215.0.0/16"
ANSWER_SECONDS = 20
START_SECONDS = 60
PROGRAMS = ("dockerd", "containerd", "docker-proxy", *processes.POD_PROGRAMS)


@dataclass(frozen=True)
class Engine:
    """A Docker engine that answers.

    :param environment: what a program needs in its environment to reach it.
    :param is_ours: whether it is the private one.
    """

    environment: dict[str, str]
    is_ours: bool

    def docker(self, *arguments: str, seconds: float = 120) -> str:
        """Run docker to its end and return its stdout."""
        return output_of(("docker", *arguments), environment=self.environment, seconds=seconds)


def found() -> Engine | None:
    """Return the engine that answers on this machine without our doing, if any."""
    engine = Engine(dict(os.environ), is_ours=False)
    return engine if shutil.which("docker") and _answers(engine) else None


def private() -> Engine | None:
    """Return our own engine if it runs and answers."""
    engine = _private()
    return engine if _socket().exists() and _answers(engine) else None


def start() -> Engine:
    """Start our own engine; what is left of an earlier one is cleared away first."""
    stop()
    packages.install(TO_RUN)
    folder, programs = engine_folder(), _programs()
    folder.mkdir(parents=True, mode=0o700)
    (folder / "dockerd.json").write_text("{}\n")
    with step("start a private Docker engine"):
        traces.remember()
        # Docker closes the machine's forwarding to everybody where it has to switch it on itself.
        kernel.set_value("net/ipv4/ip_forward", "1")
        record = processes.start(
            (
                *("dockerd", "--config-file", str(folder / "dockerd.json"), "--host", _address()),
                *("--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")),
                *("--pidfile", str(folder / "dockerd.pid"), "--storage-driver", "overlay2"),
                *("--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", f"/{traces.cgroup()}"),
                # kind makes a network of its own; nothing uses the usual bridge.
                *("--bridge", "none", "--default-address-pool", f"base={ADDRESS_POOL},size=24"),
            ),
            folder / "dockerd.log",
            path=os.pathsep.join((*programs, SYSTEM_PATH)),
        )
        deadline = time.monotonic() + START_SECONDS
        while not (engine := private()):
            if time.monotonic() > deadline or not processes.is_alive(record):
                words = "\n".join((folder / "dockerd.log").read_text(errors="replace").splitlines()[-15:])
                raise ClusterError(f"The private Docker engine does not come up; its last words:\n{words}")
            time.sleep(0.1)
    return engine


def stop() -> bool:
    """Take our own engine away with everything that it kept, and tell whether there was anything of it."""
    folder = engine_folder()
    if not (folder.exists() or processes.belonging_to(folder, PROGRAMS) or traces.exist()):
        return False
    with step("stop the private Docker engine"):
        daemons = processes.belonging_to(folder, ("dockerd",))
        for pid in daemons:
            processes.send(pid, signal.SIGTERM)
        try:
            processes.wait_until_gone(daemons, 20)
        except ClusterError:
            processes.kill(daemons)
        cgroups.kill_all(traces.cgroup())
        pids = processes.belonging_to(folder, PROGRAMS)
        shim_sockets = sockets.of(pids)
        processes.kill(pids)
        mounts.unmount_below(folder)
        sockets.delete(shim_sockets)
        traces.remove()
        if folder.exists():
            shutil.rmtree(folder)
    return True


def _programs() -> tuple[str, ...]:
    """Return the folders of the engine's programs."""
    docker = suites.unpacked(f"docker-{SUITE}", SUITE, PACKAGES)
    return str(build.programs(modules.CONTAINERD)), str(docker / "usr/sbin"), str(docker / "usr/bin")


def _private() -> Engine:
    folders = [path for path in (suites.built(f"docker-{SUITE}") / "usr/bin",) if path.is_dir()]
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", ""), SYSTEM_PATH])
    # A context of the caller's would win over the host.
    environment = {name: value for name, value in os.environ.items() if name != "DOCKER_CONTEXT"}
    return Engine({**environment, "PATH": path, "DOCKER_HOST": _address()}, is_ours=True)


def _socket() -> Path:
    return engine_folder() / "docker.sock"


def _address() -> str:
    return f"unix://{_socket()}"


def _answers(engine: Engine) -> bool:
    """Tell whether the engine itself answers, not its client alone."""
    try:
        return bool(engine.docker("info", "--format", "{{.ServerVersion}}", seconds=ANSWER_SECONDS).strip())
    except ClusterError:
        return False
