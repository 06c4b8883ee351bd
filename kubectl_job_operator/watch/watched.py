"""What a watch of many Jobs and pods is asked for, and what is kept of each: little, for there may be thousands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_job_operator import objects
from kubectl_job_operator.manifest.labels import FAILURE_WHEN, MANAGED_BY_LABEL, PREFIX, SECRETS_COME_LATE, SUCCESS_WHEN
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status
from kubectl_job_operator.status.bearing import Bearing, bearing_of, failed_part

OURS = f"{MANAGED_BY_LABEL}={PREFIX}"
"""The label selector of every Job and pod that this package has made."""

# Of a pod only what tells why it does not run: its whole JSON is five times as long, and most of it never changes.
_POD_FIELDS = (
    "{.type}",
    "{.object.kind}",
    "{.object.metadata.name}",
    "{.object.metadata.uid}",
    '{.object.metadata.ownerReferences[?(@.kind=="Job")].uid}',
    "{.object.metadata.creationTimestamp}",
    "{.object.metadata.deletionTimestamp}",
    "{.object.spec.nodeName}",
    '{.object.spec.initContainers[?(@.restartPolicy=="Always")].name}',
    "{.object.status}",
)
# Not a tab: kubectl makes columns of them.
POD_OUTPUT = "jsonpath=" + "|".join(_POD_FIELDS) + '{"\\n"}'
"""What kubectl prints of each event of a pod: a line of fields, of which the last is JSON."""

_JOB_METADATA = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "finalizers")
_JOB_ANNOTATIONS = (SUCCESS_WHEN, FAILURE_WHEN, SECRETS_COME_LATE)
_JOB_SPEC = ("selector", "suspend", "backoffLimit", "parallelism", "completions", "managedBy", "podReplacementPolicy")
_JOB_STATUS = (
    "conditions",
    "active",
    "ready",
    "terminating",
    "succeeded",
    "failed",
    "uncountedTerminatedPods",
    "startTime",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """An event of a watch.

    :param uid: of the object.
    :param is_gone: whether the object was deleted.
    :param text: what is kept of it, as JSON, which takes a tenth of the memory.
    :param owner: the UID of the Job that a pod belongs to; empty for a Job.
    :param is_over: whether it is a Job that has its verdict.
    :param bearing: what a pod may have to tell; ``None`` for a Job.
    :param created: when a pod was created.
    """

    uid: str
    is_gone: bool
    text: str
    owner: str = ""
    is_over: bool = False
    bearing: Bearing | None = None
    created: str = ""


def read_job(line: bytes) -> Seen | None:
    """Read an event of a Job that was printed as JSON; ``None`` if it is not about one.

    :raises ValueError: if it is not JSON.
    """
    event = json.loads(line)
    job = event.get("object") or {}
    if job.get("kind") != "Job":
        return None  # as an error of the server; the watch ends by itself then
    return Seen(
        objects.uid(job),
        event.get("type") == "DELETED",
        _short(short_job(job)),
        is_over=job_status.verdict(job) is not None,
    )


def short_job(job: Object) -> Object:
    """Return the part of a Job from which its end, and why it does not start, is told."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _part(job["metadata"], _JOB_METADATA)
        | {"annotations": _part(job["metadata"].get("annotations") or {}, _JOB_ANNOTATIONS)},
        "spec": _part(job.get("spec") or {}, _JOB_SPEC),
        "status": _part(job.get("status") or {}, _JOB_STATUS),
    }


def read_pod(line: bytes) -> Seen | None:
    """Read an event of a pod that was printed as ``POD_OUTPUT``; ``None`` if it is not about one of a Job.

    :raises ValueError: if it is something else.
    """
    type_, kind, name, uid, owner, created, deleted, node, sidecars, state = line.decode().split("|", 9)
    if kind != "Pod" or not owner:
        return None
    pod = {
        "kind": "Pod",
        "metadata": {"name": name, "uid": uid, "creationTimestamp": created}
        | ({"deletionTimestamp": deleted} if deleted else {}),
        "spec": {
            "nodeName": node,
            "initContainers": [{"name": sidecar, "restartPolicy": "Always"} for sidecar in sidecars.split()],
        },
        "status": json.loads(state or "{}"),
    }
    bearing = bearing_of(pod)
    text = _short(failed_part(pod) if bearing is Bearing.FAILED else pod)
    return Seen(uid, type_ == "DELETED", text, owner, bearing=bearing, created=created)


def _part(whole: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: whole[key] for key in keys if key in whole}


def _short(value: Object) -> str:
    return json.dumps(value, separators=(",", ":"))
