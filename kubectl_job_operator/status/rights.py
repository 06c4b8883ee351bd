"""Which rights a task needs, which only help it, and which of them an account lacks.

Pure functions over what ``kubectl auth can-i --list`` and ``kubectl api-resources`` print.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kubectl_job_operator.manifest import kinds, main_container
from kubectl_job_operator.objects import Object

_ROW = re.compile(r"^(?P<resource>\S+)\s+\[[^\]]*\]\s+\[[^\]]*\]\s+\[(?P<verbs>[^\]]*)\]$")


@dataclass(frozen=True)
class Right:
    """A verb on a resource.

    :param verb: Kubernetes' verb, as ``list``.
    :param resource: the plural name, as ``pods``.
    :param group: its API group; empty for the core.
    :param subresource: as ``log``; empty for none.
    """

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self._name(self.resource, self.group, self.subresource)}"

    def is_in(self, granted: Mapping[str, set[str]]) -> bool:
        """Whether one of the granted rules covers it, wildcards included."""
        verbs: set[str] = set()
        for resource in (self.resource, "*"):
            for group in (self.group, "*"):
                for subresource in {self.subresource, "*" if self.subresource else ""}:
                    verbs |= granted.get(self._name(resource, group, subresource), set())
        # A bare * also covers every subresource.
        verbs |= granted.get(self._name("*", self.group, ""), set()) | granted.get("*.*", set())
        return bool(verbs & {self.verb, "*"})

    @staticmethod
    def _name(resource: str, group: str, subresource: str) -> str:
        """Spell it as kubectl does: ``jobs.batch``, ``pods/log``, ``pods.*/log``."""
        return resource + (f".{group}" if group else "") + (f"/{subresource}" if subresource else "")


GET_PODS = Right("get", "pods")
LIST_PODS = Right("list", "pods")
WATCH_PODS = Right("watch", "pods")
GET_LOGS = Right("get", "pods", subresource="log")
LIST_EVENTS = Right("list", "events")
PATCH_PODS = Right("patch", "pods")
GET_CRONJOBS = Right("get", "cronjobs", "batch")

FOR_SOME = {GET_CRONJOBS: "from_cronjob", PATCH_PODS: "main_container"}
"""Rights that only tasks with a certain argument need; each with that argument."""


@dataclass(frozen=True)
class Wanted:
    """The rights that a task has a use for in the namespace of the Job.

    :param needed: without one of these it would fail, or leave something behind.
    :param helpful: what these show tells more; without them all goes on.
    """

    needed: tuple[Right, ...]
    helpful: tuple[Right, ...]


def wanted(job: Object, *, reads_logs: bool = True, plural: str | None = None, may_keep: bool = False) -> Wanted:
    """Return the rights that a task has a use for.

    :param job: the Job, or what takes its place.
    :param reads_logs: whether the logs are shown, or hold a result.
    :param may_keep: whether the Job may be kept: what still runs in its pod when its main container has ended is ended.
    :param plural: the resource of a kind that is neither a Job nor a Pod; if nobody knows it, it is not asked for.
    """
    resource = "jobs" if kinds.is_job(job) else "pods" if kinds.is_pod(job) else plural
    verbs = ("get", "list", "watch", "create", "patch", "delete") if resource else ()
    own = [Right(verb, str(resource), kinds.group(job)) for verb in verbs]
    # kubectl logs reads the pod before its log. A retry lists the pods: those of a Job that was deleted must be gone.
    of_pods = [*([GET_PODS] if reads_logs else []), LIST_PODS, *([GET_LOGS] if reads_logs else [])]
    ends_pods = may_keep and kinds.is_job(job) and bool(main_container.name_in(job))
    needed = tuple(dict.fromkeys([*own, *of_pods, *([PATCH_PODS] if ends_pods else [])]))
    helpful = (GET_PODS, WATCH_PODS, GET_LOGS, LIST_EVENTS)
    return Wanted(needed, tuple(right for right in helpful if right not in needed))


FOR_A_JOB = wanted({"apiVersion": "batch/v1", "kind": "Job"})
"""What there is a use for where a Job runs and its logs are shown; ``examples/rbac`` grants exactly this."""


@dataclass(frozen=True)
class Granted:
    """What an account may do in a namespace.

    :param verbs: by resource, as ``jobs.batch``; ``None`` if the cluster does not tell.
    """

    verbs: Mapping[str, set[str]] | None = None

    @classmethod
    def read(cls, can_i_list: str | None) -> Granted:
        """Read what ``kubectl auth can-i --list --no-headers`` printed; ``None`` if the cluster does not tell."""
        if can_i_list is None:
            return cls()
        verbs: dict[str, set[str]] = {}
        for resource, some in _rows(can_i_list):
            verbs.setdefault(resource, set()).update(some)
        return cls(verbs)

    @property
    def is_known(self) -> bool:
        """Whether the cluster tells."""
        return self.verbs is not None

    def lacks(self, rights: Iterable[Right]) -> list[Right]:
        """Return those that are not granted, as far as the cluster tells."""
        return [] if self.verbs is None else [right for right in rights if not right.is_in(self.verbs)]


def advice(job: Object, granted: Granted) -> str:
    """Return what helps an account that may run Pods and no Jobs; empty for any other."""
    pods = wanted({"apiVersion": "v1", "kind": "Pod"}).needed
    if not kinds.is_job(job) or Right("create", "jobs", "batch") not in granted.lacks(FOR_A_JOB.needed):
        return ""
    if granted.lacks(pods):
        return ""
    return (
        "This account may run Pods, but no Jobs, as that of Airflow's Helm chart where allowJobLaunching is not set to "
        "true: set it, or run a Pod, by a template with kind: Pod."
    )


def plural(api_resources: str, thing: Object) -> str | None:
    """Return the name of a kind's resource, as ``widgets``; ``None`` if it is not in the list.

    :param api_resources: what ``kubectl api-resources --no-headers`` printed.
    :param thing: an object of the kind.
    """
    for line in api_resources.splitlines():
        # The name comes first; the short names behind it may be missing.
        words = line.split()
        if words[-3::2] == [thing["apiVersion"], thing["kind"]]:
            return words[0]
    return None


def _rows(can_i_list: str) -> Iterator[tuple[str, list[str]]]:
    for line in can_i_list.splitlines():
        match = _ROW.match(line.rstrip())
        if match:
            yield match["resource"], match["verbs"].split()
