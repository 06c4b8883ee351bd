"""One history: a world from a seed, all that happens in it, and what is known of it afterwards."""

from __future__ import annotations

import contextlib
import random
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kubectl_job_operator.attempt.settings import DeletePolicy
from kubectl_job_operator.manifest.labels import TASK_INSTANCE_LABEL
from kubectl_job_operator.objects import Object, is_being_deleted, labels_of
from tests.simulation.airflow import FINAL, Airflow
from tests.simulation.cluster import Cluster
from tests.simulation.controllers import Controllers, ended
from tests.simulation.faults import CALL_FAULTS, Fate, Fault, plan
from tests.simulation.host import CallFaults, Host
from tests.simulation.kubectl import Kubectl
from tests.simulation.swapping import in_world
from tests.simulation.tasks import SECRET, TaskInstance
from tests.simulation.triggerer import OUTAGE_TOLERANCE_SECONDS
from tests.simulation.world import Machine, StillWaitingError, World

_FOLDER = re.compile(r"/\S*kubectl-job-operator-\w{8}/")
"""Its name is the only thing that a seed does not fix."""
_LONGEST_SECONDS = 3 * 3600.0
_SOON_SECONDS, _AFTERWARDS_SECONDS = 15.0, 120.0
_DELETING_SECONDS = OUTAGE_TOLERANCE_SECONDS + 60.0
"""A triggerer tries through an outage, and its last kubectl may take its time."""


class History:
    """What happens for one seed.

    :param seed: fixes all of it.
    :param faults: what happens instead of what the seed has planned.
    """

    def __init__(self, seed: str, faults: Sequence[Fault] | None = None) -> None:
        self.seed = seed
        self.world = World(seed)
        self.faults = list(plan(self.world) if faults is None else faults)
        self.cluster = Cluster(self.world)
        self.controllers = Controllers(self.cluster)
        self.lines: list[str] = []
        self.ended: dict[str, Object] = {}
        """The Jobs that had a verdict, by UID, as they were then."""
        self.ended_at: dict[str, float] = {}
        """When, in seconds of the world."""
        self.made: list[Object] = []
        """The Jobs that were made, as they were then."""
        self.left: list[Object] = []
        """The Jobs that ran on when all tries had been over for a while."""
        self.companions_left: list[Object] = []
        """The Secrets of tasks that were there then, and no Job of the same task."""
        self.gone: dict[str, float] = {}
        """When the last Job of a task instance, by its digest, was gone, in seconds of the world."""
        self.secrets_left: list[str] = []
        """The files that hold a secret when all is over."""
        self.still_waiting = ""
        self._kubectl = Kubectl(self.cluster, self.controllers)
        self._call_faults = CallFaults(
            {(one.verb, int(one.at), one.after): one.kind for one in self.faults if one.kind in CALL_FAULTS}
        )
        self.cluster.watchers.append(self._note_object)
        with tempfile.TemporaryDirectory(prefix="simulation-") as folder, in_world(self.world):
            self.airflow = Airflow(self.world, self._make_host, str(_program_in(Path(folder))), self.note)
            self._live(folder)

    def note(self, line: str) -> None:
        """Add a line to what people read."""
        self.lines.append(f"{self.world.elapsed:9.3f}  {_FOLDER.sub('FOLDER/', line)}")

    def _live(self, folder: str) -> None:
        before, tempfile.tempdir = tempfile.tempdir, folder
        random.seed(self.seed)
        chance = self.world.draw("tasks")
        try:
            for number in range(chance.choice((1, 1, 2))):
                name = "countdown" if chance.random() < 0.5 else f"countdown-{number}"
                self.airflow.add(
                    TaskInstance(
                        f"run-{number}",
                        name,
                        chance.randrange(4),
                        chance.randrange(2),
                        chance.choice((DeletePolicy.ALWAYS, *DeletePolicy)),
                        is_deferrable=chance.random() < 0.4,
                        completions=chance.choice((1, 1, 1, 2, 3)),
                        hands_over=chance.random() < 0.5,
                    )
                )
            Fate(self.world, self.cluster, self.controllers, self.airflow).take(self.faults)
            try:
                last = max([one.at for one in self.faults if one.kind not in CALL_FAULTS], default=0.0)
                self._let_time_pass(last)
                self.world.run(self._is_over, _LONGEST_SECONDS)
                self._let_time_pass(_SOON_SECONDS)
                self.world.run(lambda: not self.airflow.triggerer.deletes_for, _DELETING_SECONDS)
                self.left = self.cluster.select("jobs", lambda job: not ended(job) and not is_being_deleted(job))
                there = {digest_of(job) for job in self.cluster.select("jobs")}
                self.companions_left = self.cluster.select("secrets", lambda one: digest_of(one) not in there)
                self._let_time_pass(_AFTERWARDS_SECONDS)
            except StillWaitingError as error:
                self.still_waiting = str(error)
            finally:
                self.secrets_left = [_FOLDER.sub("FOLDER/", str(file)) for file in _files_with_secrets(Path(folder))]
                self.world.close()
                self.airflow.triggerer.close()
        finally:
            tempfile.tempdir = before

    def _let_time_pass(self, seconds: float) -> None:
        with contextlib.suppress(StillWaitingError):
            self.world.run(lambda: False, seconds)

    def _is_over(self) -> bool:
        return all(
            one.state in FINAL and not any(each.is_alive for each in one.tries) for one in self.airflow.instances
        )

    def _make_host(self, who: str, machine: Machine) -> Host:
        return Host(who, self.world, machine, self._kubectl, self._call_faults, self.note)

    def _note_object(self, event: str, thing: Object) -> None:
        if thing["kind"] == "Job" and event == "ADDED":
            self.made.append(thing)
        if thing["kind"] == "Job" and event == "DELETED":
            self.gone[digest_of(thing)] = self.world.elapsed
        if thing["kind"] == "Job" and ended(thing):
            self.ended.setdefault(thing["metadata"]["uid"], thing)
            self.ended_at.setdefault(thing["metadata"]["uid"], self.world.elapsed)
        state = ended(thing) if thing["kind"] == "Job" else (thing.get("status") or {}).get("phase", "")
        leaving = " leaving" if "deletionTimestamp" in thing["metadata"] else ""
        name, uid = thing["metadata"]["name"], thing["metadata"]["uid"][:8]
        self.note(f"    {event} {thing['kind']} {name} ({uid}) {state}{leaving}")


def digest_of(thing: Object) -> str:
    """Tell to which task instance an object belongs; empty if to none."""
    return labels_of(thing).get(TASK_INSTANCE_LABEL, "")


def _files_with_secrets(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.rglob("*")) if file.is_file() and SECRET in file.read_text()]


def _program_in(folder: Path) -> Path:
    """Write a program that is looked for and never run."""
    program = folder / "kubectl"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    return program
