"""Kubernetes' objects as kubectl prints them: parsed JSON, and what every one of them has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Object = Mapping[str, Any]


def uid(thing: Object) -> str:
    """Return the UID: two objects of one name, made one after the other, differ in it."""
    return str(thing["metadata"]["uid"])


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
