"""One pod laid over another: what it says replaces, and some lists are added to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Lists that are added to, with the keys by which an item of one is the same as one of the other and replaces it.
_JOINED = {
    "volumes": ("name",),
    "initContainers": ("name",),
    "ports": ("containerPort", "protocol"),
    "env": ("name",),
    "envFrom": (),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
}


def overlaid(pod: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod with another one laid over it."""
    metadata, over_metadata = pod.get("metadata") or {}, over.get("metadata") or {}
    named = {key: {**(metadata.get(key) or {}), **(over_metadata.get(key) or {})} for key in ("labels", "annotations")}
    return {
        **pod,
        **over,
        "metadata": {**metadata, **over_metadata, **named},
        "spec": overlaid_spec(pod.get("spec") or {}, over.get("spec") or {}),
    }


def overlaid_spec(spec: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod's spec with another one laid over it; their containers are matched in their order."""
    laid = _laid(spec, over)
    below, above = spec.get("containers") or [], over.get("containers") or []
    laid["containers"] = [_laid(one, other) for one, other in zip(below, above, strict=False)]
    laid["containers"] += below[len(above) :] or above[len(below) :]
    return laid


def _laid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    joined = {
        key: _joined(below.get(key) or [], value, _JOINED[key])
        for key, value in above.items()
        if key in _JOINED and value is not None
    }
    return {**below, **above, **joined}


def _joined(present: Sequence[Any], added: Sequence[Any], same: tuple[str, ...]) -> list[Any]:
    """Return both lists in one, without those of the first that one of the second replaces."""

    def mark(item: Any) -> tuple[Any, ...] | None:
        return tuple(item.get(key) for key in same) if same and isinstance(item, Mapping) else None

    marks = {mark(item) for item in added} - {None}
    return [*(item for item in present if mark(item) not in marks), *added]
