"""What Airflow gives a template, as far as it can be had without Airflow."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, NoReturn

import jinja2
import yaml

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.cli.airflow_filters import MACROS
from kubectl_job_operator.cli.variables import merged

_OBJECTS = ("conn", "dag", "inlets", "outlets", "task", "triggering_asset_events", "var")
_MACROS = ("dateutil", "datetime_diff_for_humans", "ds_format_locale")
_VALUES = (
    "exception",
    "expanded_ti_count",
    "map_index_template",
    "prev_data_interval_end_success",
    "prev_data_interval_start_success",
    "prev_end_date_success",
    "prev_start_date_success",
)


class KnownOnlyInAirflowError(jinja2.UndefinedError):
    """A template uses what only a run in Airflow knows."""


class StandIn:
    """One of Airflow's objects: it knows a few attributes, and of all others says that they are to be given.

    :param name: what the template calls it.
    :param known: its attributes.
    """

    def __init__(self, name: str, known: Mapping[str, Any]) -> None:
        self._name = name
        self._known = known

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        if attribute in self._known:
            return self._known[attribute]
        return _unknown(f"{self._name}.{attribute}")

    def __str__(self) -> NoReturn:
        raise KnownOnlyInAirflowError(_hint(self._name))

    def with_known(self, known: Mapping[str, Any]) -> StandIn:
        """Return the same object with more attributes."""
        return StandIn(self._name, with_given(self._known, known))


def airflow_names(identity: Identity, now: datetime.datetime) -> dict[str, Any]:
    """Return the names that Airflow gives every template, for a run that was started by hand.

    :param identity: whose Job it is.
    :param now: the logical date, in UTC.
    """
    ids = {"dag_id": identity.dag_id, "run_id": identity.run_id}
    instance = StandIn(
        "ti", {**ids, "task_id": identity.task_id, "try_number": identity.try_number, "map_index": identity.map_index}
    )
    dates = {"logical_date": now, "data_interval_start": now, "data_interval_end": now}
    known = {
        "dag_run": StandIn("dag_run", {**ids, **dates, "run_after": now, "run_type": "manual", "conf": {}}),
        "ds": f"{now:%Y-%m-%d}",
        "ds_nodash": f"{now:%Y%m%d}",
        "macros": _macros(),
        "params": {},
        "run_id": identity.run_id,
        "task_instance": instance,
        "task_instance_key_str": f"{identity.dag_id}__{identity.task_id}__{now:%Y%m%d}",
        "test_mode": True,
        "ti": instance,
        "ts": now.isoformat(),
        "ts_nodash": f"{now:%Y%m%dT%H%M%S}",
        "ts_nodash_with_tz": f"{now:%Y%m%dT%H%M%S%z}",
        **dates,
    }
    strangers = {name: StandIn(name, {}) for name in _OBJECTS} | {name: _unknown(name) for name in _VALUES}
    stores = {kind: StandIn(f"var.{kind}", {}) for kind in ("value", "json")}
    nested = {"dag": {"dag_id": identity.dag_id}, "task": {"task_id": identity.task_id}, "var": stores}
    return with_given(strangers | known, nested)


def with_given(names: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Lay what the user gives over what is known: attributes of Airflow's objects too, as ``dag_run.conf.table``."""
    result = merged(names, given)
    for name, value in given.items():
        stand_in = names.get(name)
        if isinstance(stand_in, StandIn) and isinstance(value, Mapping):
            result[name] = stand_in.with_known(value)
    if "ti" in given and "task_instance" not in given:
        result["task_instance"] = result["ti"]
    return result


def _macros() -> dict[str, Any]:
    reading = StandIn("macros.yaml", {"safe_load": yaml.safe_load, "dump": yaml.safe_dump, "safe_dump": yaml.safe_dump})
    strangers = {name: _unknown(f"macros.{name}") for name in _MACROS}
    return {**strangers, **MACROS, "yaml": reading}


def _unknown(name: str) -> jinja2.StrictUndefined:
    return jinja2.StrictUndefined(hint=_hint(name), exc=KnownOnlyInAirflowError)


def _hint(name: str) -> str:
    return f"{name} is known only in Airflow"
