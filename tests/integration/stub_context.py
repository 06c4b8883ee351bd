"""The part of Airflow's context that the operator reads, for calling ``execute`` without a scheduler."""

from __future__ import annotations

import datetime
import uuid
from types import SimpleNamespace
from typing import Any


def context_for(
    task: Any,
    *,
    run_id: str | None = None,
    try_number: int = 1,
    map_index: int = -1,
    max_tries: int | None = None,
    run_started: datetime.datetime | None = None,
    clear_number: int = 0,
    started: datetime.datetime | None = None,
) -> Any:
    """Return the context of a task instance.

    :param run_id: default is a new one each time.
    :param max_tries: default is the task's ``retries``.
    :param run_started: when the DAG run started; without it the context has no DAG run.
    :param clear_number: the DAG run's.
    :param started: when this try began.
    """
    instance = SimpleNamespace(
        dag_id=task.dag_id,
        task_id=task.task_id,
        run_id=run_id or f"manual__{uuid.uuid4().hex}",
        map_index=map_index,
        try_number=try_number,
        max_tries=task.retries if max_tries is None else max_tries,
        start_date=started,
        xcom_push=lambda **_: None,
    )
    context: dict[str, Any] = {"ti": instance, "run_id": instance.run_id}
    if run_started is not None:
        context["dag_run"] = SimpleNamespace(start_date=run_started, clear_number=clear_number)
    return context
