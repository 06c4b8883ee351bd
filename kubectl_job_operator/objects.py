"""Kubernetes' objects as kubectl prints them: parsed JSON, and what every one of them has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, overload

Object = Mapping[str, Any]
Key = TypeVar("Key")

_PLURALS = {("batch/v1", "Job"): "jobs", ("v1", "Pod"): "pods"}


class Lazily(Sequence[Object]):
    """Objects that are made anew each time one is asked for: of very many no more than one is in memory.

    :param keys: one for each object.
    :param make: makes the object of a key.
    """

    def __init__(self, keys: Sequence[Key], make: Callable[[Key], Object]) -> None:
        self._keys: Sequence[Any] = keys
        self._make: Callable[[Any], Object] = make

    @overload
    def __getitem__(self, index: int) -> Object: ...

    @overload
    def __getitem__(self, index: slice) -> Lazily: ...

    def __getitem__(self, index: int | slice) -> Object | Lazily:
        """Return an object, or some of them."""
        if isinstance(index, slice):
            return Lazily(self._keys[index], self._make)
        return self._make(self._keys[index])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._keys)


def uid(thing: Object) -> str:
    """Return the UID: two objects of one name, made one after the other, differ in it."""
    return str(thing["metadata"]["uid"])


def path_of(thing: Object) -> str | None:
    """Return the path of the object in the API; ``None`` of a kind whose plural only its cluster knows."""
    version, metadata = str(thing.get("apiVersion")), thing["metadata"]
    plural = _PLURALS.get((version, str(thing.get("kind"))))
    root = "apis" if "/" in version else "api"
    return plural and f"/{root}/{version}/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}"


def is_being_deleted(thing: Object) -> bool:
    """Whether somebody has deleted it, though it may still be there for a while."""
    return "deletionTimestamp" in thing["metadata"]


def condition(thing: Object, type_: str) -> Object:
    """Return the condition of that type; an empty one if there is none."""
    conditions: Sequence[Object] = status_of(thing).get("conditions") or ()
    return next((one for one in conditions if one.get("type") == type_), {})


def status_of(thing: Object) -> Object:
    """Return the status; an empty one before there is one."""
    return thing.get("status") or {}


def labels_of(thing: Object) -> Mapping[str, str]:
    """Return the labels; none if there are none."""
    return thing["metadata"].get("labels") or {}


def annotations_of(thing: Object) -> Mapping[str, str]:
    """Return the annotations; none if there are none."""
    return thing["metadata"].get("annotations") or {}
