"""Lists whose items have a name: which item is which, to the API server as to the pod operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

KEYS: Mapping[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "ports": ("containerPort", "protocol"),
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
}
"""By which fields the items of a list are told apart; no two of a list may have the same."""

_DEFAULTS = {"protocol": "TCP"}
_OF_CONTAINERS = ("initContainers", "containers")


def mark(key: str, item: Any) -> tuple[Any, ...] | None:
    """Return what tells an item of a list from the others; ``None`` if nothing does."""
    if key not in KEYS or not isinstance(item, Mapping):
        return None
    found = tuple(item.get(field, _DEFAULTS.get(field)) for field in KEYS[key])
    return None if found[0] is None else tuple(map(str, found))


def last_ones(key: str, items: Sequence[Any]) -> list[Any]:
    """Return a list where of several items with one name the last is left, in the place of the first."""
    found: dict[Any, Any] = {}
    for number, item in enumerate(items):
        found[mark(key, item) or number] = item
    return list(found.values())


def last_ones_in_pod(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod's spec, or a container, where this holds for every list in it."""
    found = {}
    for key, value in spec.items():
        items = last_ones(key, value) if key in KEYS and isinstance(value, list) else value
        is_of_containers = key in _OF_CONTAINERS and isinstance(items, list)
        found[key] = (
            [last_ones_in_pod(one) if isinstance(one, Mapping) else one for one in items] if is_of_containers else items
        )
    return found


def misshapen(spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield which lists of a pod's spec are none: ``the container 'a' has ports that are not a list of mappings``."""
    yield from (f"the pods have {one}" for one in _misshapen_in(spec))
    for key in _OF_CONTAINERS:
        containers = spec.get(key)
        for container in containers if isinstance(containers, list) else ():
            if isinstance(container, Mapping):
                what = f"the container {container.get('name', '?')!r}"
                yield from (f"{what} has {one}" for one in _misshapen_in(container))


def _misshapen_in(part: Mapping[str, Any]) -> Iterator[str]:
    for key in (*KEYS, "envFrom"):
        items = part.get(key)
        # Containers and variables have sentences of their own.
        if items is None or key in ("containers", "env"):
            continue
        are_looked_at = key != "initContainers"
        if not isinstance(items, list) or (are_looked_at and not all(isinstance(item, Mapping) for item in items)):
            yield f"{key} that are not a list of mappings"
    env = part.get("env")
    for variable in env if isinstance(env, list) else ():
        name = variable.get("name", "") if isinstance(variable, Mapping) else ""
        if not isinstance(name, str):
            yield f"a variable whose name is not a string: {name!r}"


def given_twice(spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a pod's spec has twice, as the API server would refuse it: ``the container 'a' has env A twice``."""
    yield from (f"the pods have {one} twice" for one in _twice_in(spec))
    for key in _OF_CONTAINERS:
        for container in spec.get(key) or ():
            if isinstance(container, Mapping):
                yield from (
                    f"the container {container.get('name', '?')!r} has {one} twice" for one in _twice_in(container)
                )


def _twice_in(part: Mapping[str, Any]) -> Iterator[str]:
    for key, fields in KEYS.items():
        items = part.get(key)
        marks = [mark(key, item) for item in items] if isinstance(items, list) else []
        for one in dict.fromkeys(marks):
            if one is not None and marks.count(one) > 1:
                yield f"{key} with {' and '.join(f'{name} {text}' for name, text in zip(fields, one, strict=True))}"
