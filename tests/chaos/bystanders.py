"""Things in the namespace that are nobody's here, and that nobody may touch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kubectl_job_operator.manifest.labels import MANAGED_BY_LABEL, TASK_INSTANCE_LABEL
from tests.faults.judge import Finding, Harm
from tests.faults.observe import Kubectl

_LABELS = {MANAGED_BY_LABEL: "kubectl-job-operator", TASK_INSTANCE_LABEL: "0123456789abcdef"}
"""As those of a task instance of another Airflow."""
_POD = {
    "restartPolicy": "Never",
    "containers": [{"name": "main", "image": "busybox:1.36", "command": ["true"]}],
}
_THINGS: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bystander"}, "data": {"a": "b"}},
    {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "bystander-of-another-airflow", "labels": _LABELS},
        "data": {"a": "b"},
    },
    {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "bystander-of-another-airflow", "labels": _LABELS},
        "spec": {"suspend": True, "template": {"metadata": {"labels": _LABELS}, "spec": _POD}},
    },
]


class Bystanders:
    """Make them.

    :param kubectl: the bench's own.
    """

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        kubectl.run("create", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": _THINGS}))
        self._before = self._look()

    def judge(self) -> Iterator[Finding]:
        """Return what was done to them."""
        now = self._look()
        for name, before in self._before.items():
            if now.get(name) != before:
                what = "changed" if name in now else "deleted"
                yield Finding(Harm.OTHERS, name, f"somebody has {what} it")

    def _look(self) -> dict[str, tuple[Any, ...]]:
        names = [f"{one['kind'].lower()}/{one['metadata']['name']}" for one in _THINGS]
        listed = json.loads(self._kubectl.run("get", *names, "--ignore-not-found", "-o", "json") or "{}")
        return {f"{one['kind']}/{one['metadata']['name']}": essence(one) for one in listed.get("items", [listed])}


def essence(thing: dict[str, Any]) -> tuple[Any, ...]:
    """Return what of it only somebody's deed changes; a controller may write its status."""
    metadata = thing["metadata"]
    kept = (metadata["uid"], metadata.get("deletionTimestamp"), metadata.get("labels"), metadata.get("annotations"))
    return (*kept, thing.get("data"), thing.get("spec"))
