"""Which rights a task needs, and which of them an account lacks: pure functions over ``kubectl auth can-i --list``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object

_ROW = re.compile(r"^(?P<resource>\S+)\s+\[[^\]]*\]\s+\[[^\]]*\]\s+\[(?P<verbs>[^\]]*)\]$")


@dataclass(frozen=True)
class Right:
    """A verb on a resource.

    :param verb: Kubernetes' verb, as ``list``.
    :param resource: the plural name, as ``pods``; empty for any of the group.
    :param group: its API group; empty for the core.
    :param subresource: as ``log``; empty for none.
    """

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self._name(self.resource or '(any resource)', self.group, self.subresource)}"

    def is_in(self, granted: dict[str, set[str]]) -> bool:
        """Whether one of the granted rules covers it, wildcards included."""
        verbs: set[str] = set()
        if not self.resource:
            verbs |= {verb for name in granted if name.endswith(f".{self.group}") for verb in granted[name]}
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


_OF_JOB = ("get", "list", "watch", "create", "patch", "delete")
_OF_PODS = (
    *(Right(verb, "pods") for verb in ("get", "list", "watch")),
    Right("get", "pods", subresource="log"),
    Right("list", "events"),
)
NEEDED = (*(Right(verb, "jobs", "batch") for verb in _OF_JOB), *_OF_PODS)
"""What the operator needs in the namespace of the Job; ``examples/rbac`` grants exactly this."""


def needed_for(job: Object) -> Sequence[Right]:
    """Return what the operator needs in the namespace of the Job, or of what takes its place.

    Of another kind only the group is known, not the plural name: a right on anything in that group is taken for it.
    """
    if kinds.is_job(job):
        return NEEDED
    group = str(job["apiVersion"]).rpartition("/")[0]
    plural = "pods" if kinds.is_pod(job) else ""
    return list(dict.fromkeys([*(Right(verb, plural, group) for verb in _OF_JOB), *_OF_PODS]))


def missing(can_i_list: str, needed: Sequence[Right] = NEEDED) -> list[Right]:
    """Return the needed rights that are not in the list.

    :param can_i_list: what ``kubectl auth can-i --list --no-headers`` printed.
    :param needed: the rights that are.
    """
    granted: dict[str, set[str]] = {}
    for resource, verbs in _rows(can_i_list):
        granted.setdefault(resource, set()).update(verbs)
    return [right for right in needed if not right.is_in(granted)]


def _rows(can_i_list: str) -> Iterator[tuple[str, list[str]]]:
    for line in can_i_list.splitlines():
        match = _ROW.match(line.rstrip())
        if match:
            yield match["resource"], match["verbs"].split()
