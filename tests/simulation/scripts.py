"""Random scripts of kubectl, to be run by the small Kubernetes and by a real one, and what is compared."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubectl_job_operator.kubectl.stderr import explain
from kubectl_job_operator.objects import Object
from tests.simulation.cluster import Cluster
from tests.simulation.controllers import Controllers, ended
from tests.simulation.host import CallFaults, Host, Run
from tests.simulation.kubectl import Kubectl
from tests.simulation.world import World

GRACE_SECONDS = 600
NAMES = {"one": 1, "two": 2}
"""How many pods a Job of that name has at once."""
_OWNERS = ("ada", "bob")
AS_SEEN = "/apis/batch/v1/namespaces/{namespace}/jobs/%s?propagationPolicy=Background&uid={uid}&resourceVersion=%s"
"""Where a Job is deleted if it still is what it was, by its name and its version; ``filled_in`` knows the rest."""
_MANIFEST = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
  labels: {{owner: {owner}}}
spec:
  backoffLimit: 0
  completions: 3
  parallelism: {pods}
  template:
    metadata:
      labels: {{owner: {owner}}}
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: {grace}
      containers:
      - name: main
        image: busybox:1.36
        imagePullPolicy: IfNotPresent
        command: [sh, -c, "sleep 3600; true"]
"""


@dataclass(frozen=True)
class Seen:
    """What came of a command.

    :param command: without what chooses the cluster.
    :param outcome: ``ok``, or the kind of the failure as the package reads it.
    :param jobs: for each Job whose it is by its label, whether it is leaving, how it has ended, and how many pods run.
    """

    command: str
    outcome: str
    jobs: dict[str, tuple[str, bool, str, int]]


def script(seed: int, folder: Path, length: int = 12) -> Iterator[tuple[str, ...]]:
    """Yield random commands, without the program and what chooses the cluster; ``filled_in`` makes them whole."""
    chance = random.Random(seed)
    for name, pods in NAMES.items():
        for owner in _OWNERS:
            text = _MANIFEST.format(name=name, owner=owner, grace=GRACE_SECONDS, pods=pods)
            (folder / f"{name}-{owner}.yaml").write_text(text)
    for _ in range(length):
        yield _command(chance, folder)


def _command(chance: random.Random, folder: Path) -> tuple[str, ...]:
    name, owner, other = chance.choice(list(NAMES)), chance.choice(_OWNERS), chance.choice(_OWNERS)
    file = folder / f"{name}-{owner}.yaml"
    apply = ("apply", "--server-side", f"--field-manager={owner}", "-f", str(file), "-o", "json")
    delete = ("delete", "job", "-l", f"owner={owner}")
    return chance.choice(
        (
            apply,
            apply,
            apply,
            ("get", f"job/{name}", "-o", "json", "--ignore-not-found"),
            ("label", "job", "-l", f"owner={owner}", f"owner={other}", "--overwrite"),
            ("label", "job", "-l", f"owner={owner}", f"--field-selector=metadata.name={name}", "try=2", "--overwrite"),
            ("patch", f"job/{name}", "--type=merge", "-p", '{"spec": {"ttlSecondsAfterFinished": 3600}}'),
            (*delete, "--wait=false"),
            (*delete, f"--field-selector=metadata.name={name}", "--cascade=foreground", "--timeout=2s"),
            ("delete", "--raw", AS_SEEN % (name, chance.choice(("{resourceVersion}", "1")))),
            ("wait", f"job/{name}", "--for=condition=complete", "--timeout=1s", "-o", "json"),
            ("wait", f"job/{name}", "--for=delete", "--timeout=1s"),
        )
    )


def filled_in(command: Sequence[str], namespace: str, jobs: Callable[[], Sequence[Object]]) -> tuple[str, ...]:
    """Write into a command that deletes a Job as it was seen where that is, and as what it is there.

    :param jobs: gives all of the namespace.
    """
    if "--raw" not in command:
        return tuple(command)
    name = command[-1].partition("?")[0].rpartition("/")[2]
    unseen = {"uid": "0", "resourceVersion": "1"}
    seen = next((job["metadata"] for job in jobs() if job["metadata"]["name"] == name), unseen)
    address = command[-1].format(namespace=namespace, uid=seen["uid"], resourceVersion=seen["resourceVersion"])
    return (*command[:-1], address)


def outcome_of(command: Sequence[str], return_code: int, stderr: str) -> str:
    """Tell what came of a command as the package would."""
    return explain(("kubectl", *command), return_code, stderr).kind.value if return_code else "ok"


def are_pods_started(jobs: Sequence[Object]) -> bool:
    """Whether all pods of Jobs that are not leaving or failing run, as far as the Jobs know."""
    there = [job for job in jobs if "deletionTimestamp" not in job["metadata"]]
    known = [(job.get("status") or {}, job["spec"]["parallelism"]) for job in there]
    return all(status.get("conditions") or status.get("ready") == wanted for status, wanted in known)


def jobs_in(found: Sequence[Object]) -> dict[str, tuple[str, bool, str, int]]:
    """Tell of Jobs what is compared; of one that is leaving nobody counts the pods any more."""
    return {
        job["metadata"]["name"]: (
            job["metadata"].get("labels", {}).get("owner", ""),
            "deletionTimestamp" in job["metadata"],
            ended({"status": job.get("status") or {}}),
            0 if "deletionTimestamp" in job["metadata"] else (job.get("status") or {}).get("ready", 0),
        )
        for job in found
    }


class _Idle(Controllers):
    """Pods that run until they are ended, and take all the time that they get for it."""

    def seconds_of_work(self, uid: str) -> float:  # noqa: ARG002 - all are alike
        return 3_600.0

    def seconds_to_end(self, uid: str) -> tuple[float, float]:  # noqa: ARG002 - all are alike
        return GRACE_SECONDS, GRACE_SECONDS


class Model:
    """The small Kubernetes, for a script.

    :param seed: of its chance.
    """

    def __init__(self, seed: int) -> None:
        self.world = World(f"script {seed}")
        self.cluster = Cluster(self.world)
        kubectl = Kubectl(self.cluster, _Idle(self.cluster))
        self._host = Host("script", self.world, self.world.machine, kubectl, CallFaults(), lambda _: None)

    def run(self, command: Sequence[str]) -> Seen:
        """Run a command to its end, let new pods start, and tell what came of it."""
        ends: list[tuple[int, str, str]] = []
        whole = filled_in(command, "here", lambda: self.cluster.select("jobs"))

        def run() -> None:
            argv = ("kubectl", "-n", "here", *whole)
            ends.append(Run(self._host, argv, lambda: False, None).live())

        self.world.spawn(run, "kubectl")
        self.world.run(lambda: bool(ends) and self._are_pods_started(), 600.0)
        (code, _, stderr), jobs = ends[0], self.cluster.select("jobs")
        return Seen(" ".join(command), outcome_of(command, code, stderr), jobs_in(jobs))

    def _are_pods_started(self) -> bool:
        return are_pods_started(self.cluster.select("jobs"))
