"""Which rights it takes to do something with objects of any kind.

Pure functions over what ``kubectl api-resources --no-headers`` prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status.rights import Right

APPLY = ("get", "create", "patch", "delete")
"""To look, to apply, and to delete again what was made where the task fails."""
WAIT = ("get", "list", "watch")
DELETE = ("delete",)
LIST = ("list",)


@dataclass(frozen=True)
class Resource:
    """A kind as the API server knows it.

    :param name: the plural name, as ``deployments``.
    :param group: its API group; empty for the core.
    :param kind: as ``Deployment``.
    :param short_names: as ``deploy``.
    """

    name: str
    group: str
    kind: str
    short_names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name + (f".{self.group}" if self.group else "")

    def is_called(self, word: str) -> bool:
        """Whether kubectl takes a word for this one: ``deploy``, ``Deployment``, ``deployments.v1.apps``."""
        head, _, rest = word.partition(".")
        if head.lower() not in {self.name, self.kind.lower(), *self.short_names}:
            return False
        # What the cluster lists is only one of the versions that a group may have.
        return rest in ("", self.group) or rest.partition(".")[2] == self.group


class Resources:
    """The kinds that a cluster has.

    :param api_resources: what kubectl printed; nothing if the cluster does not tell.
    """

    def __init__(self, api_resources: str) -> None:
        self._all = [one for line in api_resources.splitlines() if (one := _read(line)) is not None]

    def called(self, word: str) -> Resource | None:
        """Return the one that kubectl takes a word for; ``None`` if nobody knows it."""
        return next((one for one in self._all if one.is_called(word)), None)

    def of(self, thing: Object) -> Resource | None:
        """Return the one of an object; ``None`` if nobody knows it."""
        wanted = (kinds.group(thing), thing["kind"])
        return next((one for one in self._all if (one.group, one.kind) == wanted), None)


def rights_on(resources: Iterable[Resource | None], verbs: Iterable[str]) -> list[Right]:
    """Return the rights for all verbs on all resources, each once; of what nobody knows none is asked for."""
    verbs = tuple(verbs)
    known = [one for one in resources if one is not None]
    return list(dict.fromkeys(Right(verb, one.name, one.group) for one in known for verb in verbs))


def _read(line: str) -> Resource | None:
    """Read a row: the name, short names where there are any, apiVersion, whether it has a namespace, the kind."""
    words = line.split()
    if len(words) not in (4, 5):
        return None
    short_names = tuple(words[1].split(",")) if len(words) == 5 else ()  # noqa: PLR2004
    return Resource(words[0], words[-3].rpartition("/")[0], words[-1], short_names)
