"""What stands in for Airflow's filters and macros on the command line is all there, and does the same."""

from __future__ import annotations

import datetime
import importlib
import importlib.util
from typing import Any

import jinja2
import pytest

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.cli.airflow_filters import FILTERS, MACROS
from kubectl_job_operator.cli.airflow_names import airflow_names

IS_3 = importlib.util.find_spec("airflow.sdk") is not None
MOMENT = datetime.datetime(2026, 1, 31, 23, 5, 9, 7, datetime.timezone(datetime.timedelta(hours=2)))


def airflows(in_3: str, in_2: str) -> Any:
    return importlib.import_module(in_3 if IS_3 else in_2)


AIRFLOWS_FILTERS = airflows("airflow.sdk.definitions._internal.templater", "airflow.templates").FILTERS
AIRFLOWS_MACROS = airflows("airflow.sdk.execution_time.macros", "airflow.macros")
OURS = airflow_names(Identity("dag", "task", "run"), MOMENT)["macros"]


def test_every_filter_of_airflow_is_there_and_no_other() -> None:
    assert set(FILTERS) == set(AIRFLOWS_FILTERS)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("moment", [MOMENT, None])
def test_a_filter_gives_what_airflows_gives(name: str, moment: datetime.datetime | None) -> None:
    assert FILTERS[name](moment) == AIRFLOWS_FILTERS[name](moment)


def test_every_macro_of_airflow_is_there_or_says_that_only_airflow_has_it() -> None:
    # What the modules of Airflow 3 and 2 import for themselves.
    no_macros = {"annotations", "TYPE_CHECKING", "Any", "TypeAdapter", "DateTime"}
    no_macros |= {"Locale", "LC_TIME", "format_datetime", "add_deprecated_classes"}
    theirs = {name for name in vars(AIRFLOWS_MACROS) if not name.startswith("_")} - no_macros
    assert theirs - set(OURS) <= {"hive"}
    strangers = [name for name in theirs & set(OURS) if isinstance(OURS[name], jinja2.Undefined)]
    assert set(strangers) <= {"datetime_diff_for_humans", "dateutil", "ds_format_locale"}
    # Airflow 2 has not all of them in all its versions.
    assert set(MACROS) <= theirs or not IS_3


@pytest.mark.parametrize(
    ("macro", "given"),
    [("ds_add", ("2026-01-31", 1)), ("ds_add", ("2026-01-31", 0)), ("ds_format", ("1/5/2026", "%m/%d/%Y", "%d.%m.%y"))],
)
def test_a_macro_gives_what_airflows_gives(macro: str, given: tuple[Any, ...]) -> None:
    assert OURS[macro](*given) == getattr(AIRFLOWS_MACROS, macro)(*given)
