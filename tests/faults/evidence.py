"""What is known of a task instance from others than the operator: the API server, its audit log, the containers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from kubectl_job_operator.manifest.labels import TASK_INSTANCE_LABEL
from kubectl_job_operator.status import job_status
from tests.faults.deployment import Try
from tests.faults.plan import TaskPlan
from tests.faults.telling import Told

COMPLETE, FAILED = job_status.COMPLETE, job_status.FAILED


@dataclass(frozen=True)
class JobLife:
    """A Job from its creation to its deletion, as a watch saw it; times are Unix times at which the watch told.

    :param uid: tells it from others of the same name.
    :param name: the task instance's id, too.
    :param digest: the task instance's label.
    :param created_at: when it came.
    :param verdict: ``Complete`` or ``Failed``; empty while there is none.
    :param ended_at: when it got its verdict.
    :param deleted_at: when it was gone.
    """

    uid: str
    name: str
    digest: str
    created_at: float
    verdict: str = ""
    ended_at: float | None = None
    deleted_at: float | None = None


@dataclass(frozen=True)
class Container:
    """A container's run, as it recorded itself; times are seconds since the machine's start.

    :param job_uid: its Job's.
    :param pod: its pod's name.
    :param started_at: when it began.
    :param ended_at: when its work was done; ``None`` if it never was.
    :param stopped_at: when it was told to stop before that; ``None`` if it was not, or could not say so.
    """

    job_uid: str
    pod: str
    started_at: float
    ended_at: float | None = None
    stopped_at: float | None = None


@dataclass(frozen=True)
class Request:
    """A request of a worker's kubectl in the audit log.

    :param at: when the API server got it, as Unix time.
    :param verb: Kubernetes' word.
    :param uri: path and query.
    :param code: the answer's HTTP status; 0 if there was none.
    """

    at: float
    verb: str
    uri: str
    code: int

    def creates_job(self, name: str) -> bool:
        """Whether it brought this Job into being."""
        is_its = re.search(rf"/jobs/{re.escape(name)}(\?|$)", self.uri) is not None
        return self.verb in ("create", "patch") and self.code == 201 and is_its


@dataclass(frozen=True)
class Leftovers:
    """What is there of a task instance after its end.

    :param jobs: names of Jobs.
    :param config_maps: names of ConfigMaps.
    :param pods: names of pods, by the UID of their Job.
    :param folders: our folders among its temporary files, each with the names of the files in it.
    :param other_files: temporary files that are in none of these.
    :param kubectls: command lines of kubectl processes.
    """

    jobs: tuple[str, ...] = ()
    config_maps: tuple[str, ...] = ()
    pods: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_files: tuple[str, ...] = ()
    kubectls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """All that is known of one task instance.

    :param plan: what it was to do.
    :param state: Airflow's word at the end; empty if it had not ended.
    :param tries: Airflow's account of its tries.
    :param jobs: its Jobs, the first one first.
    :param containers: their containers' runs.
    :param requests: its workers' requests.
    :param leftovers: what it left.
    :param is_hit: whether a fault hit it.
    :param told: how the faults that struck it were told in its log.
    :param clears: when a user cleared it, as Unix times.
    :param mark: the state that a user gave it last, and that no Clear took away; empty for none.
    """

    plan: TaskPlan
    state: str
    tries: Sequence[Try] = ()
    jobs: Sequence[JobLife] = ()
    containers: Sequence[Container] = ()
    requests: Sequence[Request] = ()
    leftovers: Leftovers = field(default_factory=Leftovers)
    is_hit: bool = False
    told: Sequence[Told] = ()
    clears: Sequence[float] = ()
    mark: str = ""

    def is_cleared_between(self, earlier: JobLife, later: JobLife) -> bool:
        """Whether a user asked for the work anew after the try began that made one Job, and before another was made."""
        begins = [one.started_at for one in self.tries if one.started_at and one.started_at <= earlier.created_at]
        return any(max(begins, default=earlier.created_at) <= at <= later.created_at for at in self.clears)


def hits_of_timeout(evidence: Evidence) -> int:
    """Count the tries that failed when the task's own ``execution_timeout`` was over."""
    limit = evidence.plan.execution_timeout_seconds
    if limit is None:
        return 0
    spans = [
        one.ended_at - one.started_at
        for one in evidence.tries
        if one.state != "success" and one.started_at and one.ended_at
    ]
    return sum(span >= limit for span in spans)


def after_event(lives: Mapping[str, JobLife], kind: str, job: Mapping[str, Any], at: float) -> dict[str, JobLife]:
    """Return the Jobs' lives, by UID, after one event of a watch."""
    metadata, verdict = job["metadata"], job_status.verdict(job)
    labels = metadata.get("labels") or {}
    uid = metadata["uid"]
    life = lives.get(uid) or JobLife(uid, metadata["name"], labels.get(TASK_INSTANCE_LABEL, ""), at)
    if verdict is not None and life.ended_at is None:
        life = replace(life, verdict=verdict.type, ended_at=at)
    if kind == "DELETED" and life.deleted_at is None:
        life = replace(life, deleted_at=at)
    return {**lives, uid: life}


def without_missing(lives: Mapping[str, JobLife], listed: Iterable[str], at: float) -> dict[str, JobLife]:
    """Return the lives after a list, which shows no Job that was deleted while nobody watched."""
    present = set(listed)
    return {
        uid: life if uid in present or life.deleted_at is not None else replace(life, deleted_at=at)
        for uid, life in lives.items()
    }


def read_records(text: str) -> list[Container]:
    """Read what the containers of a task instance wrote: lines of a word, a Job's UID, a pod's name and a time."""
    found: dict[tuple[str, str], Container] = {}
    for line in text.splitlines():
        word, uid, pod, at = line.split()
        if word == "start":
            found[uid, pod] = Container(uid, pod, float(at))
        elif word == "end":
            found[uid, pod] = replace(found[uid, pod], ended_at=float(at))
        else:
            found[uid, pod] = replace(found[uid, pod], stopped_at=float(at))
    return sorted(found.values(), key=lambda one: one.started_at)


def read_audit(lines: Iterable[str], namespace: str) -> list[Request]:
    """Return the requests of the workers' kubectls in a namespace; the bench's own impersonate somebody."""
    found = []
    for line in lines:
        if f"/namespaces/{namespace}/" not in line:
            continue
        event = json.loads(line)
        if not event.get("userAgent", "").startswith("kubectl/") or "impersonatedUser" in event:
            continue
        received = datetime.fromisoformat(event["requestReceivedTimestamp"].replace("Z", "+00:00")).timestamp()
        code = (event.get("responseStatus") or {}).get("code", 0)
        found.append(Request(received, event["verb"], event["requestURI"], code))
    return sorted(found, key=lambda one: one.at)


def requests_of(requests: Iterable[Request], name: str, marks: Iterable[str]) -> list[Request]:
    """Return the requests about one task instance: they name its Job, its pods, its digest or a Job's UID."""
    parts = [re.escape(mark) for mark in marks if mark]
    names = rf"/jobs/{name}(?![\w-])|/pods/{name}-|metadata\.name%3D{name}(?![\w-])"
    pattern = re.compile("|".join([names, *parts]))
    return [one for one in requests if pattern.search(one.uri)]
