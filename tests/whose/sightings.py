"""What the cluster had: every Job and every pod of a namespace that a watch has seen, gone ones too."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kubectl_job_operator.manifest.labels import TASK_INSTANCE_LABEL
from kubectl_job_operator.status import job_status
from tests.integration.namespace import Namespace

_REARM_SECONDS = 0.2


@dataclass
class Sighting:
    """An object as it was last seen.

    :param last: itself.
    :param digests: the task instances whose label it had, in the order of time.
    :param is_gone: whether it was deleted.
    """

    last: dict[str, Any]
    digests: list[str] = field(default_factory=list)
    is_gone: bool = False

    @property
    def uid(self) -> str:
        """Kubernetes' own."""
        return str(self.last["metadata"]["uid"])

    @property
    def verdict(self) -> str:
        """What came of a Job: ``Complete``, ``Failed`` or nothing yet."""
        found = job_status.verdict(self.last)
        return found.type if found else ""


@dataclass(frozen=True)
class Work:
    """The work of a pod's container.

    :param job_uid: its Job's.
    :param digest: the task instance.
    :param began: in seconds since 1970.
    :param ended: the same; endless while it runs.
    :param exit_code: its own; ``None`` while it runs, or where nobody saw it.
    """

    job_uid: str
    digest: str
    began: float
    ended: float
    exit_code: int | None


class Sightings:
    """Watches a namespace from ``start`` to ``stop``."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._seen: dict[str, dict[str, Sighting]] = {"jobs": {}, "pods": {}}
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._is_over = False
        self._threads = [threading.Thread(target=self._work, args=(one,), daemon=True) for one in self._seen]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End."""
        self._is_over = True
        for process in self._processes.values():
            process.kill()
        for thread in self._threads:
            thread.join(timeout=30)

    def jobs(self, name: str) -> list[Sighting]:
        """Return the Jobs that a scene ever had, the first one first: those of its name, with a suffix or not."""
        found = [
            one
            for one in list(self._seen["jobs"].values())
            if one.last["spec"]["template"]["metadata"]["labels"].get("scene") == name
        ]
        return sorted(found, key=lambda one: str(one.last["metadata"]["creationTimestamp"]))

    def work(self, name: str) -> list[Work]:
        """Return what the containers of a scene's pods did."""
        pods = [one for one in list(self._seen["pods"].values()) if _labels(one).get("scene") == name]
        return [work for work in map(_work_of, pods) if work is not None]

    def _work(self, resource: str) -> None:
        while not self._is_over:
            with suppress(ValueError):
                self._watch(resource)
            time.sleep(_REARM_SECONDS)

    def _watch(self, resource: str) -> None:
        command = self._namespace.command("get", resource, "--watch", "--output-watch-events", "-o", "json")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            self._processes[resource] = process
            for line in process.stdout or ():
                self._see(resource, json.loads(line))

    def _see(self, resource: str, event: dict[str, Any]) -> None:
        thing = event["object"]
        seen = self._seen[resource].setdefault(thing["metadata"]["uid"], Sighting(thing))
        seen.last = thing
        seen.is_gone = event["type"] == "DELETED"
        digest = _labels(seen).get(TASK_INSTANCE_LABEL, "")
        if digest not in seen.digests:
            seen.digests.append(digest)


def _labels(one: Sighting) -> dict[str, str]:
    labels: dict[str, str] = one.last["metadata"].get("labels") or {}
    return labels


def _work_of(pod: Sighting) -> Work | None:
    owners = pod.last["metadata"].get("ownerReferences") or [{"uid": ""}]
    for status in (pod.last.get("status") or {}).get("containerStatuses") or ():
        ended, running = status["state"].get("terminated"), status["state"].get("running")
        began = (ended or running or {}).get("startedAt")
        if began:
            return Work(
                owners[0]["uid"],
                pod.digests[0],
                _unix(began),
                _unix(ended["finishedAt"]) if ended else _unix_of_end(pod),
                ended["exitCode"] if ended else None,
            )
    return None


def _unix_of_end(pod: Sighting) -> float:
    """Return when a pod that nobody saw end was gone at the latest."""
    deleted = pod.last["metadata"].get("deletionTimestamp")
    return _unix(deleted) if pod.is_gone and deleted else float("inf")


def _unix(text: str) -> float:
    # Python 3.10 reads no Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
