"""The faults: how each is brought about, how often at once, and what it excuses."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.cluster import faults
from tests.faults import gate
from tests.faults.dag import Life, Stage
from tests.faults.judge import Rules
from tests.faults.observe import Kubectl
from tests.faults.plan import TaskPlan
from tests.faults.telling import OF_API_SERVER, OF_NODE, Telling

_TMPFS_SIZE = "256k"
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
KUBECTL_FAILURES = (subprocess.SubprocessError, ValueError)


@dataclass(frozen=True)
class Scene:
    """What a fault needs to strike.

    :param stage: where the task instances play.
    :param kubectl: the bench's own.
    :param chance: draws what is left open.
    """

    stage: Stage
    kubectl: Kubectl
    chance: random.Random


Mend = Callable[[], None]
Aim = Callable[[TaskPlan], tuple[float, float]]


def nothing_to_mend() -> None:
    """Most faults pass by themselves."""


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    :param name: for the command line.
    :param title: for the table.
    :param rules: what it excuses.
    :param retries: of each task.
    :param backoff_limits: of the Jobs, to choose from.
    :param hit: strikes one try, whose task instance has this index; returns how to mend it, or ``None`` if there was
        nothing to strike yet.
    :param break_cluster: strikes all that run; returns when the cluster serves again.
    :param aim: when to strike, earliest and latest, in seconds from the start of a try; its tasks then come in waves,
        and each wave is struck once. Without it whatever runs is struck now and then.
    :param telling: what the task's log must say of it.
    :param toleration_seconds: how long the Jobs' pods bear a node that is lost.
    :param needs_kind: whether only a node of kind can be broken so.
    """

    name: str
    title: str
    rules: Rules
    retries: int = 1
    backoff_limits: tuple[int, ...] = (0, 1, 2)
    hit: Callable[[Scene, Life, int], Mend | None] | None = None
    break_cluster: Callable[[Scene], None] | None = None
    needs_kind: bool = False
    aim: Aim | None = None
    telling: Telling | None = None
    toleration_seconds: int | None = None


def _signal(life: Life, pid: int, number: signal.Signals) -> Mend | None:
    """Send a signal, unless the try is over: its supervisor may have the next task instance by now."""
    with suppress(psutil.Error, ProcessLookupError):
        if psutil.Process(life.pid).ppid() == life.supervisor:
            os.kill(pid, number)
            return nothing_to_mend
    return None


