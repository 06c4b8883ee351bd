"""How long an object's name may be, so that what its controller makes out of it is a name, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.names import LONGEST_NAME
from kubectl_job_operator.objects import Object

_FIXED = {
    ("ray.io", "RayJob"): 47,
    ("ray.io", "RayService"): 47,
    ("ray.io", "RayCluster"): 50,
    ("sparkoperator.k8s.io", "SparkApplication"): LONGEST_NAME - len("-driver-svc"),
    ("sparkoperator.k8s.io", "ScheduledSparkApplication"): LONGEST_NAME - len("-1234567890123456789-driver-svc"),
}


def longest_name(thing: Object, wanted: int | None = None) -> int:
    """Return the most characters that an object's name may have.

    :param wanted: how many it is to have at most, where its kind allows more.
    """
    group = str(thing.get("apiVersion", "")).split("/", maxsplit=1)[0]
    fixed = _FIXED.get((group, str(thing.get("kind"))), LONGEST_NAME)
    return min([fixed, wanted or fixed, *(LONGEST_NAME - len(suffix) for suffix in _suffixes(group, thing))])


def _suffixes(group: str, thing: Object) -> Iterator[str]:
    """Yield what controllers append to the name for the pods, which are hosts of that name."""
    spec = thing.get("spec")
    if not isinstance(spec, Mapping):
        return
    if kinds.is_job(thing):
        yield from _index_of(spec)
    elif group == "jobset.x-k8s.io":
        yield from _of_jobs(_mappings(spec.get("replicatedJobs")))
    elif group == "batch.volcano.sh":
        for task in _mappings(spec.get("tasks")):
            yield f"-{task.get('name', 'default')}-{_last(task.get('replicas'))}"
    elif group == "kubeflow.org":
        for key, roles in spec.items():
            if str(key).endswith("ReplicaSpecs") and isinstance(roles, Mapping):
                yield from (f"-{role}-{_last(_field(one, 'replicas'))}" for role, one in roles.items())


def _of_jobs(jobs: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for job in jobs:
        inner = _field(_field(job, "template"), "spec")
        for index in [*_index_of({"completionMode": "Indexed", **(inner or {})}), "-0"]:
            yield f"-{job.get('name', '')}-{_last(job.get('replicas'))}{index}"


def _field(part: Any, name: str) -> Any:
    return part.get(name) if isinstance(part, Mapping) else None


def _index_of(spec: Mapping[str, Any]) -> Iterator[str]:
    if spec.get("completionMode") == "Indexed":
        yield f"-{_last(spec.get('completions') or spec.get('parallelism'))}"


def _last(count: Any) -> int:
    """Return the index of the last of so many."""
    return max(0, count - 1) if isinstance(count, int) else 0


def _mappings(items: Any) -> Iterator[Mapping[str, Any]]:
    yield from (item for item in items if isinstance(item, Mapping)) if isinstance(items, list) else ()
