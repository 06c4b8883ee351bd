"""The filters and macros that Airflow gives every template, as far as they need no library of Airflow's."""

from __future__ import annotations

import datetime
import json
import random
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

_Moment = datetime.datetime | None


def _of_moment(write: Callable[[datetime.datetime], str]) -> Callable[[_Moment], str | None]:
    """Make a filter of a function: what is nothing stays nothing."""
    return lambda value: None if value is None else write(value)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "ds": _of_moment(lambda value: f"{value:%Y-%m-%d}"),
    "ds_nodash": _of_moment(lambda value: f"{value:%Y%m%d}"),
    "ts": _of_moment(lambda value: value.isoformat()),
    "ts_nodash": _of_moment(lambda value: f"{value:%Y%m%dT%H%M%S}"),
    "ts_nodash_with_tz": _of_moment(lambda value: value.isoformat().replace("-", "").replace(":", "")),
}


def _ds_add(ds: str, days: int) -> str:
    """Add days to a date, as Airflow's macro."""
    return f"{datetime.date.fromisoformat(ds) + datetime.timedelta(days=days):%Y-%m-%d}"


def _ds_format(ds: str, input_format: str, output_format: str) -> str:
    """Write a date in another format, as Airflow's macro."""
    return datetime.datetime.strptime(ds, input_format).strftime(output_format)  # noqa: DTZ007 - a date has no zone


MACROS: Mapping[str, Any] = {
    "datetime": datetime.datetime,
    "timedelta": datetime.timedelta,
    "ds_add": _ds_add,
    "ds_format": _ds_format,
    "json": json,
    "random": random.random,
    "time": time,
    "uuid": uuid,
}
