"""Objects of a Kubernetes client become the plain values that YAML has; no client is imported for it."""

from __future__ import annotations

import datetime
import decimal
import enum
import math
import numbers
import pathlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any


def as_plain(value: Any) -> Any:
    """Return mappings, lists and strings for a value that may hold objects of a Kubernetes client, at any depth.

    What is neither plain nor such an object stays as it is: it may be a reference that Airflow has yet to resolve.
    """
    if value is None or type(value) in (str, int, float, bool):
        return value
    for kinds, write in _WRITTEN:
        if isinstance(value, kinds):
            return write(value)
    if isinstance(value, Mapping):
        return {key: as_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_plain(item) for item in value]
    if hasattr(value, "openapi_types") and hasattr(value, "attribute_map"):
        return _from_model(value)
    for converter in ("to_k8s_client_obj", "to_dict"):
        convert = getattr(value, converter, None)
        if callable(convert):
            return as_plain(convert())
    return value


# The first that fits: some enums are strings or numbers too, and a Decimal is a number.
_WRITTEN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (enum.Enum, lambda value: as_plain(value.value)),
    (str, str.__str__),
    (numbers.Integral, int),
    (numbers.Real, float),
    ((pathlib.PurePath, uuid.UUID, decimal.Decimal), str),
    ((datetime.datetime, datetime.date), lambda value: value.isoformat()),
)


def is_plain(value: Any) -> bool:
    """Whether a value has only what YAML has."""
    return next(not_plain(value), None) is None


def not_plain(value: Any) -> Iterator[str]:
    """Yield each place where there is what YAML has not, as ``[0].spec.args[2] is a Path``."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str):
                yield from (f".{key}{place}" for place in not_plain(item))
            else:
                yield f" has the key {key!r}, a {type(key).__name__}"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from (f"[{number}]{place}" for place in not_plain(item))
    elif isinstance(value, float) and not math.isfinite(value):
        yield f" is {value}, no number that Kubernetes takes"
    elif value is not None and not isinstance(value, (str, int, float)):
        yield f" is a {type(value).__name__}"


def _from_model(model: Any) -> dict[str, Any]:
    """Walk a generated model as its own client does: Kubernetes' names of the fields that are set, and their values."""
    fields = {model.attribute_map[name]: getattr(model, name) for name in model.openapi_types}
    return {name: as_plain(value) for name, value in fields.items() if value is not None}