def kill_worker(_: Scene, life: Life, index: int) -> Mend | None:
    """Kill the task process or its supervisor; the six phases of a life get both."""
    return _signal(life, life.pid if index // 6 % 2 == 0 else life.supervisor, signal.SIGKILL)


def stop_worker(_: Scene, life: Life, __: int) -> Mend | None:
    """Tell the supervisor to stop."""
    return _signal(life, life.supervisor, signal.SIGTERM)


def delete_pod(scene: Scene, life: Life, _: int) -> Mend | None:
    """Delete the pod of the Job, gently or at once."""
    with suppress(*KUBECTL_FAILURES):
        pods = json.loads(scene.kubectl.run("get", "pods", "-l", f"job-name={life.task_id}", "-o", "json"))["items"]
        living = [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        how = scene.chance.choice((("--wait=false",), ("--grace-period=0", "--force")))
        if living and scene.kubectl.does("delete", "pod", living[0], *how):
            return nothing_to_mend
    return None


def delete_job(scene: Scene, life: Life, _: int) -> Mend | None:
    """Delete the Job."""
    is_deleted = scene.kubectl.does("delete", "job", life.task_id, "--wait=false")
    return nothing_to_mend if is_deleted else None


def kill_kubectl(scene: Scene, life: Life, _: int) -> Mend | None:
    """Kill one of the kubectls of the try."""
    with suppress(psutil.Error):
        children = psutil.Process(life.pid).children(recursive=True)
        kubectls = [child for child in children if child.name() == "kubectl"]
        if kubectls:
            scene.chance.choice(kubectls).kill()
            return nothing_to_mend
    return None


def fill_disk(scene: Scene, life: Life, _: int) -> Mend:
    """Fill the small disk that its temporary files are on."""
    filler = scene.stage.tmp / life.task_id / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return lambda: filler.unlink(missing_ok=True)


def mount_small_disks(folders: list[Path]) -> None:
    """Give each folder a file system of its own that is soon full."""
    for folder in folders:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_TMPFS_SIZE}", "tmpfs", str(folder)], check=True)


def unmount_small_disks(folders: list[Path]) -> None:
    """Take them away again."""
    for folder in folders:
        if folder.is_mount():
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


def _break_api_server_for_long(scene: Scene) -> None:
    faults.kill("kube-apiserver")
    time.sleep(scene.chance.uniform(5, 25))
    faults.start("kube-apiserver")


def break_api_server(scene: Scene) -> None:
    """Kill the API server, and start it again; of five times it is away for long once."""
    faults.kill("kube-apiserver")
    time.sleep(scene.chance.uniform(8, 60) if scene.chance.random() < 0.2 else scene.chance.uniform(1, 8))
    faults.start("kube-apiserver")


def freeze_etcd(_: Scene) -> None:
    """Freeze what the API server keeps all in."""
    faults.pause("etcd")
    time.sleep(10)
    faults.resume("etcd")


def restart_kubelet(scene: Scene) -> None:
    """Kill the kubelet of the node that runs the pods, and start it again."""
    faults.kill("kubelet")
    time.sleep(scene.chance.uniform(0, 5))
    faults.start("kubelet")


def kill_node(scene: Scene) -> None:
    """Cut the node's power, and start it again."""
    faults.kill("node")
    time.sleep(scene.chance.uniform(2, 45))
    faults.start("node")


def _freeze_node(_: Scene) -> None:
    faults.pause("node")
    time.sleep(90)
    faults.resume("node")


def let_node_be_dead(_: Scene) -> None:
    """Do the same, for so long that its pods are given up."""
    faults.kill("node")
    time.sleep(150)
    faults.start("node")


def drain_node(scene: Scene) -> None:
    """Drain the node, and let pods come back to it later."""
    node = node_with_pods(scene.kubectl)
    # What is drained shall not come back to it at once, as it is with a node that is renewed.
    how = ("--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=25s")
    try:
        scene.kubectl.run("drain", node, *how)
        time.sleep(scene.chance.uniform(15, 30))
    finally:
        scene.kubectl.run("uncordon", node)


def node_with_pods(kubectl: Kubectl) -> str:
    """Return the name of the node that runs the pods."""
    names = [one["metadata"] for one in kubectl.objects("nodes")]
    return next(str(one["name"]) for one in names if _CONTROL_PLANE not in one["labels"])


def wait_until_served(kubectl: Kubectl) -> None:
    """Return when the API server answers out of its store."""
    deadline = time.monotonic() + 120
    while not kubectl.does("get", "jobs", "--request-timeout=2s"):
        if time.monotonic() > deadline:
            raise RuntimeError("the API server did not come back")
        time.sleep(0.1)


def _of_api_server(name: str, when: str, aim: Aim) -> Fault:
    return Fault(
        f"api-server-{name}",
        f"API server killed {when}",
        Rules(),
        retries=2,
        break_cluster=_break_api_server_for_long,
        aim=aim,
        telling=OF_API_SERVER,
    )


def _of_node(
    name: str,
    title: str,
    break_cluster: Callable[[Scene], None],
    *,
    retries: int = 1,
    toleration_seconds: int | None = None,
) -> Fault:
    return Fault(
        name,
        title,
        Rules(),
        retries=retries,
        break_cluster=break_cluster,
        needs_kind=True,
        aim=gate.any_time,
        telling=OF_NODE,
        toleration_seconds=toleration_seconds,
    )


FAULTS = (
    Fault("worker-kill", "SIGKILL of the worker", Rules(kills_workers=True), hit=kill_worker),
    Fault("worker-stop", "SIGTERM of the worker", Rules(), hit=stop_worker),
    Fault("timeout", "execution_timeout", Rules(ends_jobs=True, ends_tasks=True)),
    Fault(
        "api-server",
        "API server killed",
        Rules(),
        retries=2,
        break_cluster=break_api_server,
        telling=OF_API_SERVER,
    ),
    _of_api_server("before", "before the start", gate.before_the_start),
    _of_api_server("amid", "while the Job runs", gate.amid),
    _of_api_server("verdict", "at the verdict", gate.at_the_verdict),
    Fault("etcd", "etcd paused for 10 s", Rules(), retries=2, break_cluster=freeze_etcd),
    Fault("pod", "a pod deleted", Rules(), hit=delete_pod),
    Fault("job", "the Job deleted", Rules(ends_jobs=True), hit=delete_job),
    Fault("kubelet", "kubelet restarted", Rules(), break_cluster=restart_kubelet),
    _of_node("drain", "worker node drained", drain_node),
    _of_node("node", "worker node killed, started", kill_node, retries=2),
    _of_node("dead-node", "worker node dead for 150 s", let_node_be_dead, retries=2, toleration_seconds=20),
    _of_node("frozen-node", "worker node frozen for 90 s", _freeze_node),
    Fault("kubectl", "a kubectl killed", Rules(), hit=kill_kubectl),
    Fault("disk", "temporary disk full", Rules(stops_start=True), retries=3, hit=fill_disk),
)
