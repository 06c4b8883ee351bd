"""Rendering Airflow's own template fields: an error tells which it was, and is raised where it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from kubectl_job_operator.airflow.compat import AirflowFailException

# Names that a DAG run without a logical date has not.
_DATES = re.compile(r"'(?:ds|ts|ds_nodash|ts_nodash\w*|logical_date|execution_date|data_interval_\w+)' is undefined")


def render_each(render: Callable[[str], object], names: Iterable[str]) -> None:
    """Render fields one by one.

    :param render: renders the field of a name.
    :raises AirflowFailException: naming the field, where its template is broken or lacks something.
    """
    import jinja2

    for name in names:
        try:
            render(name)
        except jinja2.TemplateError as error:
            words = str(error).rstrip(".")
            advice = "mend its template."
            if _DATES.search(words):
                advice = (
                    "give the DAG run a logical date, for one that an asset or the API has started may have none, and "
                    "then has no ds; or use what each run has, as {{ run_id }}."
                )
            sentence = f"The argument {name} cannot be rendered: {words}."
            raise AirflowFailException(f"{sentence}\nWhat to do: {advice}") from None
