"""What earlier tasks return, inside the objects of ``job_yaml``: found while the DAG is read, put in on the worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_job_operator.errors import InputError
from kubectl_job_operator.manifest.plain import as_plain, not_plain

ARGUMENT = "job_yaml"


def is_reference(value: Any) -> bool:
    """Whether a value stands for what an earlier task returns, which only a worker can look at."""
    return hasattr(value, "iter_references") and hasattr(value, "resolve")


def references_in(value: Any, place: str = ARGUMENT) -> dict[str, Any]:
    """Return the references in a value, each by its place, as ``job_yaml[0].spec.parallelism``."""
    if is_reference(value):
        return {place: value}
    found: dict[str, Any] = {}
    for inner, item in _items(value, place):
        found.update(references_in(item, inner))
    return found


def problem_of(value: Any, argument: str = ARGUMENT) -> str | None:
    """Tell what in ``job_yaml`` is neither plain nor such a reference; ``None`` if nothing is."""
    place = next(not_plain(_without_references(value)), None)
    return None if place is None else f"{argument}{place}; YAML has no word for that"


def with_values(value: Any, resolved: Mapping[str, Any], place: str = ARGUMENT) -> Any:
    """Return a value with what the references stand for in their places.

    :raises InputError: if that is nothing that YAML has.
    """
    if place in resolved:
        plain = as_plain(resolved[place])
        wrong = next(not_plain(plain), None)
        if wrong is not None:
            raise InputError(
                f"{place}{wrong}; YAML has no word for that.\nWhat to do: let the earlier task return plain values."
            )
        return plain
    if isinstance(value, Mapping):
        return {key: with_values(item, resolved, f"{place}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [with_values(item, resolved, f"{place}[{number}]") for number, item in enumerate(value)]
    return value


def _without_references(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_references(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_references(item) for item in value]
    return None if is_reference(value) else value


def _items(value: Any, place: str) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(f"{place}.{key}", item) for key, item in value.items()]
    if isinstance(value, list):
        return [(f"{place}[{number}]", item) for number, item in enumerate(value)]
    return []
