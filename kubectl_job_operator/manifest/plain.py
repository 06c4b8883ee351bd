"""Objects of a Kubernetes client become the plain values that YAML has; no client is imported for it."""

from __future__ import annotations

import datetime
import decimal
import enum
import math
import numbers
import pathlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

_MOST_BITS = 1023
_WRITTEN_AS_TEXT = (pathlib.PurePath, uuid.UUID, decimal.Decimal)


def as_plain(value: Any) -> Any:
    """Return mappings, lists and strings for a value that may hold objects of a Kubernetes client, at any depth.

    What is neither plain nor such an object stays as it is: it may be a reference that Airflow has yet to resolve.
    """
    if isinstance(value, enum.Enum):
        return as_plain(value.value)
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
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    """Return what YAML has for a single value, be it of a library's own type."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    return str(value) if isinstance(value, _WRITTEN_AS_TEXT) else value


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
    else:
        problem = _problem_of_scalar(value)
        if problem is not None:
            yield problem


def _problem_of_scalar(value: Any) -> str | None:
    if isinstance(value, str):
        is_whole = value.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in value)
        return None if is_whole else " has half a character"
    if isinstance(value, float) and not math.isfinite(value):
        return f" is {value}, no number that Kubernetes takes"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return " is larger than any number that Kubernetes takes"
    return None if value is None or isinstance(value, (int, float)) else f" is a {type(value).__name__}"


def _from_model(model: Any) -> dict[str, Any]:
    """Walk a generated model as its own client does: Kubernetes' names of the fields that are set, and their values."""
    fields = {model.attribute_map[name]: getattr(model, name) for name in model.openapi_types}
    return {name: as_plain(value) for name, value in fields.items() if value is not None}
