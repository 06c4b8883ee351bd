"""One pod laid over another: what it says replaces, and some lists are added to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubectl_job_operator.manifest.env_order import joined_env
from kubectl_job_operator.manifest.list_items import last_ones, mark

# Lists that are added to; an item of one replaces the item of the other that has the same name.
_JOINED = ("volumes", "initContainers", "ports", "env", "envFrom", "volumeMounts", "volumeDevices")


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
        key: _joined(key, below.get(key) or [], value)
        for key, value in above.items()
        if key in _JOINED and value is not None
    }
    return {**below, **above, **joined}


def _joined(key: str, present: Sequence[Any], added: Sequence[Any]) -> list[Any]:
    """Return both lists in one, without those of the first that one of the second replaces."""
    if key == "env":
        return joined_env(present, added)
    marks = {mark(key, item) for item in added} - {None}
    return [*(item for item in present if mark(key, item) not in marks), *last_ones(key, added)]
